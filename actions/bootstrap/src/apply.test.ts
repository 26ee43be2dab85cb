import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

// Whole lives of clusters on a virtual clock: seconds of work on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const SMALL = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
  tags: {team: platform}
managedNodeGroups:
  - name: web
`;

const FULL = `${SMALL}    privateNetworking: true
    labels: {role: web}
    taints:
      - {key: dedicated, value: web, effect: NoSchedule}
  - name: spot
    spot: true
    instanceTypes: [m5.large, m5a.large]
    minSize: 0
    maxSize: 4
iam:
  withOIDC: true
  podIdentityAssociations:
    - namespace: shop
      serviceAccountName: web
      permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    - namespace: dns
      serviceAccountName: external-dns
      wellKnownPolicies: {externalDNS: true}
accessConfig:
  authenticationMode: API
  accessEntries:
    - principalARN: arn:aws:iam::111122223333:role/dev
      kubernetesGroups: [dev]
      accessPolicies:
        - policyARN: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
          accessScope: {type: namespace, namespaces: [shop]}
addons:
  - name: vpc-cni
    attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]
  - name: aws-ebs-csi-driver
    wellKnownPolicies: {ebsCSIController: true}
cloudWatch:
  clusterLogging: {enableTypes: [audit, api], logRetentionInDays: 30}
