import type { ClusterConfig } from "@eks-actions/cluster-config";
import { HOURS_PER_MONTH, minorNumber, newestMinor, type PriceBook, supportWindow } from "@eks-actions/pricing";
import type { Item, LineId, Warning } from "../model.ts";
import type { Usage } from "./usage-file.ts";

export interface Future {
  readonly code: "EXTENDED_SUPPORT";
  readonly date: string;
  /** A month, from then. */
  readonly item: Item;
}

export interface ControlPlane {
  /** A minor; empty when none is known. */
  readonly version: string;
  readonly support: "standard" | "extended" | "unknown";
  readonly lines: ReadonlyMap<LineId, readonly Item[]>;
  readonly future: readonly Future[];
  readonly warnings: readonly Warning[];
}

const CAPABILITY_KEYS = {
  ARGOCD: ["eks.capability.argocd", "eks.capability.argocd.application"],
  ACK: ["eks.capability.ack", "eks.capability.ack.resource"],
  KRO: ["eks.capability.kro", "eks.capability.kro.instance"],
} as const;

export interface ControlPlaneOptions {
  readonly cluster: string;
  readonly config: ClusterConfig | undefined;
  readonly version: string | undefined;
  readonly book: PriceBook;
  readonly asOf: string;
  readonly usage: Usage;
}

/** Everything of EKS that is paid by the cluster. https://aws.amazon.com/eks/pricing/ */
export function controlPlane(options: ControlPlaneOptions): ControlPlane {
  const { config, book, asOf, usage, cluster } = options;
  const hourly = (key: string, count = 1): Item => ({
    key,
    price: book.service(key).price,
    quantity: HOURS_PER_MONTH * count,
  });
  const lines = new Map<LineId, readonly Item[]>([["controlPlane", [hourly("eks.cluster")]]]);
  const warnings: Warning[] = [];
  const future: Future[] = [];
  const stated = config?.metadata.version ?? options.version;
  const version = stated === "latest" ? newestMinor() : (stated ?? "");
  const window = supportWindow(version);
  let support: ControlPlane["support"] = "unknown";
  if (version === "") warnings.push({ code: "VERSION_ASSUMED", args: { cluster } });
  else if (window === undefined) {
    support = "standard";
    if (minorNumber(version) > minorNumber(newestMinor()))
      warnings.push({ code: "CLUSTER_NEWER", args: { cluster, version } });
  } else {
    const isStandardOnly = config?.upgradePolicy?.supportType === "STANDARD";
    const isPast = asOf >= window.endOfStandard;
    support = isPast && !isStandardOnly ? "extended" : "standard";
    if (support === "extended") lines.set("extendedSupport", [hourly("eks.extendedSupport")]);
    if (isStandardOnly && (isPast || daysBetween(asOf, window.endOfStandard) <= 90)) {
      warnings.push({ code: "STANDARD_SUPPORT_UPGRADE", args: { cluster, version, date: window.endOfStandard } });
    }
    if (asOf > window.endOfExtended)
      warnings.push({ code: "PAST_EXTENDED", args: { cluster, version, date: window.endOfExtended } });
    if (!isPast && !isStandardOnly) {
      future.push({ code: "EXTENDED_SUPPORT", date: window.endOfStandard, item: hourly("eks.extendedSupport") });
    }
  }
  const tier = config?.controlPlaneScalingConfig?.tier ?? "standard";
  if (tier !== "standard") lines.set("tier", [hourly(`eks.pcp.${tier}`)]);
  const capabilities = (config?.capabilities ?? []).flatMap(({ type }) => {
    const [base, each] = CAPABILITY_KEYS[type];
    const count = usage.capabilities[type] ?? 0;
    return [hourly(base), ...(count > 0 ? [hourly(each, count)] : [])];
  });
  if (capabilities.length > 0) lines.set("capabilities", capabilities);
  if (usage.hybridVcpuHours > 0) {
    const tiers = book.tiered("eks.hybridNodes.vcpu", usage.hybridVcpuHours);
    lines.set(
      "hybridNodes",
      tiers.map(({ unit, quantity }) => ({ key: unit.key, price: unit.price, quantity })),
    );
  }
  return { version, support, lines, future, warnings };
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
