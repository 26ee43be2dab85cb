import type { Ec2SecurityGroup } from "@eks-actions/aws";
import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import type { Action, Call } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { tagSpecification, tagsOf } from "../plan/tags.ts";
import { canonical, ref, sha256 } from "../plan/value.ts";

/** How a person reaches the nodes of one group by SSH: a key, and a security group that opens port 22. */
export interface SshAccess {
  readonly keyName: string;
  readonly securityGroup: unknown;
  readonly actions: readonly Action[];
  /** Parts that the launch template waits for. */
  readonly parts: readonly string[];
}

export function sshAccess(context: Context, group: ManagedNodeGroup): SshAccess | undefined {
  if (group.ssh?.allow !== true) return undefined;
  const key = keyPair(context, group);
  const part = securityGroupPart(group);
  return {
    keyName: key.name,
    securityGroup: ref(part),
    actions: [...key.actions, ...securityGroup(context, group, part)],
    parts: [...(key.part === undefined ? [] : [key.part]), part],
  };
}

/** The public key that a group's nodes get: written out in the file, or read from where the file says. */
export function publicKeyOf(context: Context, group: ManagedNodeGroup): string | undefined {
  return group.ssh?.publicKey ?? context.facts.publicKeys.get(group.ssh?.publicKeyPath ?? "");
}

export function sshFindings(context: Context, group: ManagedNodeGroup): readonly Finding[] {
  const { ssh } = group;
  if (ssh?.allow !== true || ssh.publicKeyName !== undefined || publicKeyOf(context, group) !== undefined) return [];
  return [
    {
      level: "fatal",
      code: "CONFIG_INVALID_VALUE",
      target: { kind: "NodeGroup", name: group.name },
      path: `${group.source}.ssh`,
      message: `node group ${group.name}: \`${ssh.publicKeyPath ?? ""}\` is no file with one OpenSSH public key`,
      hint: "name a key pair of EC2: `ssh: {allow: true, publicKeyName: …}`, or write the key: `publicKey: ssh-ed25519 …`",
    },
  ];
}

function keyPair(context: Context, group: ManagedNodeGroup) {
  const named = group.ssh?.publicKeyName;
  if (named !== undefined) return { name: named, part: undefined, actions: [] };
  const material = publicKeyOf(context, group) ?? "";
  const part = `key-${group.name}`;
  // A key pair cannot be changed, so another key is another pair.
  const name = `eks-actions-${context.ownership.cluster}-${group.name}-${sha256(material).slice(0, 6)}`;
  const exists = context.facts.keyPairs.some((pair) => pair.KeyName === name);
  const call: Call = {
    service: "ec2",
    operation: "ImportKeyPair",
    args: {
      KeyName: name,
      PublicKeyMaterial: Buffer.from(material),
      TagSpecifications: tagSpecification("key-pair", tagsOf(context.ownership, part, { material })),
    },
    lookup: { part, kind: "key" },
  };
  const actions = exists ? [] : quick(part, { kind: "KeyPair", name }, true, [call], ["role-cluster"]);
  return { name, part, actions };
}

function securityGroupPart(group: ManagedNodeGroup): string {
  return `sg-ssh-${group.name}`;
}

function securityGroup(context: Context, group: ManagedNodeGroup, part: string): readonly Action[] {
  const { known, facts, ownership } = context;
  const id = known.get(`${part}#id`);
  const live = facts.network.securityGroups.find((candidate) => candidate.GroupId === id && id !== undefined);
  const wanted = sources(context, group);
  const present = (live?.IpPermissions ?? []).flatMap(sourcesOf);
  const has = (all: readonly Source[], one: Source) => all.some((other) => canonical(other) === canonical(one));
  const missing = wanted.filter((source) => !has(present, source));
  const extra = present.filter((source) => !has(wanted, source));
  const calls: Call[] = [];
  if (live === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateSecurityGroup",
      args: {
        GroupName: `eks-actions-${ownership.cluster}-${group.name}-ssh`,
        Description: `SSH to nodes of ${group.name} in the EKS cluster ${ownership.cluster}`,
        VpcId: facts.network.foreign?.vpc?.VpcId ?? ref("vpc"),
        TagSpecifications: tagSpecification(
          "security-group",
          tagsOf(ownership, part, {}),
          `${ownership.cluster}/${part}`,
        ),
      },
      gives: { [`${part}#id`]: "GroupId" },
      lookup: { part, kind: "sg" },
    });
  }
  const rules = (operation: string, all: readonly Source[]): readonly Call[] =>
    all.length === 0
      ? []
      : [{ service: "ec2", operation, args: { GroupId: ref(part), IpPermissions: all.map(permission) } }];
  calls.push(...rules("AuthorizeSecurityGroupIngress", missing), ...rules("RevokeSecurityGroupIngress", extra));
  const target = { kind: "SecurityGroup", name: part };
  return quick(part, target, live === undefined, calls, ["role-cluster", "vpc"]);
}

/** Where connections may come from. */
type Source = { readonly group: string } | { readonly cidr: string } | { readonly cidr6: string };

/** As in eksctl: the named groups; else the VPC for private nodes, the world for public ones. */
function sources(context: Context, group: ManagedNodeGroup): readonly Source[] {
  const named = group.ssh?.sourceSecurityGroupIds ?? [];
  if (named.length > 0) return named.map((id) => ({ group: id }));
  if (!group.privateNetworking) return [{ cidr: "0.0.0.0/0" }, { cidr6: "::/0" }];
  return [{ cidr: context.facts.network.foreign?.vpc?.CidrBlock ?? context.config.vpc.cidr }];
}

function permission(source: Source): Readonly<Record<string, unknown>> {
  const port = { IpProtocol: "tcp", FromPort: 22, ToPort: 22 };
  if ("group" in source) return { ...port, UserIdGroupPairs: [{ GroupId: source.group }] };
  if ("cidr" in source) return { ...port, IpRanges: [{ CidrIp: source.cidr }] };
  return { ...port, Ipv6Ranges: [{ CidrIpv6: source.cidr6 }] };
}

function sourcesOf(live: NonNullable<Ec2SecurityGroup["IpPermissions"]>[number]): readonly Source[] {
  return [
    ...(live.UserIdGroupPairs ?? []).flatMap(({ GroupId }) => (GroupId === undefined ? [] : [{ group: GroupId }])),
    ...(live.IpRanges ?? []).flatMap(({ CidrIp }) => (CidrIp === undefined ? [] : [{ cidr: CidrIp }])),
    ...(live.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => (CidrIpv6 === undefined ? [] : [{ cidr6: CidrIpv6 }])),
  ];
}
