import { ActionError } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { packSnapshot, type Snapshot, unpackSnapshot } from "./back/snapshot.ts";
import { type LeaseState, leaseObject, type RolloutRecord, readLease } from "./lock/record.ts";
import { labels } from "./model.ts";
import { plan, type SetPlan } from "./plan.ts";
import { describe as describePlan } from "./report/describe.ts";
import { appState, configMap, deployment, factsOf, inputsOf, liveOf, NOW, wantedOf } from "./samples.ts";
import { applySetId } from "./set/set.ts";

const record = (change: Partial<RolloutRecord> = {}): RolloutRecord => ({
  schemaVersion: 1,
  run: { url: "https://github.com/acme/other/actions/runs/1/attempts/1", sha: "abc", attempt: 1 },
  strategy: "rolling",
  phase: "gating",
  revision: 3,
  snapshot: undefined,
  history: [],
  outcome: undefined,
  durations: [10, 30, 20],
  ...change,
});

function leaseOf(change: Partial<RolloutRecord> = {}, holder = "acme/other/1/1/deploy", renewedAt = NOW): LeaseState {
  return readLease(leaseObject("shop", "shop", { holder, now: renewedAt, transitions: 1, record: record(change) }));
}

function setPlan(...args: Parameters<typeof factsOf>): SetPlan {
  const made = plan(inputsOf(), factsOf(...args));
  if (made.kind !== "set") throw new Error("not a plan of a set");
  return made;
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof ActionError) return error.code;
    throw error;
  }
}

const healthyStatus = {
  observedGeneration: 1,
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
};
const member = (name: string, notes: Readonly<Record<string, string>> = {}, kind = "ConfigMap") => ({
  apiVersion: "v1",
  kind,
  metadata: {
    name,
    namespace: "shop",
    uid: name,
    labels: { [labels.partOf]: applySetId("shop", "shop") },
    annotations: notes,
  },
});

describe("a CRD of the set with a rule of its own", () => {
  const crd = (rule: string) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com", annotations: { "eks-actions.dev/health-rule": rule } },
    spec: { group: "example.com", scope: "Namespaced", names: { kind: "Thing" } },
  });

  it("tells how its kind is judged", () => {
    const wanted = wantedOf(crd("{healthy: {path: status.phase, in: [Up]}, failed: {path: status.phase, in: [Down]}}"));
    expect(setPlan(wanted).rules).toEqual([
      {
        kind: "Thing.example.com",
        healthy: { path: "status.phase", in: ["Up"] },
        failed: { path: "status.phase", in: ["Down"] },
      },
    ]);
  });

  it("that cannot be read is refused on its line", () => {
    expect(() => setPlan(wantedOf(crd("{failed: {path: status.phase}}")))).toThrowError(
      expect.objectContaining({
        code: "OBJECT_INVALID",
        message: expect.stringMatching(/^k8s\/1\.yaml:1: CRD things/),
      }),
    );
  });
});

