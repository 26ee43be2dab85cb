import type { KubeObject, ObjectRef, ObjectSource } from "@eks-actions/manifest";

/** The field manager of every write; stable, never per run, so that ownership carries over. */
export const FIELD_MANAGER = "eks-actions";
/** Keeps a workload's replicas alive while an autoscaler takes them over. */
export const HANDOVER_MANAGER = "eks-actions-handover";

export const labels = {
  app: "eks-actions.dev/app",
  partOf: "applyset.kubernetes.io/part-of",
  applySet: "applyset.kubernetes.io/id",
} as const;

export const annotations = {
  specHash: "eks-actions.dev/spec-hash",
  configHash: "eks-actions.dev/config-hash",
  record: "eks-actions.dev/record",
  healthRule: "eks-actions.dev/health-rule",
} as const;

/** One object of the set, as it will be sent. */
export interface Wanted {
  readonly ref: ObjectRef;
  /** `apps/Deployment shop/web`: one word whatever version is used. */
  readonly identity: string;
  readonly object: KubeObject;
  readonly source: ObjectSource;
  /** Lower ones are applied first; equal ones together. */
  readonly wave: number;
  readonly hash: string;
}

export type ObjectAction = "create" | "update" | "adopt" | "unchanged" | "recreate" | "prune";

/** One changed field. Values are shown already: secrets are hashed. */
export interface FieldChange {
  readonly path: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Milliseconds since the epoch, and what happened. */
export interface TimelineEntry {
  readonly at: number;
  readonly event: string;
}
