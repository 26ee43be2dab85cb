/** Pods that ask for the same and may run on the same nodes. */
export interface PodGroup {
  /** Stable for equal pods, on both sides of a comparison. */
  readonly id: string;
  readonly count: number;
  /** Whole numbers, in the order of the offers' capacity. The third one is the pod itself: 1. */
  readonly request: readonly number[];
  /** Admission classes of offers that take the pods; absent: all. */
  readonly kinds?: readonly string[] | undefined;
  /** Most pods of the group on one node (anti-affinity, topology spread). */
  readonly perNode?: number | undefined;
}

/** A node that can be bought. */
export interface Offer {
  /** Unique. */
  readonly name: string;
  /** Micro-units of currency a month, whole. */
  readonly price: number;
  /** What is left for pods: CPU, memory, pods, then what else some pod needs. */
  readonly capacity: readonly number[];
  /** Offers of one kind admit the same pods. */
  readonly kind: string;
  /** What one node takes of the named bounds. */
  readonly bounds?: readonly { readonly name: string; readonly weight: number }[] | undefined;
}

export interface PackInput {
  readonly groups: readonly PodGroup[];
  readonly offers: readonly Offer[];
  /** The most that all nodes together may take, by bound: node group maxima, NodePool limits. */
  readonly bounds?: ReadonlyMap<string, number> | undefined;
  /** Nodes that are paid whatever the pods need: node group minima. */
  readonly paid?: readonly { readonly offer: string; readonly count: number }[] | undefined;
  /** An answer to a like problem: one more start. */
  readonly also?: readonly PackedNode[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PackedNode {
  readonly offer: string;
  readonly pods: readonly { readonly group: string; readonly count: number }[];
}

export interface Unschedulable {
  readonly group: string;
  readonly count: number;
  /** `admission`: no offer of a kind that takes it; `size`: too big for each; `bound`: the bounds are used up. */
  readonly because: "admission" | "size" | "bound";
  /** The offer that comes nearest, for `size` and `bound`. */
  readonly nearest?: string | undefined;
  /** Index of the dimension that is missing most on it, for `size`. */
  readonly dimension?: number | undefined;
}

export interface Packing {
  readonly nodes: readonly PackedNode[];
  /** Micro-units a month. */
  readonly cost: number;
  /** Capacity minus requests, summed over the nodes, by dimension. */
  readonly free: readonly number[];
  readonly unschedulable: readonly Unschedulable[];
}

export interface Floor {
  /** The linear relaxation, not rounded. */
  readonly lp: number;
  /** No packing costs less. */
  readonly cost: number;
  /** What one unit of each dimension is worth, by dimension. */
  readonly duals: readonly number[];
}
