import type { AccessEntrySeed, ClusterSeed, RoleSeed, SessionCredentials } from "./aws.ts";
import { newId } from "./services/ec2/find.ts";
import { attachmentTo } from "./services/ec2/gateways.ts";
import { makeRouteTable } from "./services/ec2/routeTables.ts";
import { makeSubnet } from "./services/ec2/subnets.ts";
import { makeVpc } from "./services/ec2/vpcs.ts";
import { zonesOf } from "./services/ec2/zones.ts";
import { putAccessEntry, putAccessPolicy } from "./services/eks/access.ts";
import { accessPolicyArn } from "./services/eks/accessPolicies.ts";
import { newClusterRecord } from "./services/eks/clusterRecord.ts";
import { activateCluster } from "./services/eks/clusters.ts";
import { clusterNamed } from "./services/eks/find.ts";
import { defaultVersion } from "./services/eks/versions.ts";
import { putProvider } from "./services/iam/oidcProviders.ts";
import { makeRole } from "./services/iam/roles.ts";
import { openSession } from "./sessions.ts";
import type { Role } from "./state.ts";
import type { World } from "./world.ts";

/** Creates the IAM provider of an issuer that signs tokens for `clientIds`. */
export function seedIssuer(world: World, issuerUrl: string, clientIds: readonly string[]): string {
  return putProvider(world, { url: issuerUrl.replace(/^https?:\/\//, ""), clientIds }).arn;
}

/** A role that has long been there. */
export function seedRole(world: World, seed: RoleSeed): Role {
  const { account } = world;
  const role = makeRole(world, {
    name: seed.name,
    path: seed.path ?? "/",
    trust: JSON.stringify(seed.trust ?? accountTrust(world)),
    maxSessionDuration: seed.maxSessionDuration ?? 3600,
    usableAt: 0,
    tags: new Map(Object.entries(seed.tags ?? {})),
  });
  role.createdAt = world.agenda.now() - 30 * 24 * 3600_000;
  for (const [name, document] of Object.entries(seed.inline ?? {})) role.inline.set(name, JSON.stringify(document));
  role.attached = (seed.managed ?? []).map((name) =>
    name.startsWith("arn:") ? name : `arn:${account.partition}:iam::aws:policy/${name}`,
  );
  const missing = role.attached.find((arn) => !account.managedPolicies.has(arn));
  if (missing !== undefined) throw new Error(`no managed policy ${missing} in the stand-in (policy/managed.ts)`);
  account.roles.set(role.name, role);
  return role;
}

function accountTrust(world: World) {
  const { partition, id } = world.account;
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: `arn:${partition}:iam::${id}:root` }, Action: "sts:AssumeRole" }],
  };
}

/** A VPC with two public subnets that reach the internet. */
export function seedNetwork(world: World): { readonly vpcId: string; readonly subnetIds: string[] } {
  const { network } = world.account;
  const vpcId = makeVpc(world, { cidr: "192.168.0.0/16", tags: [] }).VpcId ?? "";
  const gatewayId = newId(world, "igw");
  network.internetGateways.set(gatewayId, {
    InternetGatewayId: gatewayId,
    OwnerId: world.account.id,
    Attachments: [attachmentTo(vpcId)],
    Tags: [],
  });
  const table = makeRouteTable(world, { vpcId, isMain: false, tags: [] });
  table.Routes?.push({
    DestinationCidrBlock: "0.0.0.0/0",
    GatewayId: gatewayId,
    Origin: "CreateRoute",
    State: "active",
  });
  const subnetIds = zonesOf(world)
    .slice(0, 2)
    .map((zone, index) => {
      const subnet = makeSubnet(world, { vpcId, cidr: `192.168.${index * 32}.0/19`, zone: zone.name, tags: [] });
      subnet.MapPublicIpOnLaunch = true;
      table.Associations?.push({
        Main: false,
        RouteTableAssociationId: newId(world, "rtbassoc"),
        RouteTableId: table.RouteTableId,
        SubnetId: subnet.SubnetId,
        AssociationState: { State: "associated" },
      });
      return subnet.SubnetId ?? "";
    });
  return { vpcId, subnetIds };
}

/** An ACTIVE cluster in a VPC of its own. */
export function seedCluster(world: World, seed: ClusterSeed): string {
  const { account } = world;
  const roleName = `${seed.name}-cluster`;
  const role =
    account.roles.get(roleName) ??
    seedRole(world, {
      name: roleName,
      trust: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      managed: ["AmazonEKSClusterPolicy"],
    });
  const { vpcId, subnetIds } = seedNetwork(world);
  const record = newClusterRecord(
    world,
    {
      name: seed.name,
      roleArn: role.arn,
      resourcesVpcConfig: { subnetIds },
      accessConfig: {
        authenticationMode: seed.authenticationMode ?? "API_AND_CONFIG_MAP",
        bootstrapClusterCreatorAdminPermissions: false,
      },
      tags: { ...seed.tags },
    },
    { vpcId, version: seed.version ?? defaultVersion, creatorArn: role.arn },
  );
  account.clusters.set(seed.name, record);
  activateCluster(world, record);
  return record.cluster.arn ?? "";
}

export function seedAccessEntry(world: World, clusterName: string, seed: AccessEntrySeed): void {
  const entry = putAccessEntry(world, clusterNamed(world, clusterName), {
    principalArn: seed.principalArn,
    username: seed.username,
    groups: seed.groups,
  });
  for (const { name, namespaces } of seed.policies ?? []) {
    const scope =
      namespaces === undefined
        ? { type: "cluster" as const }
        : { type: "namespace" as const, namespaces: [...namespaces] };
    putAccessPolicy(world, entry, accessPolicyArn(world.account.partition, name), scope);
  }
}

/** A session that no STS call opened. */
export function seedSession(
  world: World,
  roleArn: string | undefined,
  options: { readonly sessionName?: string; readonly durationSeconds?: number },
): SessionCredentials {
  const known = [...world.account.roles.values()];
  const role =
    roleArn === undefined
      ? (world.account.roles.get("test-admin") ??
        seedRole(world, { name: "test-admin", managed: ["AdministratorAccess"] }))
      : known.find((candidate) => candidate.arn === roleArn);
  if (role === undefined) throw new Error(`no role ${roleArn} in the stand-in: addRole() first`);
  const session = openSession(world, role, {
    sessionName: options.sessionName ?? "test",
    durationSeconds: options.durationSeconds ?? 3600,
  });
  return {
    accessKeyId: session.accessKeyId,
    secretAccessKey: session.secretAccessKey,
    sessionToken: session.sessionToken,
    expiration: new Date(session.expiresAt),
  };
}
