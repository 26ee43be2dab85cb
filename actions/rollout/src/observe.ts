import { ActionError } from "@eks-actions/action";
import { type KubeObject, overrideImages, type SourcedObject, secretTexts } from "@eks-actions/manifest";
import { autoscaledTargets, withoutReplicas } from "./autoscaled.ts";
import { rethrow } from "./faults.ts";
import { hookPhase } from "./hooks.ts";
import type { Inputs } from "./inputs.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import { renamedJobs } from "./jobs.ts";
import { type LiveSet, readLive, withContent } from "./live.ts";
import { annotations, type Wanted } from "./model.ts";
import { isUnchanged } from "./ownership.ts";
import type { Ports } from "./ports.ts";
import { preflight, type Trial } from "./preflight.ts";
import { type LeaseState, readLease } from "./record.ts";
import { applySetId, buildSet, parentName } from "./set.ts";
import type { Snapshot } from "./snapshot.ts";
import { loadSnapshot } from "./snapshot-store.ts";

/** The app as it stands in the cluster. */
export interface AppState {
  readonly app: string;
  readonly namespace: string;
  readonly inventory: Inventory | undefined;
  readonly lease: LeaseState | undefined;
  /** By the API server's clock. */
  readonly now: number;
}

/** What is to be rolled out, and what is there. */
export interface SetFacts {
  readonly kind: "set";
  readonly state: AppState;
  readonly wanted: readonly Wanted[];
  readonly unchanged: ReadonlySet<string>;
  readonly live: ReadonlyMap<string, KubeObject>;
  readonly leftovers: readonly KubeObject[];
  readonly trials: ReadonlyMap<string, Trial>;
  readonly redactionKey: Uint8Array;
  /** The snapshot of a dead run that this one takes over: the base of a revert. */
  readonly inherited: Snapshot | undefined;
}

/** Apps whose state is put in order: `mode: revert` and `mode: reconcile`. */
export interface RecoveryFacts {
  readonly kind: "recovery";
  readonly apps: readonly { readonly state: AppState; readonly snapshot: Snapshot | undefined }[];
}

export type Facts = SetFacts | RecoveryFacts;

/** Reads everything that is needed before deciding. Nothing is written, dry-runs included. */
export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  return await ports.log.group("Observe", async () => {
    const namespace = inputs.namespace ?? ports.kube.defaultNamespace;
    if (inputs.mode === "revert" || inputs.mode === "reconcile")
      return await observeRecovery(inputs, namespace, ports, signal);
    return await observeSet(inputs, namespace, ports, signal);
  });
}

async function observeSet(inputs: Inputs, namespace: string, ports: Ports, signal: AbortSignal): Promise<SetFacts> {
  const { kube, log } = ports;
  const sources = await ports.sources(inputs, signal);
  for (const { object } of sources) for (const secret of secretTexts(object)) log.mask(secret);
  const used = sources.filter(({ object }) => hookPhase(object) !== "skip");
  if (used.length < sources.length) log.info(`${sources.length - used.length} hooks for other events are left out`);
  const edited = overrideImages(used, inputs.images);
  const [state, scopes] = await Promise.all([
    readState(inputs.app, namespace, ports, signal),
    scopesOf(edited, ports, signal),
  ]);
  const { app, createNamespace, configHash } = inputs;
  const built = buildSet(edited, { app, namespace, createNamespace, configHash }, scopes);
  const scope = {
    applySet: applySetId(inputs.app, namespace),
    namespace,
    inventory: state.inventory,
    width: inputs.concurrency,
  };
  let live = await readLive(kube, built, scope, signal);
  let wanted = built;
  if (inputs.recreateJobs === "on-change") {
    wanted = renamedJobs(built, live.jobs);
    live = moved(live, built, wanted);
  }
  const targets = autoscaledTargets([
    ...wanted.map((one) => one.object),
    ...(await liveAutoscalers(wanted, live, ports, signal)),
  ]);
  wanted = wanted.map((one) => withoutReplicas(one, targets));
  const unchanged = new Set(
    wanted.filter((one) => isSame(one, live.objects.get(one.identity))).map((one) => one.identity),
  );
  const changed = wanted.filter((one) => !unchanged.has(one.identity));
  const trials = await preflight(
    kube,
    changed,
    live.objects,
    { ...inputs, preflight: inputs.mode === "plan" ? "all" : inputs.preflight },
    signal,
  );
  const objects = new Map(live.objects);
  const changing = changed.flatMap((one) => objects.get(one.identity) ?? []);
  const full = await withContent(kube, changing, inputs.concurrency, signal);
  for (const object of full) {
    for (const secret of secretTexts(object)) log.mask(secret);
    const owner = changed.find(
      (one) =>
        one.ref.kind === object.kind &&
        one.ref.name === object.metadata.name &&
        one.ref.namespace === object.metadata.namespace,
    );
    if (owner !== undefined) objects.set(owner.identity, object);
  }
  log.info(`${sources.length} objects read, ${unchanged.size} unchanged · ${kube.stats().requests} requests`);
  return {
    kind: "set",
    state,
    wanted,
    unchanged,
    live: objects,
    leftovers: live.leftovers,
    trials,
    redactionKey: ports.redactionKey,
    inherited: await inheritedSnapshot(state, ports, signal),
  };
}

function isSame(wanted: Wanted, live: KubeObject | undefined): boolean {
  return (
    live !== undefined &&
    live.metadata.deletionTimestamp === undefined &&
    isUnchanged(wanted.object, live, annotations.specHash)
  );
}