`;

async function labWithDev(options: Parameters<typeof startLab>[0] = {}): Promise<Lab> {
  const lab = await startLab(options);
  lab.aws.addRole({ name: "dev" });
  const arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  lab.aws.account.managedPolicies.set(arn, { name: "AmazonS3ReadOnlyAccess", arn, document: "{}" });
  return lab;
}

/** Everything of the account that a run can make twice or leave behind. */
function inventory(lab: Lab) {
  const { account } = lab.aws;
  const { network } = account;
  const cluster = account.clusters.get("shop");
  const live = [...network.natGateways.values()].filter((nat) => nat.State === "available");
  return {
    clusters: account.clusters.size,
    vpcs: [...network.vpcs.values()].filter((vpc) => vpc.IsDefault !== true).length,
    subnets: [...network.subnets.values()].filter((subnet) => subnet.DefaultForAz !== true).length,
    gateways: network.internetGateways.size,
    nats: live.length,
    addresses: network.addresses.size,
    routeTables: [...network.routeTables.values()].filter((table) =>
      table.Tags?.some((tag) => tag.Key === "eks-actions/part"),
    ).length,
    groups: [...network.securityGroups.values()].filter((group) =>
      group.Tags?.some((tag) => tag.Key === "eks-actions/part"),
    ).length,
    templates: network.launchTemplates.size,
    roles: [...account.roles.values()]
      .filter((role) => role.path.startsWith("/eks-actions/"))
      .map((role) => role.name)
      .sort(),
    nodegroups: [...(cluster?.nodegroups.keys() ?? [])].sort(),
    addons: [...(cluster?.addons.keys() ?? [])].sort(),
    entries: [...(cluster?.accessEntries.keys() ?? [])].sort(),
    podIdentities: [...(cluster?.podIdentityAssociations.values() ?? [])]
      .map((entry) => `${entry.namespace}/${entry.serviceAccount}`)
      .sort(),
    providers: account.oidcProviders.size,
  };
}

describe("apply on an empty account", () => {
  it("builds a four-line file, tags every part, and writes nothing the second time", async () => {
    await using lab = await startLab();
    const first = await lab.run(SMALL);
    expect(first.annotations.filter((entry) => entry.level === "error")).toEqual([]);
    expect(first.code).toBe(0);
    expect(first.outputs).toMatchObject({ result: "applied", status: "converged", "cluster-name": "shop" });
    expect(inventory(lab)).toMatchObject({
      clusters: 1,
      vpcs: 1,
      subnets: 6,
      nats: 1,
      addresses: 1,
      nodegroups: ["web"],
    });
    const { network, roles, clusters } = lab.aws.account;
    for (const part of [
      ...[
        ...network.vpcs.values(),
        ...network.subnets.values(),
        ...network.natGateways.values(),
        ...network.addresses.values(),
        ...network.launchTemplates.values(),
      ].map((object) => ("Tags" in object ? object.Tags : "tags" in object ? object.tags : [])),
    ]) {
      const keys = (part ?? []).map((tag) => tag.Key);
      expect(keys).toEqual(expect.arrayContaining(["eks-actions/owner", "eks-actions/part", "team"]));
    }
    const ours = [...roles.values()].filter((role) => role.path.startsWith("/eks-actions/"));
    for (const role of ours)
      expect([...role.tags.keys()]).toEqual(expect.arrayContaining(["eks-actions/owner", "team"]));
    expect(clusters.get("shop")?.cluster.tags).toMatchObject({ team: "platform" });
    expect(Object.keys(clusters.get("shop")?.cluster.tags ?? {})).not.toContain("eks-actions/lease");
    const second = await lab.run(SMALL);
    expect(second).toMatchObject({ code: 0, writes: [], outputs: { result: "unchanged", status: "converged" } });
    expect(second.log.length).toBeLessThanOrEqual(10);
  });

  it("builds pod identities, access entries, IRSA add-ons, log retention and several groups", async () => {
    await using lab = await labWithDev();
    const first = await lab.run(FULL);
    expect(first.annotations.filter((entry) => entry.level === "error")).toEqual([]);
    expect(first.code).toBe(0);
    expect(inventory(lab)).toMatchObject({
      nodegroups: ["spot", "web"],
      podIdentities: ["dns/external-dns", "shop/web"],
      providers: 1,
    });
    expect(lab.aws.account.logGroups.get("/aws/eks/shop/cluster")?.retentionInDays).toBe(30);
    expect((await lab.run(FULL)).writes).toEqual([]);
  });

  it("is ready within five percent of the longest way through its parts", async () => {
    await using lab = await startLab();
    const ran = await lab.run(
      `${SMALL}addonsConfig: {disableDefaultAddons: true}\naddons: [{name: vpc-cni}, {name: kube-proxy}, {name: coredns}]\n`,
    );
    expect(ran.code).toBe(0);
    // 10–15 s of IAM and VPC, 600 s of control plane, 119 s of nodes, 15 s of coredns.
    expect(ran.seconds).toBeLessThan(745 * 1.05);
    expect(ran.seconds).toBeGreaterThan(734);
  });
});

describe("a disturbed AWS", () => {
  it("that throttles half of all requests only takes longer", async () => {
    await using lab = await startLab({ throttle: 0.5, seed: 7 });
    const ran = await lab.run(SMALL);
    expect(ran.annotations.filter((entry) => entry.level === "error")).toEqual([]);
    expect(ran.code).toBe(0);
    expect(inventory(lab)).toMatchObject({ clusters: 1, vpcs: 1, nats: 1, addresses: 1 });
  });

  it("that loses answers makes nothing twice", async () => {
    const ops = [
      "ec2:CreateVpc",
      "ec2:CreateSubnet",
      "ec2:AllocateAddress",
      "ec2:CreateNatGateway",
      "ec2:CreateLaunchTemplate",
      "eks:CreateCluster",
      "eks:CreateNodegroup",
      "eks:CreateAddon",
      "iam:CreateRole",
    ];
    await using lab = await startLab({ faults: ops.map((op) => ({ op, nth: 1, drop: "after" })) });
    const ran = await lab.run(SMALL);
    expect(ran.annotations.filter((entry) => entry.level === "error")).toEqual([]);
    expect(ran.code).toBe(0);
    expect(inventory(lab)).toMatchObject({ clusters: 1, vpcs: 1, subnets: 6, nats: 1, addresses: 1, templates: 1 });
    expect((await lab.run(SMALL)).writes).toEqual([]);
  });

  it("gives a new role time, and an old one none", async () => {
    await using lab = await startLab();
    const ran = await lab.run(SMALL);
    expect(ran.code).toBe(0);
    await using other = await startLab();
    const roleArn = other.aws.addRole({ name: "old", managed: ["AmazonEKSClusterPolicy"] });
    const role = [...other.aws.account.roles.values()].find((entry) => entry.arn === roleArn);
    if (role !== undefined) role.createdAt = 0;
    const refused = await other.run(`${SMALL}iam: {serviceRoleARN: "${roleArn}"}\n`);
    expect(refused.code).toBe(1);
    expect(refused.outputs["cause"]).toBe("ROLE_NOT_USABLE");
  });
});

describe("a bug while it applies", () => {
  it("ends red with its stack, not as a refusal of AWS, and lets the lease go", async () => {
    await using lab = await labWithDev();
    const before = (count: number) => {
      if (count === 3) throw new TypeError("no such member");
    };
    const ran = await lab.run(SMALL, {}, { before });
    expect(ran).toMatchObject({ code: 1, outputs: { result: "failed", cause: "INTERNAL" } });
    expect(ran.log.join("\n")).toMatch(/TypeError: no such member\n\s+at [\s\S]*This is a bug/);
    expect(await lab.run(SMALL, {}, { runId: "101" })).toMatchObject({ code: 0, outputs: { result: "applied" } });
  });
});
