import type { WriteService } from "@eks-actions/aws";
import type { Word } from "./consent.ts";
import type { Finding } from "./finding.ts";

/** What an action does to its target. `wait`: AWS is at work already, nothing is sent. */
export type Op = "create" | "update" | "roll" | "replace" | "upgrade" | "rollback" | "delete" | "adopt" | "wait";

export interface Target {
  /** `Cluster`, `NodeGroup`, `Addon`, `Role`, `Vpc` … */
  readonly kind: string;
  readonly name: string;
}

/** One request of a plan. `args` may hold references to parts that do not exist yet. */
export interface Call {
  readonly service: WriteService;
  readonly operation: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Tells a creation from an earlier one of the same object, for the idempotency token alone. */
  readonly generation?: string | undefined;
  /** What the answer tells about a part: `vpc#id` → `Vpc.VpcId`. */
  readonly gives?: Readonly<Record<string, string>>;
  /** EC2 objects without an idempotency token: the part by whose tag a lost answer is found again. */
  readonly lookup?: { readonly part: string; readonly kind: Ec2Kind };
}

export type Ec2Kind = "vpc" | "subnet" | "igw" | "rt" | "eip" | "nat" | "sg" | "lt" | "key" | "eigw" | "endpoint";

/** When an action counts as done. Without one: when its last call was answered. */
export type Until =
  | { readonly kind: "cluster-active" }
  | { readonly kind: "cluster-gone" }
  | { readonly kind: "nodegroup-active"; readonly name: string }
  | { readonly kind: "nodegroup-gone"; readonly name: string; readonly makesAgain?: boolean }
  | { readonly kind: "addon-active"; readonly name: string; readonly needsNodes: boolean }
  | { readonly kind: "addon-gone"; readonly name: string }
  | { readonly kind: "fargate-active"; readonly name: string }
  | { readonly kind: "fargate-gone"; readonly name: string }
  | { readonly kind: "capability-active"; readonly name: string }
  | { readonly kind: "capability-gone"; readonly name: string }
  | { readonly kind: "vpc-ipv6"; readonly part: string }
  | { readonly kind: "nat-available"; readonly part: string }
  | { readonly kind: "nat-gone"; readonly id: string }
  | { readonly kind: "swept" }
  | { readonly kind: "no-volumes" }
  /** The insights about this minor are fresh, and let the upgrade pass. */
  | { readonly kind: "insights"; readonly version: string; readonly level: "block" | "warn" }
  | {
      readonly kind: "update";
      readonly nodegroup?: string;
      readonly addon?: string;
      readonly capability?: string;
      readonly id?: string;
    };

export interface Change {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  /** Who moved: the file, the live object, or both. */
  readonly origin: "config" | "drift" | "both";
  readonly source?: { readonly file: string; readonly line: number } | undefined;
}

/** Exclusive or shared claim on something that AWS lets only one change at a time. */
export interface Lock {
  readonly name: string;
  readonly shared: boolean;
  /** How many shared claims may be held at once; without it any number. */
  readonly limit?: number | undefined;
}

export interface Action {
  /** `nodegroup/web:create` */
  readonly id: string;
  readonly op: Op;
  readonly target: Target;
  /** Class of the fields that it changes; `K` for whole objects. */
  readonly class: string;
  readonly destructive: boolean;
  readonly needs: readonly Word[];
  /** Ids of actions that must be done before. */
  readonly after: readonly string[];
  /** Ids of actions whose calls must have been answered before, done or not. */
  readonly afterIssued: readonly string[];
  readonly locks: readonly Lock[];
  readonly calls: readonly Call[];
  readonly until?: Until | undefined;
  readonly changes: readonly Change[];
  readonly expectedSeconds: number;
}

export interface DriftEntry {
  readonly target: Target;
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface UnmanagedEntry {
  readonly kind: string;
  readonly name: string;
  /** Ours by tag, but no longer in the file. */
  readonly orphan: boolean;
  readonly note: string;
}

/** What comes of looking at one object: actions, and what is to be said about it. */
export interface Step {
  readonly actions: readonly Action[];
  readonly findings?: readonly Finding[];
  readonly unchanged?: readonly Target[];
  readonly unmanaged?: readonly UnmanagedEntry[];
}
