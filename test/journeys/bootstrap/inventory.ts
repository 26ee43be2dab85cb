import type { Account } from "../../fakes/aws/index.ts";

interface Ec2Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

const PART = "eks-actions/part";

/**
 * Everything of the account that a run can make twice, leave behind or forget to tag: one line per object, with its part
 * and the keys of its tags. Ids and times are left out, so two accounts that went different ways can be compared.
 */
export function inventory(account: Account): readonly string[] {
  const { network } = account;
  const ec2 = <T>(kind: string, objects: Iterable<T>, tags: (object: T) => readonly Ec2Tag[] | undefined) =>
    [...objects].flatMap((object) => {
      const record = Object.fromEntries((tags(object) ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
      return record[PART] === undefined ? [] : [line(kind, record[PART], record)];
    });
  const clusters = [...account.clusters].flatMap(([name, record]) => [
    line("cluster", `${name} ${record.cluster.version} ${record.cluster.status}`, record.cluster.tags),
    ...[...record.nodegroups.values()].map((group) =>
      line("node group", `${group.nodegroupName} ${group.version} ${group.status}`, group.tags),
    ),
    ...[...record.addons.values()].map((addon) =>
      line("add-on", `${addon.addonName} ${addon.addonVersion} ${addon.status}`, addon.tags),
    ),
    ...[...record.fargateProfiles.values()].map((profile) =>
      line("Fargate profile", `${profile.fargateProfileName}`, profile.tags),
    ),
    ...[...record.accessEntries].map(([principal, { entry, policies }]) =>
      line("access entry", `${principal} ${policies.map((policy) => policy.policyArn).join(" ")}`, entry.tags),
    ),
    ...[...record.podIdentityAssociations.values()].map((entry) =>
      line("pod identity", `${entry.namespace}/${entry.serviceAccount}`, entry.tags),
    ),
  ]);
  return [
    ...clusters,
    ...ec2("VPC", network.vpcs.values(), (vpc) => vpc.Tags),
    ...ec2("subnet", network.subnets.values(), (subnet) => subnet.Tags),
    ...ec2("internet gateway", network.internetGateways.values(), (gateway) => gateway.Tags),
    ...ec2("route table", network.routeTables.values(), (table) => table.Tags),
    ...ec2(
      "NAT gateway",
      [...network.natGateways.values()].filter((nat) => nat.State !== "deleted"),
      (nat) => nat.Tags,
    ),
    ...ec2("address", network.addresses.values(), (address) => address.Tags),
    ...ec2("security group", network.securityGroups.values(), (group) => group.Tags),
    ...ec2("launch template", network.launchTemplates.values(), (template) => template.tags),
    ...[...account.roles.values()]
      .filter((role) => role.path.startsWith("/eks-actions/"))
      .map((role) =>
        line(
          "role",
          `${role.name} ${role.attached.toSorted().join(" ")} ${[...role.inline.keys()]}`,
          Object.fromEntries(role.tags),
        ),
      ),
    ...[...account.oidcProviders.values()].map((provider) =>
      line("OIDC provider", provider.url, Object.fromEntries(provider.tags)),
    ),
    ...[...account.logGroups.values()].map((group) => line("log group", `${group.name} ${group.retentionInDays}`, {})),
  ]
    .map((text) => text.trim())
    .sort();
}

function line(kind: string, name: string, tags: Readonly<Record<string, string>> | undefined): string {
  return `${kind} ${name} [${Object.keys(tags ?? {})
    .sort()
    .join(" ")}]`;
}
