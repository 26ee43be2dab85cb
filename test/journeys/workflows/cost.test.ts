import { describe, expect, it } from "vitest";
import type { Artifacts } from "../../runner/index.ts";
import { conclusions, createScene, errorsOf, laneOf, type Scene } from "./scene.ts";

/** A fork's pull request that triples the web pods: what its own run leaves. */
async function forkRun(scene: Scene): Promise<{ readonly artifacts: Artifacts; readonly run: number }> {
  const { stage, github } = scene;
  const { head, merge } = stage.app.pullRequest(1, (file) =>
    file.write("k8s/web.yaml", file.read("k8s/web.yaml").replace("replicas: 2", "replicas: 6")),
  );
  github.commit({ branch: "change-1", message: "More", files: { "k8s/web.yaml": "replicas: 6\n" }, sha: head });
  github.pull({ branch: "change-1", title: "More", fork: "mallory/shop" });
  const event = { name: "pull_request", number: 1 } as const;
  const result = await scene.run({ workflow: "cost", event, sha: merge, fork: true });
  expect(result.outcome, result.log).toBe("success");
  expect(conclusions(result)).toEqual(["compute: success", "comment: skipped"]);
  expect(github.repo.comments).toEqual([]);
  expect(laneOf(result)).toEqual({ group: "cost-1", cancelInProgress: true, queue: "single" });
  const summary = result.jobs["cost"]?.called?.jobs["compute"]?.runs[0]?.steps.map((step) => step.summary).join("");
  expect(summary).toMatch(/\+\$\d/);
  const [pull] = github.repo.pulls;
  const { id } = github.run({
    name: "cost",
    headSha: head,
    headBranch: "change-1",
    headRepository: pull?.head.repository ?? "",
  });
  return { artifacts: result.artifacts, run: id };
}

describe("a fork's pull request", () => {
  it("is computed without any right, and gets its one comment from the privileged half", async () => {
    await using scene = await createScene();
    const { artifacts, run } = await forkRun(scene);
    for (let times = 0; times < 2; times++) {
      const result = await scene.run({ workflow: "cost-fork", event: { name: "workflow_run", run }, artifacts });
      expect(result.outcome, result.log).toBe("success");
      expect(conclusions(result)).toEqual(["comment: success"]);
    }
    expect(scene.github.repo.comments).toHaveLength(1);
    expect(scene.github.repo.comments[0]?.body).toContain("figures from an unprivileged run");

    const written = scene.github.repo.comments[0]?.body;
    const [[name = "", content] = ["", ""]] = [...(artifacts.get("eks-actions-cost") ?? [])];
    const text = String(content);
    const forgeries = {
      REPORT_FOREIGN: text.replace(/"headSha":\s*"[0-9a-f]{40}"/, `"headSha":"${"a".repeat(40)}"`),
      REPORT_INVALID: text.replace(/"total":\s*\{/, '"html":"<b>free</b>","total":{'),
    };
    for (const [code, forged] of Object.entries(forgeries)) {
      expect(forged).not.toBe(text);
      const result = await scene.run({
        workflow: "cost-fork",
        event: { name: "workflow_run", run },
        artifacts: new Map([["eks-actions-cost", new Map([[name, Buffer.from(forged)]])]]),
      });
      expect(result.outcome, result.log).toBe("failure");
      expect(errorsOf(result)).toEqual([code]);
    }
    expect(scene.github.repo.comments).toHaveLength(1);
    expect(scene.github.repo.comments[0]?.body).toBe(written);
  });

  it("of this repository itself is none of the privileged half's business", async () => {
    await using scene = await createScene();
    const { id } = scene.github.run({ name: "cost", headSha: scene.stage.app.head(), headBranch: "change-1" });
    const result = await scene.run({ workflow: "cost-fork", event: { name: "workflow_run", run: id } });
    expect(conclusions(result)).toEqual(["comment: skipped"]);
  });
});
