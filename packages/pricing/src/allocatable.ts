import type { InstanceType } from "./instance.ts";

export interface KubeletOptions {
  /** Share of the memory that the hypervisor keeps; Karpenter's default is 0.075. */
  readonly vmMemoryOverhead?: number | undefined;
  /** VPC CNI with prefix delegation, or an IPv6 cluster. */
  readonly prefixDelegation?: boolean | undefined;
  /** Pods take addresses from another subnet, so the first interface holds none. */
  readonly customNetworking?: boolean | undefined;
  /** `maxPods` of a node group or NodeClass. */
  readonly maxPods?: number | undefined;
  /** Node groups reserve memory for the standard number of pods whatever maxPods says (nodeadm). */
  readonly reserveForStandardPods?: boolean | undefined;
  /** GiB of the volume that holds pods' files. */
  readonly rootVolumeGib?: number | undefined;
}

/** What a node leaves for pods. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly ephemeralMib: number;
  readonly pods: number;
}

/**
 * A node's allocatable as kubelet computes it with the reservations of EKS's images.
 * https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
 * https://karpenter.sh/docs/concepts/nodeclasses/ , pkg/providers/instancetype/types.go
 */
export function allocatable(type: InstanceType, options: KubeletOptions = {}): Allocatable {
  const pods = maxPods(type, options);
  const reservedFor = options.reserveForStandardPods === true ? standardPods(type, options) : pods;
  const memory = type.memoryMib - (type.arch === "arm64" ? 64 : 0);
  // Decimal fractions as integers: 0.075 has no exact float, and a ceiling must not depend on that.
  const overhead = Math.round((options.vmMemoryOverhead ?? 0.075) * 1e6);
  const vm = Number((BigInt(memory) * BigInt(overhead) + 999_999n) / 1_000_000n);
  const kubeReserved = 11 * reservedFor + 255;
  const evictionHard = 100;
  return {
    cpuMillis: type.vcpu * 1000 - reservedCpuMillis(type.vcpu * 1000),
    memoryMib: Math.max(0, memory - vm - kubeReserved - evictionHard),
    ephemeralMib: Math.max(0, Math.floor((options.rootVolumeGib ?? 20) * 1024 * 0.9) - 1024),
    pods,
  };
}

/** 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest, each rounded down. */
function reservedCpuMillis(cpuMillis: number): number {
  const ranges = [
    [0, 1000, 600],
    [1000, 2000, 100],
    [2000, 4000, 50],
    [4000, Number.MAX_SAFE_INTEGER, 25],
  ] as const;
  return ranges.reduce((reserved, [from, to, per10k]) => {
    const part = Math.max(0, Math.min(cpuMillis, to) - from);
    return reserved + Math.floor((part * per10k) / 10_000);
  }, 0);
}

function maxPods(type: InstanceType, options: KubeletOptions): number {
  if (options.maxPods !== undefined) return options.maxPods;
  if (options.prefixDelegation !== true || !type.isNitro) return standardPods(type, options);
  const addresses = usableEnis(type, options) * (type.ipv4PerEni - 1) * 16 + 2;
  return Math.min(addresses, type.vcpu > 30 ? 250 : 110);
}

/** Pods by addresses of the network interfaces; two run on the host network. */
function standardPods(type: InstanceType, options: KubeletOptions): number {
  return usableEnis(type, options) * (type.ipv4PerEni - 1) + 2;
}

function usableEnis(type: InstanceType, options: KubeletOptions): number {
  return Math.max(0, type.enis - (options.customNetworking === true ? 1 : 0));
}
