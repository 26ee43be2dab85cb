import type { ClusterConfig, IgnoredField, LogType, ManagedNodeGroup } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";
import { fileTaint, plainTaint } from "../nodes/nodegroup-fields.ts";
import { userTags } from "./tags.ts";

type Tags = Readonly<Record<string, string>>;

/**
 * The file with the live values at the fields under `ownership.ignoreFields`, which another tool sets: so they neither
 * differ nor are sent as anything else. Where the object does not exist yet, the file's value stands.
 */
export function withIgnoredFields(facts: Facts): ClusterConfig {
  const ignored = facts.config.extension?.ignoreFields ?? [];
  return ignored.reduce((config, entry) => keepLive(config, entry, facts), facts.config);
}

function keepLive(config: ClusterConfig, ignored: IgnoredField, facts: Facts): ClusterConfig {
  switch (ignored.kind) {
    case "nodegroup":
      return {
        ...config,
        managedNodeGroups: config.managedNodeGroups.map((group) =>
          group.name === ignored.name ? groupOf(group, ignored.field, facts) : group,
        ),
      };
    case "addon":
      return {
        ...config,
        addons: config.addons.map((addon) => {
          const live = facts.addons.find((candidate) => candidate.addonName === addon.name);
          if (addon.name !== ignored.name || live === undefined) return addon;
          return ignored.field === "version"
            ? { ...addon, version: live.addonVersion }
            : { ...addon, configurationValues: live.configurationValues };
        }),
      };
    default:
      return clusterOf(config, ignored.field, facts);
  }
}

function groupOf(group: ManagedNodeGroup, field: string, facts: Facts): ManagedNodeGroup {
  const live = facts.nodegroups.find((candidate) => candidate.nodegroupName === group.name);
  if (live === undefined) return group;
  const [name = "", ...key] = field.split(".");
  switch (name) {
    case "labels":
      return { ...group, labels: keyed(group.labels, live.labels ?? {}, key.join(".")) };
    case "tags":
      return { ...group, tags: keyed(group.tags, userTags(live.tags), key.join(".")) };
    case "taints":
      return {
        ...group,
        taints: (live.taints ?? []).map(plainTaint).map(fileTaint),
      };
    case "minSize":
      return { ...group, minSize: live.scalingConfig?.minSize ?? group.minSize };
    case "maxSize":
      return { ...group, maxSize: live.scalingConfig?.maxSize ?? group.maxSize };
    case "releaseVersion":
      return { ...group, releaseVersion: undefined };
    default:
      return group;
  }
}

function clusterOf(config: ClusterConfig, field: string, facts: Facts): ClusterConfig {
  const { cluster } = facts;
  if (cluster === undefined) return config;
  if (field.startsWith("tags.")) {
    const tags = keyed(config.metadata.tags, userTags(cluster.tags), field.slice("tags.".length));
    return { ...config, metadata: { ...config.metadata, tags } };
  }
  if (field === "publicAccessCIDRs") {
    return {
      ...config,
      vpc: { ...config.vpc, publicAccessCIDRs: cluster.resourcesVpcConfig?.publicAccessCidrs ?? [] },
    };
  }
  const enableTypes = (cluster.logging?.clusterLogging ?? [])
    .filter((setup) => setup.enabled === true)
    .flatMap((setup): readonly LogType[] => setup.types ?? []);
  return { ...config, cloudWatch: { ...config.cloudWatch, enableTypes } };
}

/** One key as it is live, or all of them where none is named. */
function keyed(wanted: Tags, live: Tags, key: string): Tags {
  if (key === "") return live;
  const { [key]: _, ...rest } = wanted;
  const value = live[key];
  return value === undefined ? rest : { ...rest, [key]: value };
}
