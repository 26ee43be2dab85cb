import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, type LabOptions, type LabRun, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

type Mode = "plan" | "apply" | "destroy";

interface Policy {
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Action: readonly string[];
    readonly Resource: string | readonly string[];
    readonly Condition?: unknown;
  }[];
}

function policy(mode: Mode): Policy {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../iam/${mode}.json`), "utf8"));
}

const LAB: LabOptions = {
  latency: false,
  smallPages: false,
  durations: "brief",
  prepare(aws) {
    for (const name of ["dev", "old"]) aws.addRole({ name });
    aws.account.network.images.set(IMAGE, { ImageId: IMAGE, Architecture: "x86_64" });
    for (const GroupId of ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]) {
      aws.account.network.securityGroups.set(GroupId, { GroupId, GroupName: GroupId, Tags: [] });
    }
    const trust = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "pods.eks.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:TagSession"],
        },
      ],
    };
    for (const name of ["web", "api"]) aws.addRole({ name, path: "/eks-actions/", trust });
  },
};
const IMAGE = "ami-0123456789abcdef0";
const KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CLUSTER = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1, version: "1.34", tags: {team: platform}}
managedNodeGroups:
  - {name: web, iam: {withAddonPolicies: {autoScaler: true}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}}
  - {name: jobs}
iam:
  withOIDC: true
  podIdentityAssociations:
    - {namespace: dns, serviceAccountName: dns, wellKnownPolicies: {externalDNS: true}}
    - {namespace: web, serviceAccountName: web, roleARN: "arn:aws:iam::111122223333:role/eks-actions/web"}
    - {namespace: old, serviceAccountName: old, wellKnownPolicies: {externalDNS: true}}
accessConfig:
  accessEntries:
    - principalARN: arn:aws:iam::111122223333:role/old
    - principalARN: arn:aws:iam::111122223333:role/dev
      kubernetesGroups: [dev]
      accessPolicies:
        - {policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}}
addons:
  - {name: aws-ebs-csi-driver, wellKnownPolicies: {ebsCSIController: true}}
  - {name: metrics-server}
fargateProfiles: [{name: batch, selectors: [{namespace: batch}]}, {name: night, selectors: [{namespace: night}]}]
cloudWatch: {clusterLogging: {enableTypes: [audit], logRetentionInDays: 30}}
vpc: {nat: {gateway: HighlyAvailable}}
`;
/** The same cluster after a change of almost everything that can change. */
const CHANGED = CLUSTER.replace('"1.34"', '"1.35"')
  .replace("{team: platform}", "{group: platform}")
  .replace("  - {name: jobs}\n", "")
  .replace("{name: web,", "{name: web, maxSize: 5, volumeSize: 120,")
  .replace(', "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"', "")
  .replace("withAddonPolicies: {autoScaler: true}, ", "")
  .replace("    - {namespace: old, serviceAccountName: old, wellKnownPolicies: {externalDNS: true}}\n", "")
  .replace("role/eks-actions/web", "role/eks-actions/api")
  .replace(
    "attachPolicyARNs: [",
    'instanceRolePermissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess", attachPolicyARNs: [',
  )
  .replace("kubernetesGroups: [dev]", "kubernetesGroups: [ops]")
  .replace("- {name: aws-ebs-csi-driver, wellKnownPolicies: {ebsCSIController: true}}", "- {name: vpc-cni}")
  .replace(/ {4}- principalARN: \S+role\/old\n/, "")
  .replace("AmazonEKSViewPolicy", "AmazonEKSEditPolicy")
  .replace("  - {name: metrics-server}\n", "  - {name: metrics-server, tags: {a: b}}\n")
  .replace("{name: batch, selectors: [{namespace: batch}]}, ", "")
  .replace("gateway: HighlyAvailable", "gateway: Single")
  .concat(`secretsEncryption: {keyARN: "${KEY}"}\n`);

/** What the first one lacks, in a network of another kind, before and after a change. */
const SECOND = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1, version: "1.34"}
kubernetesNetworkConfig: {ipFamily: IPv6}
iam: {withOIDC: true}
identityProviders: [{name: corp, type: oidc, issuerURL: "https://id.example.com", clientID: kubernetes}]
capabilities:
  - {name: ack, type: ACK}
  - name: cd
    type: ARGOCD
    configuration:
      argocd:
        awsIdc: {idcInstanceArn: "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
        rbacRoleMappings: [{role: ADMIN, identities: [{id: ops, type: SSO_GROUP}]}]
managedNodeGroups:
  - {name: web, ssh: {allow: true, publicKeyPath: id.pub, sourceSecurityGroupIds: [sg-0123456789abcdef0]}}
  - {name: any, instanceSelector: {vCPUs: 2, memory: 8GiB}}
`;
const SECOND_CHANGED = SECOND.replace("role: ADMIN", "role: EDITOR")
  .replace("  - {name: ack, type: ACK}\n", "")
  .replace(/identityProviders: .*\n/, "")
  .replace("sg-0123456789abcdef0", "sg-0123456789abcdef1")
  .concat('karpenter: {version: "1.14.1"}\n');
const PRIVATE = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1, version: "1.34"}
privateCluster: {enabled: true}
vpc: {extraCIDRs: [100.64.0.0/16]}
identityProviders: [{name: corp, type: oidc, issuerURL: "https://id.example.com", clientID: kubernetes}]
managedNodeGroups: [{name: web, ami: ${IMAGE}}]
`;

const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((entry) => entry.level === "error");

/** Actions of a policy that nothing has asked for. */
function unused(mode: Mode, asked: ReadonlySet<string>): readonly string[] {
  const listed = policy(mode).Statement.flatMap((statement) => statement.Action);
  return [...new Set(listed)].filter((action) => !asked.has(action) && action !== "sts:GetCallerIdentity").sort();
}

const WORDS = [
  "upgrade",
  "one-way",
  "delete-nodegroup",
  "delete-fargate-profile",
  "delete-pod-identity",
  "delete-addon",
  "delete-network",
];
const MORE = ["delete-access-entry", "delete-capability", "delete-identity-provider", "privileged-policy"];
const CONSENT = { unmanaged: "delete", allow: [...WORDS, ...MORE].join() };
const DESTROY = {
  mode: "destroy",
  confirm: "shop",
  allow: "delete-log-group,delete-volumes,disable-deletion-protection",
};

interface Life {
  readonly file: string;
  readonly changed: string;
  /** What others do to the account between the two. */
  readonly meanwhile?: (lab: Lab) => Promise<void>;
}

/** A cluster from its plan to its end, each run with the policy of its mode and nothing else. Answers what was asked for. */
async function live({ file, changed, meanwhile }: Life): Promise<Readonly<Record<Mode, ReadonlySet<string>>>> {
  await using lab = await startLab({ ...LAB, policy: policy("plan") });
  const asked = { plan: new Set<string>(), apply: new Set<string>(), destroy: new Set<string>() };
  const run = async (mode: Mode, text: string, inputs: Readonly<Record<string, string>>, options: LabRun = {}) => {
    lab.restrict(policy(mode));
    const since = lab.aws.requests.length;
    const ran = await lab.run(text, inputs, options);
    if (ran.outputs["result"] !== "cancelled") expect(errorsOf(ran)).toEqual([]);
    for (const request of lab.aws.requests.slice(since)) {
      for (const action of request.permissions ?? []) asked[mode].add(action);
    }
  };
  await run("plan", file, { mode: "plan" });
  await run("apply", file, {});
  await run("plan", changed, { mode: "plan" });
  await meanwhile?.(lab);
  await run("plan", changed, { mode: "plan" });
  await run("apply", changed, CONSENT);
  await run("plan", changed, { mode: "drift" });
  leave(lab);
  const killed = {
    after: (_: number, operation: string, abort: () => void) => void (operation === "DeleteCluster" && abort()),
  };
  await run("destroy", changed.replace('"1.34"', '"1.35"'), DESTROY, killed);
  await run("destroy", changed.replace('"1.34"', '"1.35"'), DESTROY);
  return asked;
}

/** A protected cluster with an update under way, a volume and an interface that nobody took along. */
function leave(lab: Lab): void {
  const { clusters, network } = lab.aws.account;
  const cluster = clusters.get("shop")?.cluster;
  if (cluster !== undefined) cluster.deletionProtection = true;
  const claim = [
    { Key: "kubernetes.io/cluster/shop", Value: "owned" },
    { Key: "kubernetes.io/created-for/pvc/name", Value: "data" },
  ];
  network.volumes.set("vol-0aaaaaaaaaaaaaaa1", { VolumeId: "vol-0aaaaaaaaaaaaaaa1", Size: 1, Tags: claim });
  const own = [...network.subnets.values()].find((subnet) =>
    subnet.Tags?.some((tag) => tag.Value?.startsWith("shop/")),
  );
  network.networkInterfaces.set("eni-0aaaaaaaaaaaaaaa1", {
    NetworkInterfaceId: "eni-0aaaaaaaaaaaaaaa1",
    VpcId: own?.VpcId,
    SubnetId: own?.SubnetId,
    Description: "aws-K8S-i-0123456789abcdef0",
    Status: "available",
  });
}

/** Trust and logging drift; somebody else's update runs. */
async function disturb(lab: Lab): Promise<void> {
  const { roles } = lab.aws.account;
  const role = roles.get("shop-eu-west-1-ng-web");
  if (role !== undefined) role.trust = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await lab.aws.repeat({
    service: "eks",
    operation: "UpdateClusterConfig",
    input: { name: "shop", logging: { clusterLogging: [{ types: ["audit", "api"], enabled: true }] } },
    at: 0,
    mutating: true,
  });
  await lab.clock.sleep(2_000);
}

describe("the policy files", () => {
  it("let each mode do its work: nothing that it needs is denied, and nothing that they hold is never asked for", async () => {
    const lives = [
      await live({ file: CLUSTER, changed: CHANGED, meanwhile: disturb }),
      await live({ file: SECOND, changed: SECOND_CHANGED }),
      await live({ file: PRIVATE, changed: PRIVATE }),
    ];
    const modes = ["plan", "apply", "destroy"] as const;
    const left = modes.map((mode) => [mode, unused(mode, new Set(lives.flatMap((one) => [...one[mode]])))]);
    expect(left).toEqual(modes.map((mode) => [mode, []]));
  });

  it("of plan lets nothing be changed", async () => {
    await using lab = await startLab({ ...LAB, policy: policy("plan") });
    expect((await lab.run(CLUSTER)).outputs["cause"]).toBe("ACCESS_DENIED");
    expect(lab.aws.account.clusters.size).toBe(0);
  });

  it("touch nothing but what carries the owner's tag, or lies under a name of ours", () => {
    const loose = (["plan", "apply", "destroy"] as const).flatMap((mode) =>
      policy(mode)
        .Statement.filter(({ Resource }) => Resource === "*")
        .map(({ Sid }) => `${mode} ${Sid}`),
    );
    // EKS tests a launch template with RunInstances, on images, subnets and groups of anybody.
    expect(loose).toEqual(["plan Read", "apply Read", "apply LaunchTemplates", "destroy Read"]);
  });

  it("of apply holds no delete but those that consent words open", () => {
    const deletes = policy("apply")
      .Statement.flatMap((statement) => statement.Action)
      .filter((action) => /:(Delete|Release|Terminate)/.test(action));
    expect(deletes).toEqual([
      "eks:DeleteAccessEntry",
      "eks:DeleteAddon",
      "eks:DeleteCapability",
      "eks:DeleteFargateProfile",
      "eks:DeleteNodegroup",
      "eks:DeletePodIdentityAssociation",
      "ec2:DeleteNatGateway",
      "ec2:ReleaseAddress",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
    ]);
  });
});
