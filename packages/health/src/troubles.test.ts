import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import {
  around,
  crashed,
  deployment,
  event,
  iso,
  node,
  type PodShape,
  pod,
  pods,
  replicaSet,
  START,
  waitingFor,
} from "./scene.ts";
import { type Around, type Budgets, defaultBudgets } from "./verdict.ts";

const rolling = { updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3, replicas: 5 };
const at = (seconds: number) => START + seconds * 1000;
const seen = (seconds: number, ...keys: readonly string[]) => new Map(keys.map((key) => [key, at(seconds)]));

function judged(
  object: ReturnType<typeof deployment>,
  parts: Partial<Around> = {},
  seconds = 5,
  budgets: Partial<Budgets> = {},
) {
  const { status, why, message } = judge(object, around(parts), { ...defaultBudgets, ...budgets }, at(seconds));
  return { status, why, message };
}

interface Row {
  readonly name: string;
  readonly shape: PodShape;
  readonly parts?: Partial<Around>;
  readonly budgets?: Partial<Budgets>;
  /** Seconds after the start: before it the verdict waits, from it on it fails. */
  readonly failsAt: number;
  readonly why: string;
  readonly message: string;
}

const uids = ["uid-web-1", "uid-web-2"];
const firstSeen = (fault: string) => seen(2, ...uids.map((uid) => `${fault}:${uid}/app`));

