import type { KubeObject, ObjectRef } from "@eks-actions/manifest";

export const statuses = ["healthy", "progressing", "suspended", "failed", "terminating", "missing", "unknown"] as const;

export type Status = (typeof statuses)[number];

/** Why an object is not healthy, strongest explanation first: of several causes the earlier one is named. */
export const causes = [
  "FAILED_CREATE",
  "IMAGE_INVALID",
  "IMAGE_NOT_FOUND",
  "IMAGE_DENIED",
  "CONFIG_MISSING",
  "UNSCHEDULABLE",
  "START_ERROR",
  "OOM_KILLED",
  "CRASH_LOOP",
  "INIT_FAILED",
  "SANDBOX_FAILED",
  "VOLUME_LOST",
  "VOLUME_PENDING",
  "IMAGE_PULL_SLOW",
  "JOB_FAILED",
  "PROBE_FAILING",
  "LOAD_BALANCER_PENDING",
  "ROUTE_REJECTED",
  "AUTOSCALER_INVALID",
  "RESOURCE_FAILED",
  "PROGRESS_DEADLINE",
  "NO_PROGRESS",
  "TIMEOUT",
] as const;

export type FailureCause = (typeof causes)[number];
export type Cause = FailureCause | "OK" | "WAITING";

/** `certain`: the kind's own rule. `likely`: inferred from events or pods. `guess`: generic conditions. */
export type Sureness = "certain" | "likely" | "guess";

export interface Evidence {
  readonly ref: ObjectRef;
  readonly container?: string | undefined;
  readonly field: string;
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly at?: number | undefined;
}

export interface Progress {
  /** Once `ofNew`, only pods of the revision that is rolled to are counted. */
  readonly ready: number;
  readonly updated: number;
  readonly wanted: number;
  readonly ofNew?: boolean | undefined;
}

/** What will be to blame if time runs out. */
export interface Suspect {
  readonly why: FailureCause;
  readonly message: string;
}

export interface Verdict {
  readonly ref: ObjectRef;
  readonly status: Status;
  readonly why: Cause;
  /** One line, at most 300 characters, raw text: the caller escapes it. */
  readonly message: string;
  readonly sure: Sureness;
  readonly progress?: Progress | undefined;
  readonly evidence: readonly Evidence[];
  readonly warnings: readonly string[];
  /** Milliseconds since the epoch: when time alone may change the verdict. */
  readonly recheckAt?: number | undefined;
  /** Until when known trouble is borne: no other limit may end the wait before. */
  readonly graceUntil?: number | undefined;
  readonly suspect?: Suspect | undefined;
  /** Keys of what is being watched against a budget. The caller remembers when each was first seen: `Around.firstSeen`. */
  readonly watching: readonly string[];
  /** True when ReplicaSets, events and nodes would help to tell what is wrong. */
  readonly wantsDetails: boolean;
}

/** How much trouble is borne before a verdict turns to `failed`. Milliseconds and counts; rollout.md §2.5. */
export interface Budgets {
  readonly configErrorMs: number;
  readonly imageMissingMs: number;
  readonly imagePullMs: number;
  readonly restarts: number;
  readonly ooms: number;
  /** `auto`: 300 s where an autoscaler works, else 60 s. */
  readonly unschedulableMs: number | "auto";
  readonly volumeMs: number;
  readonly sandboxMs: number;
  readonly failedCreateMs: number;
  readonly loadBalancerMs: number;
  readonly routeMs: number;
  readonly autoscalerMs: number;
  readonly requiredRollout: RequiredRollout;
  /** Warnings that hide doubt become failures. */
  readonly strict: boolean;
  readonly jobPolicy: "complete" | "started";
}

export type RequiredRollout = "full" | "maxUnavailable" | { readonly percent: number };

export const defaultBudgets: Budgets = {
  configErrorMs: 10_000,
  imageMissingMs: 20_000,
  imagePullMs: 120_000,
  restarts: 3,
  ooms: 2,
  unschedulableMs: "auto",
  volumeMs: 120_000,
  sandboxMs: 120_000,
  failedCreateMs: 15_000,
  loadBalancerMs: 300_000,
  routeMs: 30_000,
  autoscalerMs: 300_000,
  requiredRollout: "full",
  strict: false,
  jobPolicy: "complete",
};

/** A rule for kinds of one's own: values at dotted paths. */
export interface HealthRule {
  /** `Database.example.com` */
  readonly kind: string;
  readonly healthy: RuleMatch;
  readonly failed?: RuleMatch | undefined;
}

export interface RuleMatch {
  /** `status.phase`, `status.conditions[type=Ready].status` */
  readonly path: string;
  readonly in: readonly string[];
}

/** What stands around an object, as far as it is known. */
export interface Around {
  readonly pods: readonly KubeObject[];
  /** True when nobody has looked for pods: then their absence says nothing. */
  readonly arePodsUnknown?: boolean | undefined;
  readonly replicaSets: readonly KubeObject[];
  readonly events: readonly KubeObject[];
  /** `undefined` when nodes may not be read. */
  readonly nodes: readonly KubeObject[] | undefined;
  /** IngressClasses and StorageClasses. */
  readonly classes: readonly KubeObject[];
  /** Start of the rollout by the API server's clock, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Key of `Verdict.watching` → when it was first seen, milliseconds since the epoch. */
  readonly firstSeen: ReadonlyMap<string, number>;
  /** `pod uid/container` → restarts when the rollout began; absent for pods born since. */
  readonly restartsBefore: ReadonlyMap<string, number>;
  /** True when the object exists or comes with the set, false when it does not, `undefined` when nobody knows. */
  exists(kind: "ConfigMap" | "Secret", namespace: string, name: string): boolean | undefined;
  readonly rules: readonly HealthRule[];
}

export const nothingAround: Around = {
  pods: [],
  replicaSets: [],
  events: [],
  nodes: undefined,
  classes: [],
  startedAt: 0,
  firstSeen: new Map(),
  restartsBefore: new Map(),
  exists: () => undefined,
  rules: [],
};
