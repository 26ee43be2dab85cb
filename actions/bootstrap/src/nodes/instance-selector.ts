import type { Ec2InstanceType } from "@eks-actions/aws";
import type { ClusterConfig, InstanceSelector, ManagedNodeGroup } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";

/** EKS takes this many types for one node group. */
const MAX_TYPES = 20;

/** Filters that EC2 itself applies; what it has none for is left to {@link selects}. */
export function ec2Filters(selector: InstanceSelector): Readonly<Record<string, readonly string[]>> {
  return {
    "processor-info.supported-architecture": [selector.cpuArchitecture],
    "current-generation": ["true"],
    "bare-metal": ["false"],
    ...(selector.vCPUs === undefined ? {} : { "vcpu-info.default-vcpus": [String(selector.vCPUs)] }),
    ...(selector.memory === undefined ? {} : { "memory-info.size-in-mib": [String(selector.memory * 1024)] }),
  };
}

/** Accelerators and names; without `gpus` or `neuron_devices` a type with one of them is not meant. */
export function selects(selector: InstanceSelector, type: Ec2InstanceType): boolean {
  const name = type.InstanceType ?? "";
  const gpus = (type.GpuInfo?.Gpus ?? []).reduce((sum, gpu) => sum + (gpu.Count ?? 0), 0);
  const neurons = (type.NeuronInfo?.NeuronDevices ?? []).reduce((sum, device) => sum + (device.Count ?? 0), 0);
  if (gpus !== (selector.gpus ?? 0) || neurons !== (selector.neuronDevices ?? 0)) return false;
  if (selector.allow !== undefined && !new RegExp(selector.allow).test(name)) return false;
  return selector.deny === undefined || !new RegExp(selector.deny).test(name);
}

/** The file with the types that its selectors stand for. */
export function withSelectedTypes(config: ClusterConfig, facts: Facts): ClusterConfig {
  if (config.managedNodeGroups.every((group) => group.instanceSelector === undefined)) return config;
  return {
    ...config,
    managedNodeGroups: config.managedNodeGroups.map((group) =>
      group.instanceSelector === undefined ? group : { ...group, instanceTypes: selected(group, facts) },
    ),
  };
}

/** A live list inside the selector stays: new types in EC2 are no reason to replace nodes. */
function selected(group: ManagedNodeGroup, facts: Facts): readonly string[] {
  const fitting = facts.selectedTypes.get(group.name) ?? [];
  const live = facts.nodegroups.find((candidate) => candidate.nodegroupName === group.name)?.instanceTypes ?? [];
  if (live.length > 0 && live.every((type) => fitting.includes(type))) return live;
  return fitting.slice(0, MAX_TYPES);
}