const rows: readonly Row[] = [
  {
    name: "an invalid image name",
    shape: { container: waitingFor("InvalidImageName") },
    failsAt: 0,
    why: "IMAGE_INVALID",
    message: "2/2 pods: image web:2 is no valid image name",
  },
  {
    name: "an image that must be there and is not",
    shape: { container: waitingFor("ErrImageNeverPull") },
    failsAt: 0,
    why: "IMAGE_NOT_FOUND",
    message: "is not on the node",
  },
  {
    name: "an image that does not exist",
    shape: { container: waitingFor("ErrImagePull", 'failed to resolve reference "web:2": not found') },
    parts: { firstSeen: firstSeen("IMAGE_NOT_FOUND") },
    failsAt: 22,
    why: "IMAGE_NOT_FOUND",
    message: "2/2 pods: image web:2 not found",
  },
  {
    name: "a back-off that forgot why",
    shape: { container: waitingFor("ImagePullBackOff", 'Back-off pulling image "web:2"') },
    parts: { firstSeen: firstSeen("IMAGE_NOT_FOUND") },
    failsAt: 22,
    why: "IMAGE_NOT_FOUND",
    message: "image web:2 not found",
  },
  {
    name: "a registry that refuses",
    shape: { container: waitingFor("ErrImagePull", "failed to authorize: 403 Forbidden") },
    parts: { firstSeen: firstSeen("IMAGE_DENIED") },
    failsAt: 22,
    why: "IMAGE_DENIED",
    message: "the registry refuses image web:2",
  },
  {
    name: "a registry in trouble",
    shape: { container: waitingFor("ErrImagePull", "received unexpected HTTP status: 503 Service Unavailable") },
    parts: { firstSeen: firstSeen("IMAGE_PULL_SLOW") },
    failsAt: 122,
    why: "IMAGE_PULL_SLOW",
    message: "cannot be pulled",
  },
  {
    name: "an image whose name sounds like a passing fault",
    shape: {
      spec: { containers: [{ name: "app", image: "gcr.io/api/orders-503:429" }] },
      container: waitingFor("ErrImagePull", 'failed to resolve reference "gcr.io/api/orders-503:429": not found'),
    },
    parts: { firstSeen: firstSeen("IMAGE_NOT_FOUND") },
    failsAt: 22,
    why: "IMAGE_NOT_FOUND",
    message: "image gcr.io/api/orders-503:429 not found",
  },
  {
    name: "two failed pulls",
    shape: { container: waitingFor("ImagePullBackOff", "Back-off") },
    parts: { events: uids.map((uid) => event(uid, "Failed", 'Failed to pull image "web:2": not found', at(3), 2)) },
    failsAt: 5,
    why: "IMAGE_NOT_FOUND",
    message: "image web:2 not found",
  },
  {
    name: "a missing Secret",
    shape: { container: waitingFor("CreateContainerConfigError", 'secret "db" not found') },
    parts: { firstSeen: firstSeen("CONFIG_MISSING") },
    failsAt: 12,
    why: "CONFIG_MISSING",
    message: '2/2 pods: secret "db" not found',
  },
  {
    name: "a missing key",
    shape: { container: waitingFor("CreateContainerConfigError", "couldn't find key url in Secret shop/db") },
    parts: { firstSeen: firstSeen("CONFIG_MISSING"), exists: () => true },
    failsAt: 12,
    why: "CONFIG_MISSING",
    message: "couldn't find key url in Secret shop/db",
  },
  {
    name: "a command that does not exist",
    shape: {
      container: waitingFor("RunContainerError", 'failed to create: exec: "servr": executable file not found in $PATH'),
    },
    failsAt: 0,
    why: "START_ERROR",
    message: "executable file not found",
  },
  {
    name: "three restarts",
    shape: { container: crashed(3) },
    failsAt: 0,
    why: "CRASH_LOOP",
    message: "2/2 pods: container app exited with code 1, restarted 3 times",
  },
  {
    name: "exit 127 once",
    shape: { container: crashed(1, { exitCode: 127, reason: "Error" }) },
    failsAt: 0,
    why: "CRASH_LOOP",
    message: "exited with code 127, restarted once",
  },
  {
    name: "memory exhausted twice",
    shape: { container: crashed(2, { exitCode: 137, reason: "OOMKilled" }) },
    failsAt: 0,
    why: "OOM_KILLED",
    message: "ran out of memory",
  },
  {
    name: "an init container that keeps failing",
    shape: { phase: "Pending", init: crashed(3), container: waitingFor("PodInitializing") },
    failsAt: 0,
    why: "INIT_FAILED",
    message: "init container init exited with code 1",
  },
  {
    name: "no room, no autoscaler",
    shape: {
      phase: "Pending",
      node: "",
      container: {},
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available: 1 Insufficient cpu.",
          lastTransitionTime: iso(at(1)),
        },
      ],
    },
    failsAt: 61,
    why: "UNSCHEDULABLE",
    message: "Insufficient cpu",
  },
  {
    name: "no room, with Karpenter",
    shape: {
      phase: "Pending",
      node: "",
      container: {},
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes",
          lastTransitionTime: iso(at(1)),
        },
      ],
    },
    parts: { nodes: [node("n1", { labels: { "karpenter.sh/nodepool": "default" } })] },
    failsAt: 301,
    why: "UNSCHEDULABLE",
    message: "0/1 nodes",
  },
  {
    name: "an autoscaler that refuses",
    shape: {
      phase: "Pending",
      node: "",
      container: {},
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes",
          lastTransitionTime: iso(at(1)),
        },
      ],
    },
    parts: { events: uids.map((uid) => event(uid, "NotTriggerScaleUp", "max node group size reached")) },
    failsAt: 0,
    why: "UNSCHEDULABLE",
    message: "max node group size reached",
  },
  {
    name: "no address for the pod",
    shape: { phase: "Pending", container: waitingFor("ContainerCreating") },
    parts: { events: uids.map((uid) => event(uid, "FailedCreatePodSandBox", "failed to assign an IP address", at(3))) },
    failsAt: 123,
    why: "SANDBOX_FAILED",
    message: "failed to assign an IP address",
  },
];

const passing: readonly (readonly [string, PodShape, Partial<Around>?])[] = [
  ["two restarts", { container: crashed(2) }],
  [
    "restarts from before the rollout",
    { container: crashed(9) },
    { restartsBefore: new Map(uids.map((uid) => [`${uid}/app`, 7])) },
  ],
  [
    "three restarts and then ready",
    { ready: true, container: { ...crashed(3), state: { running: { startedAt: iso(START) } }, ready: true } },
  ],
  [
    "a Secret that has come meanwhile",
    { container: waitingFor("CreateContainerConfigError", 'secret "db" not found') },
    { firstSeen: firstSeen("CONFIG_MISSING"), exists: () => true },
  ],
  [
    "a cache that lags",
    { container: waitingFor("CreateContainerConfigError", "failed to sync secret cache: timed out") },
    { firstSeen: firstSeen("CONFIG_MISSING") },
  ],
  ["a pod that is going away", { meta: { deletionTimestamp: iso(START) }, container: crashed(5) }],
  ["a pod on a lost node", { node: "gone", container: crashed(5) }],
  [
    "a mount that is slow",
    { phase: "Pending", container: waitingFor("ContainerCreating") },
    { events: uids.map((uid) => event(uid, "FailedMount", "timed out", at(3))) },
  ],
];
const borne = passing.map(([name, shape, parts]) => [name, shape, parts ?? {}] as const);

