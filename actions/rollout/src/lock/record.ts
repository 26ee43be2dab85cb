import { isRecord, type KubeObject, type ObjectRef } from "@eks-actions/manifest";
import { annotations, labels } from "../model.ts";
import { parentName } from "../set/set.ts";

export const PHASES = ["planned", "applying", "gating", "pruning", "done", "reverting", "aborting"] as const;
export type Phase = (typeof PHASES)[number];

export interface SnapshotPointer {
  /** Number of the rollout that the snapshot was taken before. */
  readonly revision: number;
  readonly chunks: number;
  readonly sha256: string;
  /** Whether the state it holds was healthy. */
  readonly healthy: boolean;
}

/** An object that left the set and is being deleted. */
export interface Leaving {
  readonly ref: ObjectRef;
  readonly uid: string;
}

/** The annotation that holds the record shares 256 KiB with all others of the Lease. */
const MOST_LEAVING = 200;

/** What the Lease says about a rollout: written before each step, so that a killed run can be finished by another. */
export interface RolloutRecord {
  readonly schemaVersion: 1;
  readonly run: { readonly url: string; readonly sha: string; readonly attempt: number };
  readonly strategy: "rolling";
  readonly phase: Phase;
  readonly revision: number;
  readonly snapshot: SnapshotPointer | undefined;
  /** Snapshots of earlier rollouts, newest last. */
  readonly history: readonly SnapshotPointer[];
  /** Written before the first deletion of `pruning`, so that another run can go on with it. */
  readonly leaving?: readonly Leaving[] | undefined;
  readonly outcome: string | undefined;
  /** How long the last good rollouts took, seconds, oldest first; at most five. */
  readonly durations: readonly number[];
}

export interface LeaseState {
  readonly resourceVersion: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly renewedAt: number;
  readonly transitions: number;
  readonly record: RolloutRecord | undefined;
}

export const LEASE_SECONDS = 60;

export function readLease(lease: KubeObject): LeaseState {
  const spec = isRecord(lease["spec"]) ? lease["spec"] : {};
  return {
    resourceVersion: lease.metadata.resourceVersion ?? "",
    holder: typeof spec["holderIdentity"] === "string" ? spec["holderIdentity"] : "",
    renewedAt: Date.parse(String(spec["renewTime"] ?? "")) || 0,
    transitions: typeof spec["leaseTransitions"] === "number" ? spec["leaseTransitions"] : 0,
    record: readRecord(lease.metadata.annotations?.[annotations.record]),
  };
}

/** True while a holder may still be alive by the API server's clock. */
export function isHeld(state: LeaseState, now: number): boolean {
  return state.holder !== "" && state.renewedAt + LEASE_SECONDS * 1000 >= now;
}

export function leaseObject(
  app: string,
  namespace: string,
  lease: {
    readonly holder: string;
    readonly now: number;
    readonly transitions: number;
    readonly record: RolloutRecord;
    readonly resourceVersion?: string | undefined;
  },
): KubeObject {
  const time = new Date(lease.now).toISOString().replace("Z", "000Z");
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: parentName(app),
      namespace,
      labels: { [labels.app]: app },
      annotations: { [annotations.record]: JSON.stringify(withinBounds(lease.record)) },
      ...(lease.resourceVersion === undefined ? {} : { resourceVersion: lease.resourceVersion }),
    },
    spec: {
      holderIdentity: lease.holder,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: time,
      acquireTime: time,
      leaseTransitions: lease.transitions,
    },
  };
}

// What does not fit is deleted by the next `mode: apply`, which finds it by its label.
function withinBounds(record: RolloutRecord): RolloutRecord {
  return { ...record, leaving: record.leaving?.slice(0, MOST_LEAVING) };
}

/** `undefined` when there is none, or when it is not one that this version can read. */
function readRecord(text: string | undefined): RolloutRecord | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // edited by hand: the lock still counts, the record does not
  }
  if (!isRecord(value) || value["schemaVersion"] !== 1) return undefined;
  const phase = PHASES.find((one) => one === value["phase"]);
  if (phase === undefined) return undefined;
  const run = isRecord(value["run"]) ? value["run"] : {};
  const history = Array.isArray(value["history"]) ? value["history"] : [];
  return {
    schemaVersion: 1,
    run: { url: String(run["url"] ?? ""), sha: String(run["sha"] ?? ""), attempt: Number(run["attempt"] ?? 1) },
    strategy: "rolling",
    phase,
    revision: Number(value["revision"] ?? 0),
    snapshot: pointer(value["snapshot"]),
    history: history.flatMap((one: unknown) => pointer(one) ?? []),
    leaving: Array.isArray(value["leaving"])
      ? value["leaving"].flatMap((one: unknown) => leaving(one) ?? [])
      : undefined,
    durations: Array.isArray(value["durations"])
      ? value["durations"].filter((one): one is number => typeof one === "number")
      : [],
    outcome: typeof value["outcome"] === "string" ? value["outcome"] : undefined,
  };
}

function pointer(value: unknown): SnapshotPointer | undefined {
  if (!isRecord(value)) return undefined;
  const { revision, chunks, sha256, healthy } = value;
  if (typeof revision !== "number" || typeof chunks !== "number" || typeof sha256 !== "string") return undefined;
  return { revision, chunks, sha256, healthy: healthy === true };
}

function leaving(value: unknown): Leaving | undefined {
  const ref = isRecord(value) ? value["ref"] : undefined;
  if (!isRecord(value) || !isRecord(ref) || typeof value["uid"] !== "string") return undefined;
  const { apiVersion, kind, name, namespace } = ref;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") return undefined;
  const place = typeof namespace === "string" ? { namespace } : {};
  return { ref: { apiVersion, kind, name, ...place }, uid: value["uid"] };
}

/** Milliseconds that a rollout of this app usually takes: the median of the last five. */
export function typicalMs(record: RolloutRecord | undefined): number | undefined {
  const sorted = [...(record?.durations ?? [])].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? undefined : middle * 1000;
}
