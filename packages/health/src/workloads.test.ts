import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import { around, deployment, iso, START } from "./scene.ts";
import { type Around, type Budgets, defaultBudgets } from "./verdict.ts";

const rolling = { updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3, replicas: 5 };
const at = (seconds: number) => START + seconds * 1000;

function judged(
  object: ReturnType<typeof deployment>,
  parts: Partial<Around> = {},
  seconds = 5,
  budgets: Partial<Budgets> = {},
) {
  const { status, why, message } = judge(object, around(parts), { ...defaultBudgets, ...budgets }, at(seconds));
  return { status, why, message };
}

describe("a Deployment", () => {
  it.each([
    ["no observedGeneration", deployment({ observedGeneration: undefined }), "progressing"],
    ["a stale generation", deployment({}, {}, 3), "progressing"],
    ["an observedGeneration written as text", deployment({ observedGeneration: "2" }), "healthy"],
    ["everything updated, ready and available", deployment(), "healthy"],
    ["an old pod that is still there", deployment({ replicas: 5 }), "progressing"],
    ["pods ready but not available yet", deployment({ availableReplicas: 3 }), "progressing"],
    ["paused", deployment(rolling, { paused: true }), "suspended"],
    [
      "scaled to nothing",
      deployment({ replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 }, { replicas: 0 }),
      "healthy",
    ],
    [
      "no spec.replicas, which means one",
      deployment({ replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 }, { replicas: undefined }),
      "healthy",
    ],
  ])("with %s is %#", (_, object, status) => {
    expect(judged(object).status).toBe(status);
  });

  it("passes early when partial availability is asked for", () => {
    const partly = deployment({ readyReplicas: 3, availableReplicas: 3 });
    expect(judged(partly).status).toBe("progressing");
    expect(judged(partly, {}, 5, { requiredRollout: { percent: 75 } }).status).toBe("healthy");
    expect(judged(partly, {}, 5, { requiredRollout: "maxUnavailable" }).status).toBe("healthy");
    expect(
      judged(deployment({ updatedReplicas: 3, readyReplicas: 4 }), {}, 5, { requiredRollout: { percent: 50 } }).status,
    ).toBe("progressing");
  });

  it("fails on its progress deadline, but not on yesterday's", () => {
    const late = (time: number) =>
      deployment({
        ...rolling,
        conditions: [
          {
            type: "Progressing",
            status: "False",
            reason: "ProgressDeadlineExceeded",
            message: "timed out",
            lastUpdateTime: iso(time),
          },
        ],
      });
    expect(judged(late(at(4)))).toMatchObject({ status: "failed", why: "PROGRESS_DEADLINE" });
    expect(judged(late(START - 86_400_000)).status).toBe("progressing");
  });

  it("is being deleted, and names what holds it", () => {
    const object = deployment();
    const verdict = judged({
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: iso(START), finalizers: ["example.com/guard"] },
    });
    expect(verdict).toMatchObject({ status: "terminating", message: "being deleted, held by example.com/guard" });
  });
});
