import { readFileSync } from "node:fs";
import { parseClusterConfig } from "@eks-actions/cluster-config";
import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Action } from "./plan/action.ts";
import { type Plan, plan } from "./plan.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const policy = (name: string) => `arn:aws:iam::aws:policy/${name}`;
const access = (name: string) => `arn:aws:eks::aws:cluster-access-policy/${name}`;
const SCOPE = { type: "cluster" };

/** A cluster with something of everything, so that each field can be changed alone. */
const BASE = {
  apiVersion: "eksctl.io/v1alpha5",
  kind: "ClusterConfig",
  metadata: { name: "shop", region: "eu-west-1", tags: { team: "shop" } },
  vpc: { clusterEndpoints: { publicAccess: true, privateAccess: true }, publicAccessCIDRs: ["203.0.113.0/24"] },
  cloudWatch: { clusterLogging: { enableTypes: ["audit"], logRetentionInDays: 30 } },
  upgradePolicy: { supportType: "STANDARD" },
  zonalShiftConfig: { enabled: false },
  controlPlaneScalingConfig: { tier: "standard" },
  kubeAPIServerConfig: { eventTtl: "30m" },
  accessConfig: {
    accessEntries: [
      { principalARN: role("dev"), accessPolicies: [{ policyARN: access("AmazonEKSViewPolicy"), accessScope: SCOPE }] },
      { principalARN: role("ops"), kubernetesGroups: ["ops"], kubernetesUsername: "ops" },
    ],
  },
  iam: {
    withOIDC: true,
    podIdentityAssociations: [
      { namespace: "shop", serviceAccountName: "web", permissionPolicyARNs: [policy("AmazonS3ReadOnlyAccess")] },
    ],
    serviceAccounts: [
      { metadata: { name: "cart", namespace: "shop" }, attachPolicyARNs: [policy("AmazonSQSFullAccess")] },
    ],
  },
  identityProviders: [{ type: "oidc", name: "corp", issuerURL: "https://login.example.com", clientID: "k8s" }],
  addons: [{ name: "vpc-cni", configurationValues: '{"env":{"WARM_IP_TARGET":"2"}}' }, { name: "aws-ebs-csi-driver" }],
  fargateProfiles: [{ name: "jobs", selectors: [{ namespace: "jobs" }] }],
  capabilities: [{ name: "kro", type: "KRO", tags: { team: "shop" } }],
  managedNodeGroups: [
    {
      name: "web",
      instanceType: "m5.large",
      minSize: 1,
      maxSize: 3,
      labels: { role: "web" },
      taints: [{ key: "dedicated", value: "web", effect: "NoSchedule" }],
      tags: { team: "shop" },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: false },
      iam: { attachPolicyARNs: [policy("AmazonS3ReadOnlyAccess")] },
    },
  ],
};

type Path = readonly (string | number)[];

/** BASE with one field changed; everything else shares its values. */
function changed(path: Path, value: unknown, node: unknown = BASE): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === "number") {
    const items = Array.isArray(node) ? node : [];
    return items.map((item, index) => (index === key ? changed(rest, value, item) : item));
  }
  const members = typeof node === "object" && node !== null ? Object.entries(node) : [];
  return { ...Object.fromEntries(members), [key]: changed(rest, value, Object.fromEntries(members)[key]) };
}

const group = (...path: Path): Path => ["managedNodeGroups", 0, ...path];