describe("a Deployment whose new pods suffer", () => {
  it.each(rows)("$name fails at its budget, not before", ({ shape, parts, budgets, failsAt, why, message }) => {
    const object = deployment(rolling);
    const scene = { pods: [...pods(2, shape), pod({ name: "old-1", owner: "rs1", ready: true })], ...parts };
    const verdict = judged(object, scene, Math.max(3, failsAt), budgets);
    expect(verdict).toMatchObject({ status: "failed", why });
    expect(verdict.message).toContain(message);
    if (failsAt <= 5) return;
    const before = judge(object, around(scene), { ...defaultBudgets, ...budgets }, at(failsAt) - 1);
    expect(before).toMatchObject({ status: "progressing", suspect: { why } });
    expect(before.recheckAt).toBeLessThanOrEqual(at(failsAt));
    expect(before.graceUntil).toBe(at(failsAt));
  });

  it.each(borne)("bears %s", (_, shape, parts) => {
    expect(judged(deployment(rolling), { pods: pods(2, shape), ...parts }, 200, { restarts: 3 }).status).toBe(
      "progressing",
    );
  });

  it.each([
    [1, 1, 1, true],
    [2, 1, 2, false],
    [2, 2, 2, true],
    [4, 1, 2, true],
    [4, 1, 3, false],
    [4, 2, 3, true],
    [10, 4, 10, false],
    [10, 5, 10, true],
  ])("of %i replicas with %i of %i new pods doomed fails: %s", (replicas, doomed, existing, fails) => {
    const scene = [
      ...pods(doomed, { container: crashed(3) }),
      ...Array.from({ length: existing - doomed }, (_, i) => pod({ name: `good-${i}`, ready: true })),
    ];
    expect(judged(deployment(rolling, { replicas }), { pods: scene }).status).toBe(fails ? "failed" : "progressing");
  });

  it("does not blame pods while it is not known which are new", () => {
    const verdict = judge(
      deployment(rolling),
      around({ pods: pods(2, { container: crashed(9) }), replicaSets: [] }),
      defaultBudgets,
      at(5),
    );
    expect(verdict).toMatchObject({ status: "progressing", wantsDetails: true });
  });

  it("does not blame the old revision", () => {
    expect(judged(deployment(rolling), { pods: pods(2, { owner: "rs1", container: crashed(9) }) }).status).toBe(
      "progressing",
    );
  });

  it.each([
    [
      "a quota",
      'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2',
      17,
    ],
    [
      "a webhook that is down",
      'Internal error occurred: failed calling webhook "x": dial tcp: connect: connection refused',
      122,
    ],
  ])("fails on %s after its own grace", (_, message, failsAt) => {
    const condition = {
      type: "ReplicaFailure",
      status: "True",
      reason: "FailedCreate",
      message,
      lastUpdateTime: iso(at(2)),
      lastTransitionTime: iso(at(2)),
    };
    const object = deployment({ ...rolling, conditions: [condition] });
    expect(judged(object, {}, failsAt - 1).status).toBe("progressing");
    expect(judged(object, {}, failsAt)).toMatchObject({ status: "failed", why: "FAILED_CREATE" });
    const inSet = [replicaSet("2", "rs2", [condition])];
    expect(judged(deployment(rolling), { replicaSets: inSet }, failsAt)).toMatchObject({
      status: "failed",
      why: "FAILED_CREATE",
    });
  });

  it("names the strongest cause and counts the pods that share it", () => {
    const scene = [
      ...pods(2, { container: crashed(4) }),
      pod({ name: "web-9", container: waitingFor("InvalidImageName") }),
    ];
    expect(judged(deployment(rolling), { pods: scene })).toMatchObject({
      why: "IMAGE_INVALID",
      message: "1/3 pods: image web:2 is no valid image name",
    });
  });

  it("suspects the probe of pods that run and are not ready", () => {
    const scene = { pods: pods(2), events: [event("uid-web-1", "Unhealthy", "Readiness probe failed: 503")] };
    const verdict = judge(deployment(rolling), around(scene), defaultBudgets, at(30));
    expect(verdict.suspect).toEqual({ why: "PROBE_FAILING", message: "2 pods not ready: Readiness probe failed: 503" });
  });
});
