import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { KubeObject } from "@eks-actions/manifest";
import type { Money } from "@eks-actions/pricing";

export type SideName = "base" | "head";

/** One Kubernetes object and where it was written. */
export interface Manifest {
  readonly object: KubeObject;
  readonly file: string;
  readonly line: number | undefined;
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/** What is rendered and priced as one: a folder, a kustomization, a chart. */
export interface Target {
  /** Unique; shown to people. */
  readonly id: string;
  readonly cluster: string;
  readonly type: "files" | "kustomize" | "helm" | "detect";
  /** Relative to the tree; several only for `files`. */
  readonly paths: readonly string[];
  readonly isRecursive: boolean;
  readonly namespace: string;
  readonly release: string;
  readonly values: readonly string[];
  readonly set: readonly string[];
}

/** A cluster as inputs and settings describe it; the ClusterConfig is read from each side. */
export interface ClusterSpec {
  /** As targets name it; the shown name may come from the ClusterConfig. */
  readonly key: string;
  readonly name: string;
  readonly config: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  readonly instanceTypes: readonly string[];
  readonly autoMode: boolean;
}

export interface RootVolume {
  readonly type: string;
  readonly gib: number;
  readonly iops?: number | undefined;
  readonly throughput?: number | undefined;
}

export interface Assumptions {
  readonly storageClasses: ReadonlyMap<string, string>;
  readonly rootVolume: RootVolume | undefined;
  readonly prefixDelegation: boolean | undefined;
  readonly customNetworking: boolean;
  readonly jobsAtPeak: boolean;
  readonly placeholders: ReadonlyMap<string, string>;
}

/** A cluster on one side; absent when its config is not there on that side. */
export interface ClusterSide {
  readonly config: ClusterConfig | undefined;
  readonly manifests: readonly Manifest[];
}

export interface Warning {
  readonly code: WarningCode;
  readonly args: Readonly<Record<string, string>>;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** Closed: each has a sentence in `warnings.ts`. */
export type WarningCode =
  | "ADDON_UNSIZED"
  | "CLUSTER_NEWER"
  | "CRON_DURATION_ASSUMED"
  | "KIND_INVISIBLE"
  | "LB_CLASS_ASSUMED"
  | "LFS_NOT_FOLLOWED"
  | "LIMIT_RANGES"
  | "PAST_EXTENDED"
  | "PREFERENCES_IGNORED"
  | "PRICES_LIVE_FAILED"
  | "PRICES_OLD"
  | "PROVISIONER_UNPRICED"
  | "RENDER_FAILED_BASE"
  | "REQUESTS_MISSING"
  | "STANDARD_SUPPORT_UPGRADE"
  | "STORAGE_CLASS_ASSUMED"
  | "STRANGER_AUTHOR"
  | "SUBMODULES_NOT_FOLLOWED"
  | "USAGE_UNMATCHED"
  | "VERSION_ASSUMED"
  | "VPA_AUTO";

export const LINE_IDS = [
  "controlPlane",
  "extendedSupport",
  "tier",
  "capabilities",
  "hybridNodes",
  "nodes",
  "autoModeFee",
  "nodeVolumes",
  "nodeIpv4",
  "fargate",
  "jobs",
  "storage",
  "loadBalancers",
  "publicIpv4",
  "nat",
  "usage",
  "markup",
] as const;
export type LineId = (typeof LINE_IDS)[number];

/** A quantity of one unit, at one price: the arithmetic of the bill. */
export interface Item {
  readonly key: string;
  readonly price: Money;
  readonly quantity: number;
}
