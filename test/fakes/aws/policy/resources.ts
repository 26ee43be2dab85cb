import type { Tag } from "@aws-sdk/client-ec2";
import { taggedByArn } from "../services/eks/tagged.ts";
import type { Account } from "../state.ts";
import { type Target, text } from "./requirements.ts";

type Input = Readonly<Record<string, unknown>>;

const none: Target = { arn: "*", tags: {} };

/** The EKS object that a request acts on, with its tags; creations act on their cluster. */
export function eksResource(account: Account, operation: string, input: Input): Target {
  const prefix = `arn:${account.partition}:eks:${account.region}:${account.id}:`;
  const resourceArn = text(input["resourceArn"]);
  if (resourceArn !== undefined) return { arn: resourceArn, tags: taggedByArn(account, resourceArn)?.tags ?? {} };
  const clusterName = text(input["clusterName"]) ?? text(input["name"]);
  if (clusterName === undefined || ["ListClusters", "DescribeClusterVersions"].includes(operation)) return none;
  const record = account.clusters.get(clusterName);
  const cluster: Target = { arn: `${prefix}cluster/${clusterName}`, tags: record?.cluster.tags ?? {} };
  if (operation.startsWith("Create") || operation.startsWith("List")) return cluster;
  const child = (
    kind: string,
    name: string | undefined,
    found: string | undefined,
    tags: Target["tags"] | undefined,
  ) =>
    name === undefined ? undefined : { arn: found ?? `${prefix}${kind}/${clusterName}/${name}/*`, tags: tags ?? {} };
  const nodegroup = record?.nodegroups.get(text(input["nodegroupName"]) ?? "");
  const addon = record?.addons.get(text(input["addonName"]) ?? "");
  const profile = record?.fargateProfiles.get(text(input["fargateProfileName"]) ?? "");
  const entry = record?.accessEntries.get(text(input["principalArn"]) ?? "")?.entry;
  const association = record?.podIdentityAssociations.get(text(input["associationId"]) ?? "");
  return (
    child("nodegroup", text(input["nodegroupName"]), nodegroup?.nodegroupArn, nodegroup?.tags) ??
    child("addon", text(input["addonName"]), addon?.addonArn, addon?.tags) ??
    child("fargateprofile", text(input["fargateProfileName"]), profile?.fargateProfileArn, profile?.tags) ??
    child("access-entry", text(input["principalArn"]), entry?.accessEntryArn, entry?.tags) ??
    child("podidentityassociation", text(input["associationId"]), association?.associationArn, association?.tags) ??
    cluster
  );
}

/** The IAM role or provider of a request; a role that does not exist yet by the path asked for. */
export function iamResource(account: Account, operation: string, input: Input): Target {
  const prefix = `arn:${account.partition}:iam::${account.id}:`;
  const provider = text(input["OpenIDConnectProviderArn"]);
  if (provider !== undefined) return { arn: provider, tags: {} };
  if (operation === "CreateOpenIDConnectProvider") {
    return { arn: `${prefix}oidc-provider/${(text(input["Url"]) ?? "").replace(/^https:\/\//, "")}`, tags: {} };
  }
  const name = text(input["RoleName"]);
  if (name === undefined) {
    return operation === "CreateServiceLinkedRole"
      ? { arn: `${prefix}role/aws-service-role/${text(input["AWSServiceName"]) ?? ""}/*`, tags: {} }
      : none;
  }
  const role = account.roles.get(name);
  return {
    arn: role?.arn ?? `${prefix}role${text(input["Path"]) ?? "/"}${name}`,
    tags: Object.fromEntries(role?.tags ?? []),
  };
}

const ec2Kinds: Readonly<Record<string, string>> = {
  vpc: "vpc",
  subnet: "subnet",
  igw: "internet-gateway",
  eigw: "egress-only-internet-gateway",
  rtb: "route-table",
  nat: "natgateway",
  eipalloc: "elastic-ip",
  sg: "security-group",
  lt: "launch-template",
  vol: "volume",
  eni: "network-interface",
  vpce: "vpc-endpoint",
  key: "key-pair",
};

const unusualKinds: Readonly<Record<string, string>> = { NatGateway: "natgateway", Address: "elastic-ip" };

/** The EC2 object that a change acts on; creations act on `<kind>/*`, reads on everything. */
export function ec2Resource(account: Account, operation: string, input: Input): Target {
  if (/^(Describe|Get)/.test(operation)) return none;
  const prefix = `arn:${account.partition}:ec2:${account.region}:${account.id}:`;
  if (/^(Create|Allocate|Import)/.test(operation) && !/^Create(Route|Tags|LaunchTemplateVersion)$/.test(operation)) {
    const noun = operation.replace(/^(Create|Allocate|Import)/, "");
    const kind = unusualKinds[noun] ?? noun.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
    return { arn: `${prefix}${kind}/*`, tags: {} };
  }
  const id = Object.values(input)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .find((value): value is string => typeof value === "string" && ec2Kinds[value.split("-")[0] ?? ""] !== undefined);
  if (id === undefined) return none;
  return { arn: `${prefix}${ec2Kinds[id.split("-")[0] ?? ""]}/${id}`, tags: ec2Tags(account, id) };
}

function ec2Tags(account: Account, id: string): Record<string, string> {
  const { network } = account;
  const tags: readonly Tag[] =
    network.vpcs.get(id)?.Tags ??
    network.subnets.get(id)?.Tags ??
    network.internetGateways.get(id)?.Tags ??
    network.egressOnlyInternetGateways.get(id)?.Tags ??
    network.routeTables.get(id)?.Tags ??
    network.natGateways.get(id)?.Tags ??
    network.addresses.get(id)?.Tags ??
    network.securityGroups.get(id)?.Tags ??
    network.launchTemplates.get(id)?.tags ??
    network.networkInterfaces.get(id)?.TagSet ??
    network.vpcEndpoints.get(id)?.Tags ??
    network.volumes.get(id)?.Tags ??
    network.keyPairs.get(id)?.Tags ??
    [];
  return Object.fromEntries(tags.map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}