// Path, other value, class, and the calls that carry it; tags that keep the hash of what was applied are left out.
const FIELDS: readonly (readonly [Path, unknown, string, readonly string[]])[] = [
  [["metadata", "tags"], { team: "front" }, "P", []],
  [["vpc", "clusterEndpoints", "publicAccess"], false, "C", ["UpdateClusterConfig"]],
  [["vpc", "publicAccessCIDRs"], ["198.51.100.0/24"], "C", ["UpdateClusterConfig"]],
  [["vpc", "nat"], { gateway: "HighlyAvailable" }, "P", ["CreateNatGateway"]],
  [["vpc", "hostnameType"], "resource-name", "P", ["ModifySubnetAttribute"]],
  [["vpc", "controlPlaneOnPrivateSubnets"], true, "C", ["UpdateClusterConfig"]],
  [["vpc", "extraCIDRs"], ["100.64.0.0/16"], "P", ["AssociateVpcCidrBlock"]],
  [["vpc", "controlPlaneEgressMode"], "CUSTOMER_ROUTED", "C", ["UpdateClusterConfig"]],
  [["cloudWatch", "clusterLogging", "enableTypes"], ["api"], "C", ["UpdateClusterConfig"]],
  [["cloudWatch", "clusterLogging", "logRetentionInDays"], 90, "P", ["PutRetentionPolicy"]],
  [["upgradePolicy", "supportType"], "EXTENDED", "C", ["UpdateClusterConfig"]],
  [["zonalShiftConfig", "enabled"], true, "C", ["UpdateClusterConfig"]],
  [["controlPlaneScalingConfig", "tier"], "tier-xl", "C", ["UpdateClusterConfig"]],
  [["kubeAPIServerConfig", "eventTtl"], "1h", "C", ["UpdateClusterConfig"]],
  [["secretsEncryption"], { keyARN: "arn:aws:kms:eu-west-1:111122223333:key/a" }, "C", ["AssociateEncryptionConfig"]],
  [["accessConfig", "authenticationMode"], "API", "C", ["UpdateClusterConfig"]],
  [
    ["accessConfig", "accessEntries", 0, "accessPolicies", 0, "policyARN"],
    access("AmazonEKSEditPolicy"),
    "P",
    ["AssociateAccessPolicy"],
  ],
  [["accessConfig", "accessEntries", 0], { principalARN: role("dev"), type: "EC2_LINUX" }, "D", ["DeleteAccessEntry"]],
  [["accessConfig", "accessEntries", 1, "kubernetesGroups"], ["dev"], "P", ["UpdateAccessEntry"]],
  [["accessConfig", "accessEntries", 1, "kubernetesUsername"], "operator", "P", ["UpdateAccessEntry"]],
  [["iam", "vpcResourceControllerPolicy"], false, "P", ["DetachRolePolicy"]],
  [
    ["iam", "podIdentityAssociations", 0, "permissionPolicyARNs"],
    [policy("AmazonSQSFullAccess")],
    "P",
    ["AttachRolePolicy"],
  ],
  [["iam", "podIdentityAssociations", 0, "disableSessionTags"], true, "P", ["UpdatePodIdentityAssociation"]],
  [["iam", "serviceAccounts", 0, "attachPolicyARNs"], [policy("AmazonS3ReadOnlyAccess")], "P", ["AttachRolePolicy"]],
  [["identityProviders", 0, "clientID"], "other", "D", ["DisassociateIdentityProviderConfig"]],
  [["identityProviders", 0, "tags"], { stage: "test" }, "P", []],
  [["addons", 0, "configurationValues"], '{"env":{"WARM_IP_TARGET":"3"}}', "P", ["UpdateAddon"]],
  [["addons", 1, "wellKnownPolicies"], { ebsCSIController: true }, "P", ["UpdateAddon"]],
  [["addons", 1, "tags"], { stage: "test" }, "P", []],
  [["autoModeConfig"], { enabled: true }, "C", ["UpdateClusterConfig"]],
  [["fargateProfiles", 0, "selectors", 0, "namespace"], "batch", "D", ["DeleteFargateProfile"]],
  [["fargateProfiles", 0, "tags"], { stage: "test" }, "P", []],
  [["capabilities", 0, "tags"], { team: "front" }, "P", []],
  [["capabilities", 0, "type"], "ACK", "D", ["DeleteCapability"]],
  [group("instanceType"), "m5.xlarge", "G", ["CreateNodegroup"]],
  [group("amiFamily"), "Bottlerocket", "G", ["CreateNodegroup"]],
  [group("spot"), true, "G", ["CreateNodegroup"]],
  [group("privateNetworking"), true, "G", ["CreateNodegroup"]],
  [group("availabilityZones"), ["eu-west-1a"], "G", ["CreateNodegroup"]],
  [group("minSize"), 2, "P", ["UpdateNodegroupConfig"]],
  [group("maxSize"), 5, "P", ["UpdateNodegroupConfig"]],
  [group("labels"), { role: "api" }, "P", ["UpdateNodegroupConfig"]],
  [group("taints", 0, "value"), "api", "P", ["UpdateNodegroupConfig"]],
  [group("updateConfig"), { maxUnavailablePercentage: 20 }, "P", ["UpdateNodegroupConfig"]],
  [group("nodeRepairConfig", "enabled"), true, "P", ["UpdateNodegroupConfig"]],
  [group("iam", "attachPolicyARNs"), [policy("AmazonSQSFullAccess")], "P", ["AttachRolePolicy"]],
  [group("volumeSize"), 100, "R", ["UpdateNodegroupVersion"]],
  [group("volumeType"), "gp2", "R", ["UpdateNodegroupVersion"]],
  [group("volumeIOPS"), 4000, "R", ["UpdateNodegroupVersion"]],
  [group("volumeThroughput"), 250, "R", ["UpdateNodegroupVersion"]],
  [group("volumeEncrypted"), true, "R", ["UpdateNodegroupVersion"]],
  [group("volumeName"), "/dev/xvdb", "R", ["UpdateNodegroupVersion"]],
  [group("disableIMDSv1"), false, "R", ["UpdateNodegroupVersion"]],
  [group("disablePodIMDS"), true, "R", ["UpdateNodegroupVersion"]],
  [group("instanceName"), "web-node", "R", ["UpdateNodegroupVersion"]],
  [group("instancePrefix"), "acme", "R", ["UpdateNodegroupVersion"]],
  [group("maxPodsPerNode"), 50, "R", ["UpdateNodegroupVersion"]],
  [group("enableDetailedMonitoring"), true, "R", ["UpdateNodegroupVersion"]],
  [group("ebsOptimized"), true, "R", ["UpdateNodegroupVersion"]],
  [group("capacityReservation"), { capacityReservationPreference: "none" }, "R", ["UpdateNodegroupVersion"]],
  [group("securityGroups"), { attachIDs: ["sg-0123456789abcdef0"] }, "R", ["UpdateNodegroupVersion"]],
  [group("ssh"), { allow: true, publicKeyName: "ops" }, "R", ["UpdateNodegroupVersion"]],
  [group("preBootstrapCommands"), ["echo hello"], "R", ["UpdateNodegroupVersion"]],
  [group("additionalVolumes"), [{ volumeName: "/dev/xvdf" }], "R", ["UpdateNodegroupVersion"]],
];

