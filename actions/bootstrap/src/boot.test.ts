import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";
import { toml } from "./nodes/toml.ts";

vi.setConfig({ testTimeout: 60_000 });

const IMAGE = "ami-0123456789abcdef0";
const GROUPS = `${HEAD}managedNodeGroups:
  - name: web
    privateNetworking: true
    ssh: {allow: true}
    preBootstrapCommands: ["sysctl -w vm.max_map_count=262144"]
    additionalVolumes:
      - {volumeName: /dev/xvdf, volumeSize: 50}
    overrideBootstrapCommand: |
      apiVersion: node.eks.aws/v1alpha1
      kind: NodeConfig
      spec: {kubelet: {config: {imageGCHighThresholdPercent: 70}}}
  - name: bottle
    amiFamily: Bottlerocket
    maxPodsPerNode: 40
    bottlerocket:
      enableAdminContainer: true
      settings: {motd: "hello", kubernetes: {"server-tls-bootstrap": true}}
  - name: own
    ami: ${IMAGE}
    labels: {role: gpu}
`;

async function lab(): Promise<Lab> {
  const made = await startLab({ iamPropagation: true, latency: false });
  const { images } = made.aws.account.network;
  images.set(IMAGE, { ImageId: IMAGE, Architecture: "x86_64" });
  images.set("ami-0fedcba9876543210", { ImageId: "ami-0fedcba9876543210", Architecture: "x86_64" });
  return made;
}

function template(made: Lab, group: string) {
  const found = [...made.aws.account.network.launchTemplates.values()].find(
    (candidate) => candidate.name === `eks-actions-shop-${group}`,
  );
  const data = found?.versions.get(found.latestVersion)?.data;
  return { ...data, boot: Buffer.from(data?.UserData ?? "", "base64").toString("utf8") };
}

describe("what nodes boot with", () => {
  it("stands in the launch template, and changes by a roll; another kind of image is another group", async () => {
    await using made = await lab();
    await settle(made, GROUPS);
    const web = template(made, "web");
    expect(web.BlockDeviceMappings?.map((disk) => [disk.DeviceName, disk.Ebs?.VolumeSize])).toEqual([
      ["/dev/xvda", 80],
      ["/dev/xvdf", 50],
    ]);
    expect(web.boot.match(/^(Content-Type: .*|#!.*|sysctl.*|kind: .*)$/gm)).toEqual([
      'Content-Type: multipart/mixed; boundary="//"',
      'Content-Type: text/x-shellscript; charset="us-ascii"',
      "#!/bin/bash",
      "sysctl -w vm.max_map_count=262144",
      "Content-Type: application/node.eks.aws",
      "kind: NodeConfig",
    ]);
    const { keyPairs, securityGroups } = made.aws.account.network;
    expect([...keyPairs.values()].map((pair) => pair.KeyName)).toEqual([web.KeyName]);
    const opened = securityGroups.get(web.SecurityGroupIds?.[1] ?? "")?.GroupName;
    expect(opened).toBe("eks-actions-shop-web-ssh");
    expect(template(made, "bottle").boot).toBe(
      `[settings]
motd = "hello"

[settings.kubernetes]
server-tls-bootstrap = true
max-pods = 40

[settings.host-containers.admin]
enabled = true
`,
    );
    const cluster = made.aws.account.clusters.get("shop");
    expect(template(made, "own")).toMatchObject({ ImageId: IMAGE });
    expect(template(made, "own").boot).toContain(`"apiServerEndpoint": "${cluster?.cluster.endpoint}"`);
    expect(template(made, "own").boot).toContain('"--node-labels=role=gpu"');
    expect(cluster?.nodegroups.get("own")?.amiType).toBe("CUSTOM");

    const changed = GROUPS.replace("volumeSize: 50", "volumeSize: 60")
      .replace('motd: "hello"', 'motd: "hi"')
      .replace(IMAGE, "ami-0fedcba9876543210")
      .replace("ssh: {allow: true}", "ssh: {allow: true, sourceSecurityGroupIds: [sg-0123456789abcdef0]}");
    securityGroups.set("sg-0123456789abcdef0", {
      GroupId: "sg-0123456789abcdef0",
      VpcId: cluster?.cluster.resourcesVpcConfig?.vpcId,
    });
    const sent = await settle(made, changed);
    expect([...sent].sort()).toEqual([
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateLaunchTemplateVersion",
      "ec2:CreateLaunchTemplateVersion",
      "ec2:CreateLaunchTemplateVersion",
      "ec2:RevokeSecurityGroupIngress",
      "eks:UpdateNodegroupVersion",
      "eks:UpdateNodegroupVersion",
      "eks:UpdateNodegroupVersion",
    ]);
    const given = await settle(made, changed.replace("    ami: ami-0fedcba9876543210\n", ""));
    expect(given.filter((write) => /Nodegroup/.test(write))).toEqual(["eks:CreateNodegroup", "eks:DeleteNodegroup"]);
  });

  it.each([
    [`ami: ami-00000000000000000`, "AMI_UNSUPPORTED", "does not exist"],
    [`ami: ${IMAGE}\n    instanceType: m7g.large`, "AMI_UNSUPPORTED", "m7g.large needs arm64"],
    ["ssh: {allow: true, publicKeyPath: id_rsa}", "CONFIG_INVALID_VALUE", "`id_rsa` is no file with one OpenSSH"],
  ])("%s is refused with %s before anything is written", async (line, code, message) => {
    await using made = await lab();
    const ran = await made.run(`${HEAD}managedNodeGroups:\n  - name: web\n    ${line}\n`);
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: code } });
    expect(ran.annotations[0]?.message).toContain(message);
  });
});

it("TOML holds tables, quoted keys, lists and no empty heads", () => {
  expect(toml({ a: { b: { "c d": [1, "x"], on: true } }, e: null })).toBe('[a.b]\n"c d" = [1, "x"]\non = true\n');
});