describe("plan", () => {
  const wanted = wantedOf(deployment("web:2"), configMap(), configMap("same"));
  const [web, config, same] = wanted;
  if (web === undefined || config === undefined || same === undefined) throw new Error("no objects");
  const live = new Map([
    [
      web.identity,
      liveOf({ ...deployment("web:1"), metadata: { name: "web", namespace: "shop" } }, { "f:spec": {} }, healthyStatus),
    ],
    [same.identity, liveOf(same.object, {})],
  ]);
  const next = { ...web.object };
  const trials = new Map([[web.identity, { object: next, warnings: ["deprecated"], forced: ["helm"] }]]);

  it("says what happens to each object, in waves, and with the changed fields", () => {
    const made = setPlan(wanted, { live, unchanged: new Set([same.identity]), trials });
    expect(made.objects.map((one) => [one.ref.name, one.action, one.wave])).toEqual([
      ["web", "create", 2],
      ["same", "unchanged", 2],
      ["web", "update", 3],
    ]);
    expect(made.counts).toEqual({ created: 1, updated: 1, pruned: 0, unchanged: 1 });
    expect(describePlan(made)).toEqual([
      "➕ create ConfigMap web in shop (k8s/2.yaml:1)",
      "✏️ update Deployment web in shop (k8s/1.yaml:1), takes fields over from helm",
      "    spec.template.spec.containers[web].image: web:1 → web:2",
      "1 to create, 1 to change, 1 unchanged",
    ]);
  });

  it("keeps what brings the state before back, and whether that was healthy", () => {
    expect(setPlan(wanted, { live, trials }).snapshot).toMatchObject({
      healthy: true,
      restore: [{ kind: "Deployment", spec: { replicas: 2 } }, { kind: "ConfigMap" }],
      created: [{ kind: "ConfigMap", name: "web" }],
    });
    const sick = new Map([[web.identity, liveOf(deployment(), {}, { ...healthyStatus, readyReplicas: 1 })]]);
    expect(setPlan(wanted, { live: sick, trials }).snapshot.healthy).toBe(false);
  });

  it("adopts what others made, recreates what cannot be changed, and runs hooks anew", () => {
    const foreign = new Map([[web.identity, deployment()]]);
    expect(setPlan([web], { live: foreign }).objects[0]?.action).toBe("adopt");
    const immutable = new Map([[web.identity, { object: undefined, warnings: [], forced: [] }]]);
    expect(setPlan([web], { live, trials: immutable }).objects[0]?.action).toBe("recreate");
    const [hook] = wantedOf({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "h", annotations: { "helm.sh/hook": "pre-upgrade" } },
    });
    if (hook === undefined) throw new Error("no hook");
    const both = new Map([...live, [hook.identity, liveOf(hook.object, {})]]);
    const change = { live: both, unchanged: new Set([hook.identity, same.identity]) };
    expect(setPlan([web, hook], change).objects.map((one) => one.action)).toEqual(["recreate", "update"]);
    expect(setPlan([same, hook], change).objects.map((one) => one.action)).toEqual(["unchanged", "unchanged"]);
  });

  it("prunes members that left, but not those that say no or hold data", () => {
    const leftovers = [
      member("old"),
      member("kept", { "helm.sh/resource-policy": "keep" }),
      member("argo", { "argocd.argoproj.io/sync-options": "Prune=false" }),
      member("data", {}, "PersistentVolumeClaim"),
    ];
    const made = setPlan([same], { live, leftovers, unchanged: new Set([same.identity]) });
    expect(made.pruned.map((one) => one.ref.name)).toEqual(["old"]);
    expect(made.kept.map(({ ref }) => ref.name)).toEqual(["kept", "argo", "data"]);
    const many = ["a", "b", "c", "d"].map((name) => member(name));
    expect(codeOf(() => setPlan([same], { live, leftovers: many }))).toBe("PRUNE_LIMIT");
    expect(setPlan([same], { live, leftovers: many.slice(0, 3) }).pruned).toHaveLength(3);
  });

  it("stops at a lock that is held, takes over one that is not, and goes back to where the dead run began", () => {
    const held = appState({ lease: leaseOf() });
    expect(codeOf(() => setPlan(wanted, { live, state: held }))).toBe("LOCKED");
    const dead = appState({ lease: leaseOf({}, "x", NOW - 61_000) });
    const inherited: Snapshot = { schemaVersion: 1, healthy: true, restore: [], created: [web.ref] };
    const made = setPlan(wanted, { live, trials, state: dead, inherited });
    expect(made.recovery).toMatchObject({ phase: "gating" });
    expect(made.snapshot.created.map((ref) => `${ref.kind} ${ref.name}`)).toEqual(["Deployment web", "ConfigMap web"]);
    expect(made.snapshot.restore.map((object) => object.metadata.name)).toEqual(["same"]);
    expect(made.typicalMs).toBe(20_000);
    expect(
      setPlan(wanted, { live, state: appState({ lease: leaseOf({ phase: "done" }, "") }) }).recovery,
    ).toBeUndefined();
  });
});

describe("records and snapshots", () => {
  it("survive their way through the cluster", () => {
    const full = record({ snapshot: { revision: 3, chunks: 1, sha256: "x", healthy: true }, outcome: "held" });
    expect(readLease(leaseObject("shop", "shop", { holder: "me", now: NOW, transitions: 2, record: full }))).toEqual({
      resourceVersion: "",
      holder: "me",
      renewedAt: NOW,
      transitions: 2,
      record: full,
    });
  });

  it("that nobody can read count as no record", () => {
    const lease = leaseObject("shop", "shop", { holder: "me", now: NOW, transitions: 0, record: record() });
    const with_ = (text: string) =>
      readLease({ ...lease, metadata: { ...lease.metadata, annotations: { "eks-actions.dev/record": text } } }).record;
    for (const text of ["{", "[]", '{"schemaVersion":2}', '{"schemaVersion":1,"phase":"later"}'])
      expect(with_(text)).toBeUndefined();
  });

  const snapshot: Snapshot = { schemaVersion: 1, healthy: true, restore: [deployment()], created: [] };

  it("give back what was packed, and refuse what was edited", () => {
    const packed = packSnapshot(snapshot, "shop", "shop", 4);
    expect(packed.secrets.map((secret) => secret.metadata.name)).toEqual(["eks-actions-shop-r4-0"]);
    expect(unpackSnapshot(packed.secrets, packed.pointer, "shop")).toEqual(snapshot);
    const edited = packed.secrets.map((secret) => ({
      ...secret,
      data: { chunk: Buffer.from("x").toString("base64") },
    }));
    expect(codeOf(() => unpackSnapshot(edited, packed.pointer, "shop"))).toBe("SNAPSHOT_INVALID");
    expect(codeOf(() => unpackSnapshot([undefined], packed.pointer, "shop"))).toBe("SNAPSHOT_INVALID");
    expect(codeOf(() => unpackSnapshot(packed.secrets, packed.pointer, "other"))).toBe("SNAPSHOT_INVALID");
  });

  it("are cut into chunks that a Secret can hold", () => {
    const noise = Array.from({ length: 120_000 }, (_, i) => ((i * 2654435761) % 4294967296).toString(36)).join("");
    const big: Snapshot = { ...snapshot, restore: [configMap("big", { noise })] };
    const packed = packSnapshot(big, "shop", "shop", 1);
    expect(unpackSnapshot(packed.secrets, packed.pointer, "shop")).toEqual(big);
    for (const secret of packed.secrets) expect(JSON.stringify(secret).length).toBeLessThan(1_100_000);
  });
});
