import { ActionError } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { revertFailed } from "./back/revert.ts";
import type { Outcome } from "./outcome.ts";
import { plan, type SetPlan } from "./plan.ts";
import { commentBody, pullRequestNumber } from "./report/comment.ts";
import { planJson } from "./report/json.ts";
import { type RolloutStory, report } from "./report.ts";
import { configMap, deployment, factsOf, inputsOf, liveOf, NOW, run, wantedOf } from "./samples.ts";

const wanted = wantedOf(deployment("web:2"), configMap("settings"), {
  ...configMap("settings-of-the-payment-service-in-region-one-and-two", { "a|b": "`x` <b>@team</b>" }),
});
const [web] = wanted;
if (web === undefined) throw new Error("no object");
const live = new Map([
  [web.identity, liveOf({ ...deployment("web:1"), metadata: { name: "web", namespace: "shop" } }, {})],
]);
const trials = new Map([[web.identity, { object: web.object, warnings: ["apps/v1beta is | deprecated"], forced: [] }]]);
const made = plan(inputsOf({ environment: "prod" }), factsOf(wanted, { live, trials }));
if (made.kind !== "set") throw new Error("not a set");
const setPlan: SetPlan = made;

const blank: Outcome = {
  result: "applied",
  error: undefined,
  failure: undefined,
  diagnosis: undefined,
  verdicts: new Map(),
  healthyAfter: new Map(),
  timeline: [],
  warnings: [],
  pruned: 0,
  phase: "done",
  revision: 12,
  deploymentId: 5,
  environmentUrl: "https://shop.example",
  requests: { requests: 44, writes: 9 },
  isShown: false,
  planPath: "/tmp/plan.json",
};

function verdict(
  name: string,
  status: "healthy" | "failed",
  progress?: { ready: number; updated: number; wanted: number },
) {
  const ref = wanted.find((one) => one.ref.name === name)?.ref ?? web?.ref;
  if (ref === undefined) throw new Error("no ref");
  return {
    ref,
    status,
    why: status === "healthy" ? ("OK" as const) : ("IMAGE_NOT_FOUND" as const),
    message: "3/3 pods: image web:2 not found",
    sure: "certain" as const,
    progress,
    evidence: [],
    warnings: [],
    watching: [],
    wantsDetails: false,
  };
}

const error = new ActionError("IMAGE_NOT_FOUND", {
  message: "Deployment web: 3/3 pods: image web:2 not found",
  hint: "change `images: web=…` or push the tag",
  file: "k8s/1.yaml",
  line: 1,
});
const failed: Outcome = {
  ...blank,
  result: "reverted",
  error,
  isShown: true,
  verdicts: new Map([[web.identity, verdict("web", "failed", { ready: 0, updated: 3, wanted: 3 })]]),
  healthyAfter: new Map(),
  timeline: [
    { at: NOW + 1_000, event: "locked; 3 of 44 objects change" },
    { at: NOW + 22_000, event: "cause found: IMAGE_NOT_FOUND" },
    { at: NOW + 48_000, event: "revision 11 is back and healthy" },
  ],
  diagnosis: {
    events: [
      { object: "Pod web-7d9", reason: "Failed", message: 'pull "web:2" | <script>alert(1)</script> @team', count: 3 },
    ],
    logs: [
      {
        pod: "web-7d9",
        container: "web",
        previous: true,
        lines: ["starting", "panic: </pre></details> ## no | database"],
      },
    ],
  },
  warnings: ["Service web: its selector matches no pod"],
};

function storyOf(outcome: Outcome | undefined, change: Partial<RolloutStory> = {}): RolloutStory {
  return {
    run,
    startedAt: NOW,
    endedAt: NOW + 48_000,
    inputs: setPlan.inputs,
    plan: setPlan,
    ...(outcome === undefined ? {} : { outcome }),
    cancelled: false,
    ...change,
  };
}

