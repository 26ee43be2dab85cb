import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";
import type { Inputs } from "../inputs.ts";
import type { Ports } from "../ports.ts";
import { asRecord } from "./value.ts";

/**
 * Add-on versions that the approved plan resolved: add-on → version. What AWS calls the default may move between review
 * and apply; what was reviewed counts. The file itself is judged by `readApproval`; here a broken one has no versions.
 */
export function approvedVersions(inputs: Inputs, ports: Pick<Ports, "readText">): ReadonlyMap<string, string> {
  if (inputs.planFile === undefined) return new Map();
  try {
    const { resolved } = asRecord(JSON.parse(ports.readText(inputs.planFile)));
    return new Map(
      Object.entries(asRecord(asRecord(resolved)["addons"])).flatMap(([name, version]) =>
        typeof version === "string" ? [[name, version] as const] : [],
      ),
    );
  } catch (error) {
    // Said by `readApproval`, with what to do about it.
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** The file with approved versions in place of defaults, for add-ons that are still to be made and still offered. */
export function withApprovedVersions(config: ClusterConfig, facts: Facts): ClusterConfig {
  if (facts.approved.size === 0) return config;
  const addons = config.addons.map((addon) => {
    const approved = facts.approved.get(addon.name);
    const isLive = facts.addons.some((live) => live.addonName === addon.name);
    const isOffered = facts.addonInfos
      .get(addon.name)
      ?.addonVersions?.some((offered) => offered.addonVersion === approved);
    return addon.version === undefined && !isLive && isOffered === true ? { ...addon, version: approved } : addon;
  });
  return { ...config, addons };
}