/** A renamed Job is looked for under its new name; the old one is a leftover. */
function moved(live: LiveSet, before: readonly Wanted[], after: readonly Wanted[]): LiveSet {
  const kept = new Set(after.map((one) => one.identity));
  const gone = before.filter((one) => !kept.has(one.identity));
  const objects = new Map(live.objects);
  const orphans = gone.flatMap((one) => objects.get(one.identity) ?? []);
  for (const one of gone) objects.delete(one.identity);
  for (const one of after) {
    const job = live.jobs.find(
      (candidate) =>
        one.ref.kind === "Job" &&
        candidate.metadata.name === one.ref.name &&
        candidate.metadata.namespace === one.ref.namespace,
    );
    if (job !== undefined) objects.set(one.identity, job);
  }
  const names = new Set([...objects.values()].map((object) => object.metadata.uid));
  return { ...live, objects, leftovers: [...live.leftovers.filter((one) => !names.has(one.metadata.uid)), ...orphans] };
}

/** The app's inventory, and its Lease if there ever was a rollout. */
export async function readState(app: string, namespace: string, ports: Ports, signal: AbortSignal): Promise<AppState> {
  const { kube } = ports;
  const parentRef = { apiVersion: "v1", kind: "Secret", namespace, name: parentName(app) };
  const leaseRef = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: parentName(app) };
  const parent = await kube
    .get(parentRef, signal)
    .catch((error: unknown) => rethrow(error, { ref: parentRef, phase: "read" }));
  if (parent === undefined) return { app, namespace, inventory: undefined, lease: undefined, now: kube.serverTime() };
  const inventory = readInventory(parent, app, namespace);
  const lease = await kube
    .get(leaseRef, signal)
    .catch((error: unknown) => rethrow(error, { ref: leaseRef, phase: "read" }));
  return {
    app,
    namespace,
    inventory,
    lease: lease === undefined ? undefined : readLease(lease),
    now: kube.serverTime(),
  };
}

async function scopesOf(sources: readonly SourcedObject[], { kube }: Ports, signal: AbortSignal) {
  const kinds = new Map(sources.map(({ object }) => [`${object.apiVersion} ${object.kind}`, object]));
  const found = new Map<string, boolean | undefined>();
  for (const [key, object] of kinds)
    found.set(key, (await kube.resolve(object.apiVersion, object.kind, signal))?.namespaced);
  return { isNamespaced: (apiVersion: string, kind: string) => found.get(`${apiVersion} ${kind}`) };
}

/** Autoscalers in the cluster, read only when a workload's replicas in the manifest differ from the live ones. */
async function liveAutoscalers(
  wanted: readonly Wanted[],
  live: LiveSet,
  { kube, log }: Ports,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const namespaces = new Set(
    wanted.flatMap((one) => {
      const current = live.objects.get(one.identity);
      const replicas = (object: KubeObject | undefined) =>
        (object?.["spec"] as { replicas?: unknown } | undefined)?.replicas;
      return current !== undefined && replicas(one.object) !== undefined && replicas(one.object) !== replicas(current)
        ? [one.ref.namespace ?? ""]
        : [];
    }),
  );
  const type = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    namespaced: true,
  };
  const lists = await Promise.all(
    [...namespaces].map(async (namespace) => {
      try {
        return (await kube.list(type, { namespace, signal })).items.map((item) => ({
          ...item,
          apiVersion: type.apiVersion,
          kind: type.kind,
        }));
      } catch (error) {
        log.info(
          `autoscalers of ${namespace} cannot be listed (${error instanceof Error ? error.message : String(error)}); replicas are set as written`,
        );
        return [];
      }
    }),
  );
  return lists.flat();
}

async function inheritedSnapshot(state: AppState, ports: Ports, signal: AbortSignal): Promise<Snapshot | undefined> {
  const record = state.lease?.record;
  if (
    state.lease?.holder === "" ||
    record?.snapshot === undefined ||
    !/^(applying|gating|reverting|aborting)$/.test(record.phase)
  )
    return undefined;
  return await loadSnapshot(state.app, state.namespace, record.snapshot, ports, signal);
}

async function observeRecovery(
  inputs: Inputs,
  namespace: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<RecoveryFacts> {
  const names = inputs.app === "*" ? await appsIn(namespace, ports, signal) : [inputs.app];
  const apps = [];
  for (const app of names) {
    const state = await readState(app, namespace, ports, signal);
    const pointer = state.lease?.record?.snapshot ?? state.lease?.record?.history.at(-1);
    if (inputs.mode === "revert" && pointer === undefined) {
      throw new ActionError("SNAPSHOT_INVALID", {
        message: `app ${app} in ${namespace} has no snapshot to go back to`,
        hint: "roll out the wanted version with `mode: apply`",
      });
    }
    apps.push({
      state,
      snapshot: pointer === undefined ? undefined : await loadSnapshot(app, namespace, pointer, ports, signal),
    });
  }
  return { kind: "recovery", apps };
}

async function appsIn(namespace: string, { kube }: Ports, signal: AbortSignal): Promise<readonly string[]> {
  const type = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };
  const { items } = await kube.list(type, { namespace, labelSelector: "eks-actions.dev/app", signal });
  return items.map((lease) => lease.metadata.labels?.["eks-actions.dev/app"] ?? "").filter((app) => app !== "");
}
