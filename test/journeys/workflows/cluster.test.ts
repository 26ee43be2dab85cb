import { expect, it } from "vitest";
import { conclusions, createScene, errorsOf, laneOf } from "./scene.ts";

const WIDER = ["maxSize: 6", "maxSize: 8"] as const;

it("a cluster is planned on a pull request, applied on merge, watched, and destroyed by its name alone", async () => {
  await using scene = await createScene();
  const { stage, github, run } = scene;
  const writes = () => stage.aws.requests.filter((request) => request.mutating).length;

  const change = stage.app.pullRequest(1, (file) =>
    file.write("cluster.yaml", file.read("cluster.yaml").replace(...WIDER)),
  );
  github.commit({ branch: "change-1", message: "Wider", files: { "cluster.yaml": "" }, sha: change.head });
  github.pull({ branch: "change-1", title: "Wider" });
  const event = { name: "pull_request", number: 1 } as const;
  const planned = await run({ workflow: "cluster", event, sha: change.merge });
  expect(planned.outcome, planned.log).toBe("success");
  expect(conclusions(planned)).toEqual(["plan: success", "apply: skipped", "destroy: skipped"]);
  expect(github.repo.comments.map((comment) => comment.author)).toEqual(["github-actions[bot]"]);
  expect(github.repo.comments[0]?.body).toContain("to create");
  await run({ workflow: "cluster", event, sha: change.merge });
  expect(github.repo.comments).toHaveLength(1);
  expect(writes()).toBe(0);

  const applied = await run({ workflow: "cluster", event: { name: "push" } });
  expect(applied.outcome, applied.log).toBe("success");
  expect(conclusions(applied)).toEqual(["plan: success", "apply: success", "destroy: skipped"]);
  expect(applied.jobs["cluster"]?.outputs["result"]).toBe("applied");
  expect(applied.jobs["cluster"]?.called?.jobs["apply"]?.environment?.name).toBe("infrastructure");
  // Plans of pull requests may overlap, the newest counts; changes wait for each other.
  expect([planned, applied].map(laneOf)).toEqual([
    { group: "cluster-cluster.yaml-1", cancelInProgress: true, queue: "single" },
    { group: "cluster-cluster.yaml-change", cancelInProgress: false, queue: "single" },
  ]);
  expect([...stage.aws.account.clusters.keys()]).toEqual(["shop"]);

  // A push that changes nothing asks no reviewer: the environment's job does not start.
  const again = await run({ workflow: "cluster", event: { name: "push" } });
  expect(conclusions(again), again.log).toEqual(["plan: success", "apply: skipped", "destroy: skipped"]);

  const issues = () => github.repo.issues.filter((issue) => issue.title.includes("drift"));
  const lose = (addon: string) => stage.aws.account.clusters.get("shop")?.addons.delete(addon);
  const night = (sha?: string) => run({ workflow: "drift", event: { name: "schedule" }, sha });
  const clean = await night();
  expect(clean.outcome, clean.log).toBe("success");
  expect(issues()).toEqual([]);
  stage.app.commit("Wider", (file) => file.write("cluster.yaml", file.read("cluster.yaml").replace(...WIDER)));
  for (const [count, because] of [
    ["1", /maxSize/],
    ["2", /coredns/],
  ] as const) {
    if (count === "2") lose("coredns");
    const drifted = await night();
    expect(drifted.outcome, drifted.log).toBe("success");
    expect(drifted.jobs["drift"]?.outputs).toMatchObject({ result: "drifted", changed: count });
    expect(issues().map((issue) => issue.state)).toEqual(["open"]);
    expect(issues()[0]?.body).toMatch(because);
  }

  // While the reviewers read the plan, an add-on disappears: what they approved is not all that would be done.
  const stale = await run({
    workflow: "cluster",
    event: { name: "push" },
    before: { apply: () => lose("kube-proxy") },
  });
  expect(stale.jobs["cluster"]?.outputs, stale.log).toMatchObject({ result: "failed", cause: "PLAN_STALE" });
  const repaired = await run({ workflow: "cluster", event: { name: "push" } });
  expect(repaired.jobs["cluster"]?.outputs["result"], repaired.log).toBe("applied");
  await night();
  expect(issues().map((issue) => issue.state)).toEqual(["closed"]);

  const destroy = (confirm: string) =>
    run({ workflow: "cluster", event: { name: "workflow_dispatch" }, inputs: { operation: "destroy", confirm } });
  const before = writes();
  for (const wrong of ["", "shopp"]) {
    const refused = await destroy(wrong);
    expect(refused.outcome, refused.log).toBe("failure");
    expect(conclusions(refused)).toEqual(["plan: skipped", "apply: skipped", "destroy: failure"]);
    expect(errorsOf(refused)).toHaveLength(1);
  }
  expect([...stage.aws.account.clusters.keys()]).toEqual(["shop"]);
  expect(writes() - before).toBeLessThanOrEqual(2);
  const destroyed = await destroy("shop");
  expect(destroyed.outcome, destroyed.log).toBe("success");
  expect(destroyed.jobs["cluster"]?.outputs["result"]).toBe("destroyed");
  expect([...stage.aws.account.clusters.keys()]).toEqual([]);
}, 240_000);
