import type { ClusterConfig } from "@eks-actions/cluster-config";
import { clusterValues } from "../cluster/values.ts";
import type { Facts } from "../facts.ts";
import type { Inputs } from "../inputs.ts";
import { ipv6RangeOf } from "../network/ipv6-range.ts";
import { withSelectedTypes } from "../nodes/instance-selector.ts";
import { withKarpenter } from "../nodes/karpenter.ts";
import { withApprovedVersions } from "./approved-versions.ts";
import { withIgnoredFields } from "./ignored-fields.ts";
import { type Ownership, PART, readTags, type Tags } from "./tags.ts";
import type { Known } from "./value.ts";

/** What every part of the plan works from. */
export interface Context {
  readonly inputs: SettledInputs;
  readonly facts: Facts;
  /** The file with the live values where another tool decides, and with the types that its selectors stand for. */
  readonly config: ClusterConfig;
  readonly ownership: Ownership;
  /** Values of parts that exist. */
  readonly known: Known;
}

/** Inputs with the extension file's word where the workflow says nothing. */
export interface SettledInputs extends Inputs {
  readonly insights: "block" | "warn" | "off";
  readonly nodeRoll: "each-minor" | "last";
}

export function createContext(inputs: Inputs, facts: Facts): Context {
  const config = withApprovedVersions(withKarpenter(withSelectedTypes(withIgnoredFields(facts), facts), facts), facts);
  const upgrade = config.extension?.upgrade;
  const ownership: Ownership = {
    owner: inputs.owner,
    cluster: config.metadata.name,
    common: config.metadata.tags,
  };
  const settled: SettledInputs = {
    ...inputs,
    insights: inputs.insights ?? upgrade?.insights ?? "block",
    nodeRoll: inputs.nodeRoll ?? upgrade?.nodeRoll ?? "last",
  };
  return { inputs: settled, facts, config, ownership, known: knownParts(facts) };
}

/** The name of our part in a tagged object; `undefined` for another cluster's or a foreign object. */
export function partOf(cluster: string, tags: Tags): string | undefined {
  const part = tags[PART];
  return part?.startsWith(`${cluster}/`) === true ? part.slice(cluster.length + 1) : undefined;
}

/** Ids and other values of every part that exists: what references resolve to. */
export function knownParts(facts: Facts): Known {
  const name = facts.config.metadata.name;
  const known = new Map<string, string>();
  const add = (part: string | undefined, attribute: string, value: string | undefined) => {
    if (part !== undefined && value !== undefined) known.set(`${part}#${attribute}`, value);
  };
  const { network } = facts;
  const tagged = (tags: Parameters<typeof readTags>[0]) => partOf(name, readTags(tags));
  for (const vpc of network.vpcs) {
    add(tagged(vpc.Tags), "id", vpc.VpcId);
    add(tagged(vpc.Tags), "ipv6", ipv6RangeOf(vpc));
  }
  for (const gateway of network.egressGateways) add(tagged(gateway.Tags), "id", gateway.EgressOnlyInternetGatewayId);
  for (const endpoint of network.endpoints) {
    if (!/^delet/i.test(endpoint.State ?? "")) add(tagged(endpoint.Tags), "id", endpoint.VpcEndpointId);
  }
  for (const subnet of network.subnets) add(tagged(subnet.Tags), "id", subnet.SubnetId);
  for (const gateway of network.internetGateways) add(tagged(gateway.Tags), "id", gateway.InternetGatewayId);
  for (const table of network.routeTables) add(tagged(table.Tags), "id", table.RouteTableId);
  for (const nat of network.natGateways) {
    if (nat.State !== "deleted" && nat.State !== "deleting" && nat.State !== "failed") {
      add(tagged(nat.Tags), "id", nat.NatGatewayId);
    }
  }
  for (const address of network.addresses) add(tagged(address.Tags), "id", address.AllocationId);
  for (const group of network.securityGroups) add(tagged(group.Tags), "id", group.GroupId);
  for (const role of facts.roles) {
    const part = partOf(name, role.tags);
    add(part, "arn", role.arn);
    add(part, "name", role.name);
  }
  for (const { template } of facts.launchTemplates) {
    const part = tagged(template.Tags);
    add(part, "id", template.LaunchTemplateId);
    add(part, "version", template.LatestVersionNumber?.toString());
  }
  for (const provider of facts.oidcProviders) add(partOf(name, provider.tags), "arn", provider.arn);
  for (const [name, value] of facts.cluster === undefined ? [] : clusterValues(facts.cluster)) known.set(name, value);
  return known;
}
