import {
  identityOf,
  type KubeObject,
  overrideImages,
  refOf,
  type SourcedObject,
  secretTexts,
} from "@eks-actions/manifest";
import { isHalfway } from "../back/plan.ts";
import type { Snapshot } from "../back/snapshot.ts";
import { loadSnapshot } from "../back/snapshot-store.ts";
import type { Inputs } from "../inputs.ts";
import { type AppState, readState } from "../live/app-state.ts";
import { type LiveSet, readLive, withContent } from "../live/live.ts";
import { isUnchanged } from "../live/ownership.ts";
import { preflight, type Trial } from "../live/preflight.ts";
import { annotations, type Wanted } from "../model.ts";
import type { Ports } from "../ports.ts";
import { renamedJobs } from "../write/jobs.ts";
import { autoscaledTargets, withoutReplicas } from "./autoscaled.ts";
import { hookPhase } from "./hooks.ts";
import { nearestKind } from "./nearest-kind.ts";
import { applySetId, buildSet } from "./set.ts";

/** What is to be rolled out, and what is there. */
export interface SetFacts {
  readonly kind: "set";
  readonly state: AppState;
  readonly wanted: readonly Wanted[];
  readonly unchanged: ReadonlySet<string>;
  readonly live: ReadonlyMap<string, KubeObject>;
  readonly leftovers: readonly KubeObject[];
  readonly trials: ReadonlyMap<string, Trial>;
  /** Argo CD's `SyncFail`: started when the rollout fails, never part of the set. */
  readonly failureHooks: readonly Wanted[];
  readonly redactionKey: Uint8Array;
  /** The snapshot of a dead run that this one takes over: the base of a revert. */
  readonly inherited: Snapshot | undefined;
}

/** Renders and compares the set, and tries what would change. */
export async function observeSet(
  inputs: Inputs,
  namespace: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<SetFacts> {
  const { kube, log } = ports;
  const sources = await readSources(inputs, ports, signal);
  const [state, scopes] = await Promise.all([
    readState(inputs.app, namespace, ports, signal),
    scopesOf(sources, ports, signal),
  ]);
  const build = (objects: readonly SourcedObject[]) => buildSet(objects, { ...inputs, namespace }, scopes);
  const isForFailure = ({ object }: SourcedObject) => hookPhase(object) === "failed";
  const { wanted, live } = await compare(
    build(sources.filter((one) => !isForFailure(one))),
    inputs,
    state,
    ports,
    signal,
  );
  const unchanged = new Set(
    wanted.filter((one) => isSame(one, live.objects.get(one.identity))).map((one) => one.identity),
  );
  const changed = wanted.filter((one) => !unchanged.has(one.identity));
  const mode = inputs.mode === "plan" ? "all" : inputs.preflight;
  const trials = await preflight(kube, changed, live.objects, { ...inputs, preflight: mode }, signal);
  const changing = changed.flatMap((one) => live.objects.get(one.identity) ?? []);
  const leftovers = inputs.prune ? live.leftovers : [];
  const full = await withContent(kube, [...changing, ...leftovers], inputs.concurrency, signal);
  for (const secret of full.flatMap(secretTexts)) log.mask(secret);
  const contents = new Map(full.map((object) => [identityOf(refOf(object)), object]));
  const objects = new Map([...live.objects].map(([identity, object]) => [identity, contents.get(identity) ?? object]));
  log.info(`${sources.length} objects read, ${unchanged.size} unchanged · ${kube.stats().requests} requests`);
  return {
    kind: "set",
    state,
    wanted,
    unchanged,
    live: objects,
    leftovers: live.leftovers.map((object) => contents.get(identityOf(refOf(object))) ?? object),
    trials,
    failureHooks: build(sources.filter(isForFailure)),
    redactionKey: ports.redactionKey,
    inherited: await inheritedSnapshot(state, ports, signal),
  };
}

/** Objects as rendered, with their images; their secrets are masked before anything else can be said. */
async function readSources(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<readonly SourcedObject[]> {
  const sources = await ports.sources(inputs, signal);
  for (const { object } of sources) for (const secret of secretTexts(object)) ports.log.mask(secret);
  const used = sources.filter(({ object }) => hookPhase(object) !== "skip");
  if (used.length < sources.length)
    ports.log.info(`${sources.length - used.length} hooks for other events are left out`);
  return overrideImages(used, inputs.images);
}

/** What is there, and the set as it must be in view of that: renamed Jobs, replicas left to autoscalers. */
async function compare(
  built: readonly Wanted[],
  inputs: Inputs,
  state: AppState,
  ports: Ports,
  signal: AbortSignal,
): Promise<{ readonly wanted: readonly Wanted[]; readonly live: LiveSet }> {
  const { app, namespace, inventory } = state;
  const scope = { applySet: applySetId(app, namespace), namespace, inventory, width: inputs.concurrency };
  const found = await readLive(ports.kube, built, scope, signal);
  const renamed = inputs.recreateJobs === "on-change" ? renamedJobs(built, found.jobs) : built;
  const live = inputs.recreateJobs === "on-change" ? moved(found, built, renamed) : found;
  const targets = autoscaledTargets([
    ...renamed.map((one) => one.object),
    ...(await liveAutoscalers(renamed, live, ports, signal)),
  ]);
  return { wanted: renamed.map((one) => withoutReplicas(one, targets)), live };
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

async function scopesOf(sources: readonly SourcedObject[], { kube }: Ports, signal: AbortSignal) {
  const kinds = new Map(sources.map(({ object }) => [`${object.apiVersion} ${object.kind}`, object]));
  const found = new Map<string, boolean | undefined>();
  for (const [key, object] of kinds)
    found.set(key, (await kube.resolve(object.apiVersion, object.kind, signal))?.namespaced);
  return {
    isNamespaced: (apiVersion: string, kind: string) => found.get(`${apiVersion} ${kind}`),
    nearest: nearestKind,
  };
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
  if (state.lease?.holder === "" || record?.snapshot === undefined || !isHalfway(record.phase)) return undefined;
  return await loadSnapshot(state.app, state.namespace, record.snapshot, ports, signal);
}