describe("the report", () => {
  it("of a reverted release tells the cause first, then what happened when", async () => {
    const made = report(storyOf(failed), "/tmp/report.json");
    await expect(made.summary).toMatchFileSnapshot("golden/reverted.md");
    expect(made).toMatchObject({
      exitCode: 1,
      lastLine: "❌ shop → prod: IMAGE_NOT_FOUND, reverted and healthy, after 48 s",
    });
    expect(made.annotations).toEqual([
      { level: "warning", title: "ROLLOUT_WARNING", message: "Service web: its selector matches no pod" },
    ]);
    expect(made.outputs).toEqual({
      result: "reverted",
      changed: "3",
      created: "2",
      updated: "1",
      pruned: "0",
      unchanged: "0",
      cause: "IMAGE_NOT_FOUND",
      "cause-message": "Deployment web: 3/3 pods: image web:2 not found",
      phase: "done",
      revision: "12",
      "plan-json": "/tmp/plan.json",
      "report-json": "/tmp/report.json",
      "environment-url": "https://shop.example",
      "deployment-id": "5",
    });
  });

  it("of a good release says what changed and how long it took", async () => {
    const verdicts = new Map([[web.identity, verdict("web", "healthy", { ready: 2, updated: 2, wanted: 2 })]]);
    const made = report(
      storyOf({
        ...blank,
        verdicts,
        healthyAfter: new Map([[web.identity, 31_000]]),
        timeline: failed.timeline.slice(0, 1),
      }),
      "/tmp/report.json",
    );
    await expect(made.summary).toMatchFileSnapshot("golden/applied.md");
    expect(made).toMatchObject({
      exitCode: 0,
      lastLine: "✅ shop → prod: 3 objects changed, all healthy, after 48 s",
      annotations: [],
    });
  });

  it("of a good release whose outputs could not be written says both, and what the cluster now holds", async () => {
    const unwritten = new ActionError("WRITE_FAILED", {
      message: "cannot write outputs: disk full",
      hint: "free space",
    });
    const made = report(storyOf(blank, { error: unwritten }), "/tmp/report.json");
    expect(made).toMatchObject({
      exitCode: 1,
      lastLine:
        "❌ shop → prod: 3 objects changed, all healthy; but WRITE_FAILED: cannot write outputs: disk full\n→ free space",
      annotations: [{ level: "error", title: "WRITE_FAILED" }],
      outputs: { result: "applied", cause: "WRITE_FAILED", changed: "3" },
    });
    expect(made.summary).toMatch(
      /^## ❌ `shop` → `prod`: live and healthy, but the step failed, after 48 s\n\n\*\*`WRITE_FAILED` /,
    );
  });

  it("of a reverted release whose outputs could not be written keeps the cause first, and loses neither", () => {
    const made = report(
      storyOf(failed, { error: new ActionError("WRITE_FAILED", { message: "disk full" }) }),
      "/tmp/report.json",
    );
    expect(made.outputs).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
    expect(made.annotations.map(({ title }) => title)).toEqual(["WRITE_FAILED", "ROLLOUT_WARNING"]);
    expect(made.summary).toContain("- `WRITE_FAILED` disk full");
  });

  it("of an outcome that a bug has made names the bug, so that its stack is printed", () => {
    const bug = new ActionError("INTERNAL", { message: "TypeError: x", cause: new TypeError("x") });
    expect(report(storyOf({ ...blank, result: "failed", error: bug }), "/tmp/report.json").errors).toEqual([bug]);
    const cause = new TypeError("y");
    expect(revertFailed("shop", error, "TypeError: y", cause).also).toMatchObject([{ code: "INTERNAL", cause }]);
    expect(revertFailed("shop", error, "not ready").also).toEqual([]);
  });

  it("of refused objects has one annotation for each, and claims no change", () => {
    const also = [new ActionError("REJECTED", { message: "k8s/2.yaml:1: no", file: "k8s/2.yaml", line: 1 })];
    const refused = new ActionError("REJECTED", { message: "k8s/1.yaml:1: no", file: "k8s/1.yaml", line: 1, also });
    const { plan: _, ...story } = storyOf(undefined, { error: refused });
    const made = report(story, "/tmp/report.json");
    expect(made.annotations.map((one) => one.file)).toEqual(["k8s/1.yaml", "k8s/2.yaml"]);
    expect(made.outputs).toMatchObject({ result: "failed", changed: "0", cause: "REJECTED" });
    expect(made.summary).toContain("**`REJECTED` k8s/1.yaml:1: no**");
  });

  it.each([
    [{ ...blank, result: "unchanged" as const }, 0, "💤 shop → prod: nothing to change, all healthy, after 48 s"],
    [{ ...failed, result: "held" as const }, 1, "❌ shop → prod: IMAGE_NOT_FOUND, stays as it is, after 48 s"],
    [{ ...blank, result: "recovered" as const }, 0, "✅ shop → prod: recovered, after 48 s"],
    [{ ...blank, result: "reverted" as const }, 0, "↩️ shop → prod: the state before is back and healthy, after 48 s"],
    [{ ...blank, result: "planned" as const }, 0, "✅ shop → prod: 2 to create, 1 to change"],
    [
      { ...failed, result: "failed" as const },
      1,
      "❌ IMAGE_NOT_FOUND: Deployment web: 3/3 pods: image web:2 not found\n→ change `images: web=…` or push the tag",
    ],
  ])("ends with one line that says the outcome (%#)", (outcome, exitCode, line) => {
    expect(report(storyOf(outcome), "/tmp/report.json")).toMatchObject({ exitCode, lastLine: line });
  });

  it("puts a warning on the line of its object", () => {
    const warned = { ...blank, warnings: ["Deployment web: paused: spec.paused is true", "the lock was slow"] };
    expect(report(storyOf(warned), "/tmp/report.json").annotations).toMatchObject([
      { message: "Deployment web: paused: spec.paused is true", file: "k8s/1.yaml", line: 1 },
      { message: "the lock was slow", file: undefined, line: undefined },
    ]);
  });

  it("of a plan warns of what the API server warned of, on its line", () => {
    expect(report(storyOf({ ...blank, result: "planned" }), "/tmp/report.json").annotations).toEqual([
      {
        level: "warning",
        title: "ROLLOUT_WARNING",
        message: "Deployment web: apps/v1beta is | deprecated",
        file: "k8s/1.yaml",
        line: 1,
      },
    ]);
  });
});

