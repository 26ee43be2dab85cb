import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { insightFindings, insightLevel } from "./insights.ts";
import { minorOf } from "./versions.ts";

/** EKS puts network interfaces of the new control plane into two zones. */
const FREE_ADDRESSES = 5;

/** What stands against going up, as far as it can be read before anything is written. */
export function upgradeGates(context: Context, path: readonly string[]): readonly Finding[] {
  const target = path.at(-1) ?? "";
  const level = insightLevel(context);
  return [
    ...(level === undefined ? [] : insightFindings(level, path[0] ?? "", context.facts.insights)),
    ...supportGate(context, target),
    ...addressGate(context),
    ...healthGate(context),
    ...manualGroups(context, target),
  ];
}

/** What stands against going back by one minor. */
export function rollbackGates(context: Context, target: string): readonly Finding[] {
  return context.facts.nodegroups
    .filter((group) => group.version !== undefined && minorOf(group.version) > minorOf(target))
    .map((group) => ({
      level: "block",
      code: "SKEW_TOO_WIDE",
      target: { kind: "NodeGroup", name: group.nodegroupName ?? "" },
      message: `node group ${group.nodegroupName} is at ${group.version}, and a node may not be newer than the control plane at ${target}`,
      hint: "take the group out of the file (`allow: delete-nodegroup`), go back, and put it in again",
    }));
}

function supportGate({ config, facts }: Context, target: string): readonly Finding[] {
  const info = facts.versions.find((entry) => entry.clusterVersion === target);
  const status = info?.versionStatus ?? info?.status ?? "STANDARD";
  if (config.upgradePolicy?.supportType !== "STANDARD" || /STANDARD/i.test(status)) return [];
  return [
    {
      level: "block",
      code: "VERSION_UNSUPPORTED",
      path: "metadata.version",
      message: `Kubernetes ${target} is past standard support, and upgradePolicy is STANDARD`,
      hint: "choose a newer version",
    },
  ];
}

function addressGate({ facts }: Context): readonly Finding[] {
  const ids = facts.cluster?.resourcesVpcConfig?.subnetIds ?? [];
  const subnets = [...facts.network.subnets, ...(facts.network.foreign?.subnets ?? [])].filter((subnet) =>
    ids.includes(subnet.SubnetId ?? ""),
  );
  const roomy = subnets.filter((subnet) => (subnet.AvailableIpAddressCount ?? FREE_ADDRESSES) >= FREE_ADDRESSES);
  if (subnets.length === 0 || new Set(roomy.map((subnet) => subnet.AvailabilityZone)).size >= 2) return [];
  const free = subnets.map((subnet) => `${subnet.SubnetId}: ${subnet.AvailableIpAddressCount}`).join(", ");
  return [
    {
      level: "block",
      code: "SUBNET_IPS_LOW",
      target: { kind: "Cluster", name: facts.config.metadata.name },
      message: `an upgrade needs ${FREE_ADDRESSES} free addresses in subnets of two zones; free are ${free}`,
      hint: "free addresses, or give the control plane other subnets: `vpc.controlPlaneSubnetIDs`",
    },
  ];
}

function healthGate({ facts }: Context): readonly Finding[] {
  return facts.nodegroups.flatMap((group): readonly Finding[] => {
    const issues = group.health?.issues ?? [];
    if (issues.length === 0) return [];
    return [
      {
        level: "block",
        code: "NODEGROUP_FAILED",
        target: { kind: "NodeGroup", name: group.nodegroupName ?? "" },
        message: `node group ${group.nodegroupName} is not healthy, so the version stays: ${issues.map((issue) => `${issue.code}: ${issue.message}`).join("; ")}`,
        hint: "cure the issue first, or leave `metadata.version` as it is",
      },
    ];
  });
}

/** Groups that this run cannot roll: their images are the user's own. */
function manualGroups({ facts }: Context, target: string): readonly Finding[] {
  return facts.nodegroups
    .filter((group) => group.amiType === "CUSTOM" && group.version !== target)
    .map((group) => {
      const skew = minorOf(target) - minorOf(group.version ?? target);
      return {
        level: skew > 3 ? "block" : "warn",
        code: skew > 3 ? "SKEW_TOO_WIDE" : "NOTICE",
        target: { kind: "NodeGroup", name: group.nodegroupName ?? "" },
        message: `node group ${group.nodegroupName} at ${group.version ?? "its own version"} has an image of its own: it does not follow to ${target}`,
        hint: "put an image of the new version into its launch template",
      };
    });
}