describe("a field of the file that is changed alone", () => {
  let lab: Lab;
  let base: Plan;
  beforeAll(async () => {
    lab = await startLab({ iamPropagation: true, latency: false });
    for (const name of ["dev", "ops"]) lab.aws.addRole({ name });
    await settle(lab, JSON.stringify(BASE));
    base = await lab.look(JSON.stringify(BASE));
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const shown = (path: Path) =>
    path
      .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
      .join("")
      .slice(1);

  it.each(FIELDS.map(([path, ...rest]) => [shown(path), path, ...rest] as const))(
    "%s",
    (_, path, value, letter, operations) => {
      const config = parseClusterConfig(JSON.stringify(changed(path, value)), { file: "cluster.yaml" });
      const planned = plan(base.inputs, { ...base.facts, config });
      expect(planned.findings.filter((finding) => finding.level === "fatal")).toEqual([]);
      const changing = planned.actions.filter((action) => action.op !== "create" || action.class !== "K");
      const calls = planned.actions.flatMap((action) => action.calls.map((call) => call.operation));
      for (const operation of operations) expect(calls).toContain(operation);
      if (operations.length === 0) expect(new Set(calls)).toEqual(new Set(calls.filter((call) => /Tag/.test(call))));
      expect(planned.actions.length).toBeGreaterThan(0);
      // What replaces an object brings others with it: roles, templates, routes.
      expect(classesOf(changing)).toContain(letter);
    },
  );

  it("never takes the cluster away from the role that applies it", () => {
    const own = base.facts.entries.find(({ policies }) =>
      policies.some((one) => /ClusterAdmin/.test(one.policyArn ?? "")),
    );
    const entries = [
      { principalARN: own?.entry.principalArn, accessPolicies: [] },
      {
        principalARN: role("ops"),
        accessPolicies: [{ policyARN: access("AmazonEKSClusterAdminPolicy"), accessScope: SCOPE }],
      },
    ];
    const text = JSON.stringify(changed(["accessConfig", "accessEntries"], entries));
    const facts = { ...base.facts, config: parseClusterConfig(text, { file: "cluster.yaml" }) };
    const codes = (inputs: Plan["inputs"]) => plan(inputs, facts).findings.map((finding) => finding.code);
    expect(codes(base.inputs)).toContain("LOCKOUT_SELF");
    expect(codes({ ...base.inputs, preventLockout: false })).not.toContain("LOCKOUT_SELF");
  });

  it("leaves a plan and a report for machines", async () => {
    const text = JSON.stringify(changed(group("maxSize"), 4));
    const planned = await lab.run(text, { mode: "plan" });
    const document = JSON.parse(readFileSync(planned.outputs["plan-json"] ?? "", "utf8"));
    expect(document.cost.before).toMatchObject({
      nat: 1,
      fargate: 1,
      capabilities: ["KRO"],
      nodegroups: [{ name: "web", max: 3 }],
    });
    expect(document.cost.after).toMatchObject({ nat: 1, publicIps: 2, nodegroups: [{ name: "web", max: 4 }] });
    expect(document.resolved.nodegroups.web).toMatchObject({ amiType: "AL2023_x86_64_STANDARD" });
    const ran = await lab.run(text);
    const report = JSON.parse(readFileSync(ran.outputs["report-json"] ?? "", "utf8"));
    expect(report).toMatchObject({
      schemaVersion: 1,
      result: "applied",
      status: "converged",
      actions: [{ id: "ng-web:update", state: "done", error: null }],
      left: { actions: [] },
    });
  });
});

function classesOf(actions: readonly Action[]): readonly string[] {
  return [...new Set(actions.map((action) => action.class))];
}
