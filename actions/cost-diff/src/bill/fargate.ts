import type { FargateProfile } from "@eks-actions/cluster-config";
import type { PriceBook } from "@eks-actions/pricing";
import type { Item } from "../model.ts";
import { globExpression } from "../sides/files.ts";
import { dig, digList } from "../sides/place.ts";
import { ATTACHMENTS } from "./attachments.ts";
import type { Workload } from "./workloads.ts";

/** Sizes that Fargate sells: vCPU and the GB that go with it. */
const SIZES: readonly { readonly vcpu: number; readonly gb: readonly number[] }[] = [
  { vcpu: 0.25, gb: [0.5, 1, 2] },
  { vcpu: 0.5, gb: range(1, 4, 1) },
  { vcpu: 1, gb: range(2, 8, 1) },
  { vcpu: 2, gb: range(4, 16, 1) },
  { vcpu: 4, gb: range(8, 30, 1) },
  { vcpu: 8, gb: range(16, 60, 4) },
  { vcpu: 16, gb: range(32, 120, 8) },
];

export interface FargateSize {
  readonly vcpu: number;
  readonly gb: number;
  /** Above the 20 GB that come with every pod. */
  readonly ephemeralGb: number;
}

function range(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);
}

/**
 * The size that Fargate rounds a pod up to; 256 MiB are its own. `undefined`: larger than any.
 * https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html
 */
export function fargateSize(request: Readonly<Record<string, number>>): FargateSize | undefined {
  const cpu = (request["cpu"] ?? 0) / 1000;
  const memory = request["memory"] ?? 0;
  const gib = (memory + 256 * 2 ** 20) / 2 ** 30;
  const ephemeralGb = Math.max(0, Math.ceil((request["ephemeral-storage"] ?? 0) / 2 ** 30) - 20);
  if (cpu === 0 && memory === 0) return { vcpu: 0.25, gb: 0.5, ephemeralGb };
  for (const { vcpu, gb } of SIZES) {
    if (vcpu < cpu) continue;
    const fit = gb.find((size) => size >= gib);
    if (fit !== undefined) return { vcpu, gb: fit, ephemeralGb };
  }
  return undefined;
}

/** The profile whose selectors match the pod. `*` and `?` are wildcards. */
export function profileOf(
  workload: Pick<Workload, "namespace" | "labels">,
  profiles: readonly FargateProfile[],
): FargateProfile | undefined {
  return profiles.find((profile) =>
    profile.selectors.some(
      (selector) =>
        matchesGlob(selector.namespace, workload.namespace) &&
        Object.entries(selector.labels).every(([key, value]) => matchesGlob(value, workload.labels[key] ?? "\0")),
    ),
  );
}

function matchesGlob(pattern: string, value: string): boolean {
  return globExpression(pattern).test(value);
}

/** Why Fargate cannot run the pod; `undefined` when it can. */
export function fargateRefusal(workload: Pick<Workload, "kind" | "request" | "podSpec">): string | undefined {
  if (workload.kind === "DaemonSet") return "DaemonSet";
  const other = Object.keys(workload.request).find((name) => !["cpu", "memory", "ephemeral-storage"].includes(name));
  if (other === ATTACHMENTS) return "EBS";
  if (other !== undefined) return other.startsWith("port:") ? "hostPort" : other;
  const privileged = digList(workload.podSpec, "containers").some(
    (container) => dig(container, "securityContext", "privileged") === true,
  );
  if (privileged) return "privileged";
  if (dig(workload.podSpec, "hostNetwork") === true) return "hostNetwork";
  return fargateSize(workload.request) === undefined ? "size" : undefined;
}

/** Pod-hours of a size, as items of the bill. @throws ActionError `PRICE_UNKNOWN` */
export function fargateItems(size: FargateSize, podHours: number, book: PriceBook): readonly Item[] {
  const item = (key: string, quantity: number): readonly Item[] =>
    quantity === 0 ? [] : [{ key, price: book.service(key).price, quantity }];
  return [
    ...item("fargate.x86.vcpu", size.vcpu * podHours),
    ...item("fargate.x86.gb", size.gb * podHours),
    ...item("fargate.ephemeral.gb", size.ephemeralGb * podHours),
  ];
}
