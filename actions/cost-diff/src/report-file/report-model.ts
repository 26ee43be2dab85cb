import type { LineId, Warning } from "../model.ts";

/** The machine's interface. Money is a month's, in `currency`, with at most six decimals. */
export interface ReportFile {
  readonly schemaVersion: 1;
  readonly kind: "eks-actions/cost-diff";
  readonly pr: number | null;
  readonly headSha: string;
  readonly baseSha: string;
  readonly run: { readonly id: number; readonly attempt: number };
  readonly generatedAt: string;
  readonly report: CostReport;
}

export interface CostReport {
  readonly asOf: string;
  readonly hoursPerMonth: 730;
  readonly currency: string;
  readonly configChanged: boolean;
  readonly total: Total;
  readonly nodes: { readonly base: number; readonly head: number };
  readonly gate: Gate;
  readonly clusters: readonly ClusterReport[];
  readonly warnings: readonly WarningEntry[];
  readonly assumptions: {
    readonly replicaBasis: string;
    readonly missingRequests: string;
    readonly vmMemoryOverhead: number;
    readonly availabilityZones: number;
    readonly defaultArch: string;
  };
  readonly prices: {
    readonly region: string;
    readonly sources: readonly { readonly source: SourceName; readonly date: string; readonly keys: number }[];
    readonly overrides: number;
  };
  readonly tools: Readonly<Record<string, string>>;
}

export type SourceName = "file" | "live" | "cache" | "embedded";
export type Verdict = "off" | "passed" | "failed" | "overridden";

export interface Total {
  readonly base: number;
  readonly head: number;
  readonly diff: number;
  readonly diffPercent: number | null;
}

export interface Gate {
  readonly verdict: Verdict;
  readonly rules: readonly GateRule[];
}

export interface GateRule {
  readonly rule: "increase" | "max-increase-usd" | "max-increase-percent" | "max-total-usd" | "unschedulable";
  readonly limit: number;
  /** `null`: a percent of nothing. */
  readonly value: number | null;
  readonly exceeded: boolean;
}

export interface WarningEntry {
  readonly code: Warning["code"];
  readonly args: Readonly<Record<string, string>>;
  readonly file: string | null;
  readonly line: number | null;
}

export type Status = "changed" | "unchanged" | "new" | "removed";

export interface Amounts {
  readonly base: number | null;
  readonly head: number | null;
  readonly diff: number;
}

export interface ClusterReport {
  readonly name: string;
  readonly region: string;
  readonly version: string;
  readonly support: { readonly base: Support | null; readonly head: Support | null };
  readonly status: Status;
  readonly total: Amounts;
  readonly range: { readonly min: number; readonly max: number } | null;
  readonly lines: readonly LineReport[];
  readonly packing: { readonly base: PackingReport | null; readonly head: PackingReport | null };
  readonly workloads: readonly WorkloadReport[];
  readonly unchangedWorkloads: number;
  readonly idle: { readonly base: number; readonly head: number };
  readonly requestsOnly: number;
  readonly alternatives: readonly {
    readonly id: "pool" | "autoMode" | "fargate";
    readonly base: number | null;
    readonly head: number | null;
  }[];
  readonly tips: readonly TipReport[];
  readonly future: readonly { readonly code: "EXTENDED_SUPPORT"; readonly date: string; readonly diff: number }[];
  readonly unschedulable: readonly {
    readonly id: string;
    readonly base: number;
    readonly head: number;
    readonly reason: string;
  }[];
  readonly usage: readonly { readonly key: string; readonly unitPrice: number; readonly quantity: number | null }[];
}

export type Support = "standard" | "extended" | "unknown";

export interface LineReport {
  readonly id: LineId;
  readonly base: number | null;
  readonly head: number | null;
  readonly diff: number;
  readonly items: readonly {
    readonly key: string;
    readonly unitPrice: number;
    readonly base: number;
    readonly head: number;
  }[];
}

export interface PackingReport {
  readonly answer: "steady" | "first-pass" | "declared" | "rates";
  readonly cost: number;
  readonly floor: number;
  readonly lpFloor: number;
  readonly firstPass: number;
  readonly free: { readonly cpuMillis: number; readonly memMiB: number };
  readonly nodes: readonly {
    readonly pool: string;
    readonly type: string;
    readonly capacityType: string;
    readonly count: number;
  }[];
}

export interface WorkloadReport {
  readonly id: string;
  readonly status: Status;
  readonly file: string;
  readonly line: number | null;
  readonly replicas: { readonly base: number | null; readonly head: number | null };
  readonly request: { readonly base: RequestReport | null; readonly head: RequestReport | null };
  readonly share: Amounts;
}

export interface RequestReport {
  readonly cpuMillis: number;
  readonly memMiB: number;
}

export interface TipReport {
  readonly code: TipCode;
  readonly saves: number;
  readonly args: Readonly<Record<string, string>>;
}

export type TipCode =
  | "ARM64"
  | "GP3"
  | "INTERNAL_LB"
  | "LOWER_REQUEST"
  | "NAT_SINGLE"
  | "SPOT"
  | "UPGRADE"
  | "WIDER_TYPES";
