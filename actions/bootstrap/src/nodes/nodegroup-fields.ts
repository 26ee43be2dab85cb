import type { EksNodegroup } from "@eks-actions/aws";
import type { ManagedNodeGroup, Taint } from "@eks-actions/cluster-config";
import { nodeSubnets } from "../network/subnets.ts";
import type { Context } from "../plan/context.ts";
import type { FieldPair } from "../plan/diff.ts";
import { userTags } from "../plan/tags.ts";
import { ref, resolve, sortedSet } from "../plan/value.ts";
import { amiType, hardwareOf } from "./ami.ts";

const EFFECTS = { NoSchedule: "NO_SCHEDULE", PreferNoSchedule: "PREFER_NO_SCHEDULE", NoExecute: "NO_EXECUTE" } as const;

const EFFECT_WORDS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

export interface EksTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export function eksTaint(taint: Taint): EksTaint {
  return { key: taint.key, ...(taint.value === "" ? {} : { value: taint.value }), effect: EFFECTS[taint.effect] };
}

/** As the file writes it. */
export function fileTaint(taint: EksTaint): Taint {
  const effect = EFFECT_WORDS.find((word) => EFFECTS[word] === taint.effect) ?? "NoSchedule";
  return { key: taint.key, value: taint.value ?? "", effect };
}

export function nodeRoleReference(group: ManagedNodeGroup): unknown {
  return group.iam.instanceRoleARN ?? ref(`role-ng-${group.name}`, "arn");
}

/** `CUSTOM` for an image of the user's own, which EKS neither chooses nor updates. */
export function groupAmiType(group: ManagedNodeGroup): string | undefined {
  if (group.ami !== undefined) return "CUSTOM";
  const type = group.instanceTypes[0];
  if (type === undefined) return undefined;
  return amiType(group.amiFamily, hardwareOf(type));
}

export function capacityType(group: ManagedNodeGroup): string {
  if (group.marketType === "capacity-block") return "CAPACITY_BLOCK";
  return group.spot ? "SPOT" : "ON_DEMAND";
}

/** Both sides of every field of a node group but its launch template version. `live` absent: only the desired side. */
export function nodeGroupPairs(
  context: Context,
  group: ManagedNodeGroup,
  live: EksNodegroup | undefined,
): readonly FieldPair[] {
  const { known } = context;
  const pair = (name: string, letter: string, desired: unknown, value: unknown, source: string = name): FieldPair => ({
    path: `nodegroup[${group.name}].${name}`,
    source: `${group.source}.${source}`,
    class: letter,
    desired,
    live: value,
  });
  const subnets = resolve({ set: nodeSubnets(context, group).map((subnet) => subnet.id) }, known);
  const found: FieldPair[] = [
    pair("capacityType", "G", capacityType(group), live?.capacityType ?? "ON_DEMAND", "spot"),
    pair("subnets", "G", subnets, sortedSet(live?.subnets ?? [])),
    pair("iam.instanceRoleARN", "G", resolve(nodeRoleReference(group), known), live?.nodeRole, "iam"),
    pair("minSize", "P", group.minSize, live?.scalingConfig?.minSize),
    pair("maxSize", "P", group.maxSize, live?.scalingConfig?.maxSize),
    pair("labels", "P", group.labels, live?.labels ?? {}),
    pair("taints", "P", sortedTaints(group.taints.map(eksTaint)), sortedTaints(live?.taints?.map(plainTaint) ?? [])),
    pair("tags", "P", { ...context.ownership.common, ...group.tags }, userTags(live?.tags)),
  ];
  if (group.instanceTypes.length > 0) {
    found.push(pair("instanceTypes", "G", group.instanceTypes, live?.instanceTypes ?? [], "instanceTypes"));
    found.push(pair("amiFamily", "G", groupAmiType(group), live?.amiType));
  }
  if (group.updateConfig !== undefined) {
    found.push(pair("updateConfig", "P", nodeUpdate(group), updateOf(group, live)));
  }
  if (group.manageDesired) {
    found.push(pair("desiredCapacity", "P", group.desiredCapacity, live?.scalingConfig?.desiredSize));
  }
  if (group.warmPoolConfig !== undefined) {
    found.push(pair("warmPoolConfig", "P", group.warmPoolConfig, given(group.warmPoolConfig, live?.warmPoolConfig)));
  }
  if (group.nodeRepairConfig !== undefined || live?.nodeRepairConfig?.enabled === true) {
    found.push(pair("nodeRepairConfig", "P", nodeRepair(group), repairOf(live)));
  }
  if (group.releaseVersion !== undefined) {
    found.push(pair("releaseVersion", "R", group.releaseVersion, live?.releaseVersion));
  }
  return found;
}

export function nodeUpdate(group: ManagedNodeGroup): Readonly<Record<string, unknown>> {
  return { ...group.updateConfig };
}

/** EKS shows one unavailable node where only the strategy is given, and DEFAULT where only the number is. */
function updateOf(group: ManagedNodeGroup, live: EksNodegroup | undefined): Readonly<Record<string, unknown>> {
  const { updateStrategy, ...limits } = live?.updateConfig ?? {};
  const wanted = group.updateConfig;
  const limited = wanted?.maxUnavailable !== undefined || wanted?.maxUnavailablePercentage !== undefined;
  return {
    ...(limited ? limits : {}),
    ...(wanted?.updateStrategy === undefined ? {} : { updateStrategy: updateStrategy ?? "DEFAULT" }),
  };
}

/** The members of `live` that the file gives. */
function given(wanted: object, live: object | undefined): Readonly<Record<string, unknown>> {
  const present = new Map(Object.entries(live ?? {}));
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, present.get(key)]));
}

export function nodeRepair(group: ManagedNodeGroup): Readonly<Record<string, unknown>> {
  const repair = group.nodeRepairConfig;
  if (repair === undefined) return { enabled: false };
  const { nodeRepairConfigOverrides, ...rest } = repair;
  return nodeRepairConfigOverrides.length === 0 ? rest : { ...rest, nodeRepairConfigOverrides };
}

function repairOf(live: EksNodegroup | undefined): Readonly<Record<string, unknown>> {
  const { nodeRepairConfigOverrides, ...rest } = live?.nodeRepairConfig ?? {};
  const overrides = nodeRepairConfigOverrides ?? [];
  return { enabled: false, ...rest, ...(overrides.length === 0 ? {} : { nodeRepairConfigOverrides: overrides }) };
}

export function plainTaint(taint: {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
}): EksTaint {
  const value = taint.value === undefined || taint.value === "" ? {} : { value: taint.value };
  return { key: taint.key ?? "", ...value, effect: taint.effect ?? "" };
}

function sortedTaints(taints: readonly EksTaint[]): readonly EksTaint[] {
  const key = (taint: EksTaint) => `${taint.key}:${taint.effect}`;
  return [...taints].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
