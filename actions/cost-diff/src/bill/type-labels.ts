import type { InstanceType } from "@eks-actions/pricing";

const cache = new WeakMap<InstanceType, ReadonlyMap<string, string>>();

/**
 * Labels that Karpenter and EKS Auto Mode give a node by its type.
 * https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
 */
export function typeLabels(type: InstanceType): ReadonlyMap<string, string> {
  const known = cache.get(type);
  if (known !== undefined) return known;
  const facts: readonly (readonly [string, string])[] = [
    ["instance-category", type.category],
    ["instance-family", type.family],
    ["instance-generation", String(type.generation)],
    ["instance-size", type.size],
    ["instance-cpu", String(type.vcpu)],
    ["instance-memory", String(type.memoryMib)],
    ["instance-hypervisor", type.isMetal ? "" : type.isNitro ? "nitro" : "xen"],
    ["instance-gpu-count", String(type.gpus)],
    ["instance-local-nvme", String(type.nvmeGb)],
    ["instance-accelerator-count", String(type.neurons)],
  ];
  const optional: readonly (readonly [string, string])[] =
    type.gpus === 0
      ? []
      : [
          ["instance-gpu-manufacturer", type.gpuName.startsWith("NVIDIA") ? "nvidia" : "amd"],
          [
            "instance-gpu-name",
            type.gpuName
              .replace(/^(NVIDIA|AMD)\s+/, "")
              .toLowerCase()
              .replaceAll(" ", "-"),
          ],
        ];
  const labels = new Map<string, string>([
    ["kubernetes.io/arch", type.arch],
    ["beta.kubernetes.io/arch", type.arch],
    ["kubernetes.io/os", "linux"],
    ["beta.kubernetes.io/os", "linux"],
    ["node.kubernetes.io/instance-type", type.name],
    ["beta.kubernetes.io/instance-type", type.name],
    ...[...facts, ...optional].flatMap(([name, value]) => [
      [`karpenter.k8s.aws/${name}`, value] as const,
      [`eks.amazonaws.com/${name}`, value] as const,
    ]),
  ]);
  cache.set(type, labels);
  return labels;
}
