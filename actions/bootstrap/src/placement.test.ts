import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

describe("nodes", () => {
  it("of a selector are of types that fit it, and stay what they are while they fit", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    const file = `${HEAD}managedNodeGroups:\n  - name: web\n    instanceSelector: {vCPUs: 2, memory: 8GiB, deny: ^t}\n`;
    await settle(made, file);
    const group = () => made.aws.account.clusters.get("shop")?.nodegroups;
    const types = group()?.get("web")?.instanceTypes ?? [];
    expect(types).toContain("m5.large");
    expect(types.filter((type) => /^t|\.xlarge$/.test(type))).toEqual([]);
    const narrower = await made.look(file.replace("deny: ^t", "allow: ^m6, deny: ^t"));
    expect(narrower.actions.map((action) => [action.op, action.class])).toContainEqual(["replace", "G"]);
    expect((await made.look(file.replace("deny: ^t", "deny: ^x"))).actions).toEqual([]);
    const none = await made.run(file.replace("vCPUs: 2", "vCPUs: 3"));
    expect(none).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONFIG_INVALID_VALUE" } });
  });

  it("outside AWS get their networks, routes, role and access entry", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    const file = `${HEAD}accessConfig: {authenticationMode: API_AND_CONFIG_MAP}
remoteNetworkConfig:
  vpcGatewayID: tgw-0123456789abcdef0
  iam: {provider: SSM}
  remoteNodeNetworks: [{cidrs: [10.80.0.0/16]}]
`;
    await settle(made, file);
    const record = made.aws.account.clusters.get("shop");
    expect(record?.cluster.remoteNetworkConfig?.remoteNodeNetworks).toEqual([{ cidrs: ["10.80.0.0/16"] }]);
    const types = [...(record?.accessEntries.values() ?? [])].map(({ entry }) => entry.type);
    expect(types).toContain("HYBRID_LINUX");
    const tables = [...made.aws.account.network.routeTables.values()];
    const through = tables.filter((table) => table.Routes?.some((route) => route.TransitGatewayId !== undefined));
    expect(through).toHaveLength(4);
    const more = file.concat("  remotePodNetworks: [{cidrs: [10.81.0.0/16]}]\n");
    const sent = await settle(made, more);
    expect([...new Set(sent)].sort()).toEqual(["ec2:CreateRoute", "eks:UpdateClusterConfig"]);
    const refused = await made.run(file.replace("provider: SSM", "provider: IRA")).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 1 });
  });

  it("of Karpenter find a role, an entry, tagged subnets and a controller with its rights", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    await settle(made, HEAD);
    const sent = await settle(made, `${HEAD}karpenter: {version: "1.14.1"}\n`);
    expect(sent.filter((write) => write === "ec2:CreateTags")).toHaveLength(6);
    const record = made.aws.account.clusters.get("shop");
    const node = "arn:aws:iam::111122223333:role/eks-actions/shop/shop-eu-west-1-karpenter-node";
    expect(record?.accessEntries.get(node)?.entry.type).toBe("EC2_LINUX");
    const [association] = [...(record?.podIdentityAssociations.values() ?? [])];
    expect(association).toMatchObject({ namespace: "kube-system", serviceAccount: "karpenter" });
    const controller = [...made.aws.account.roles.values()].find((role) => role.arn === association?.roleArn);
    const policy = controller?.inline.get("karpenter") ?? "";
    expect(policy).toContain(`"Resource":"${node}"`);
    // All inline policies of a role together may have 10,240 characters.
    expect(policy.length).toBeLessThan(10_240);
    const queue = await made.run(`${HEAD}karpenter: {version: "1.14.1", withSpotInterruptionQueue: true}\n`);
    expect(queue).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONFIG_UNSUPPORTED_FIELD" } });
  });
});