describe("the plan's comment", () => {
  it("shows what a merge would change", async () => {
    await expect(commentBody(setPlan, run)).toMatchFileSnapshot("golden/comment.md");
  });

  it("fits into a comment, however much changes", () => {
    const many = wantedOf(...Array.from({ length: 400 }, (_, i) => configMap(`c${i}`, { text: "x|".repeat(400) })));
    const big = plan(inputsOf(), factsOf(many));
    expect(big.kind === "set" ? commentBody(big, run).length : 0).toBeLessThan(60_001);
  });

  it("finds the pull request's number in its event only", () => {
    expect(pullRequestNumber({ pull_request: { number: 7 } })).toBe(7);
    for (const event of [undefined, {}, { pull_request: { number: "7" } }, { number: 7 }])
      expect(pullRequestNumber(event)).toBeUndefined();
  });
});

describe("the plan for machines", () => {
  it("has a schema version, sources and differences", () => {
    const cluster = { context: "arn:aws:eks:eu-west-1:111122223333:cluster/shop", server: "https://127.0.0.1:6443" };
    const value = JSON.parse(planJson(setPlan, run, cluster));
    expect(value).toMatchObject({
      schemaVersion: 1,
      cluster: cluster.context,
      lock: "free",
      snapshot: { healthy: false, objects: 1, bytes: expect.any(Number) },
      warnings: ["what is live is not healthy, so a failure of this rollout would stay as it is"],
      app: "shop",
      strategy: "rolling",
      summary: { create: 2, update: 1, unchanged: 0, prune: 0 },
    });
    expect(value.objects[2]).toMatchObject({
      ref: { kind: "Deployment", namespace: "shop", name: "web" },
      source: { file: "k8s/1.yaml", line: 1 },
      action: "update",
      wave: 3,
    });
  });
});
