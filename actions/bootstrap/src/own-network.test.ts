import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";
import { ipv6SubnetOf } from "./network/ipv6-range.ts";

vi.setConfig({ testTimeout: 120_000 });

const GROUP = "managedNodeGroups:\n  - name: web\n";
const foreign = (vpcs: Iterable<{ readonly IsDefault?: boolean | undefined }>) =>
  [...vpcs].filter((vpc) => vpc.IsDefault !== true);

describe("a VPC of our own", () => {
  it("has IPv6 in every subnet before the cluster is made, and loses all of it with the cluster", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    const file = `${HEAD}kubernetesNetworkConfig: {ipFamily: IPv6}\n${GROUP}`;
    await settle(made, file);
    const { network, clusters, roles } = made.aws.account;
    expect(clusters.get("shop")?.cluster.kubernetesNetworkConfig?.ipFamily).toBe("ipv6");
    const subnets = [...network.subnets.values()];
    const blocks = subnets.map((subnet) => subnet.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock);
    expect(new Set(blocks).size).toBe(6);
    expect(subnets.filter((subnet) => subnet.AssignIpv6AddressOnCreation === true)).toHaveLength(3);
    const out = [...network.routeTables.values()].flatMap((table) =>
      (table.Routes ?? []).flatMap((route) =>
        route.DestinationIpv6CidrBlock === "::/0"
          ? [route.EgressOnlyInternetGatewayId === undefined ? "internet" : "egress-only"]
          : [],
      ),
    );
    expect(out.sort()).toEqual(["egress-only", "egress-only", "egress-only", "internet"]);
    const node = [...roles.values()].find((role) => role.name.endsWith("-ng-web"));
    expect(node?.attached.some((arn) => arn.endsWith("/AmazonEKS_CNI_Policy"))).toBe(false);
    expect([...(node?.inline.keys() ?? [])]).toEqual(["cni-ipv6"]);
    const back = await made.run(`${HEAD}kubernetesNetworkConfig: {ipFamily: IPv4}\n${GROUP}`);
    expect(back).toMatchObject({ code: 1, writes: [], outputs: { cause: "IMMUTABLE_FIELD" } });
    expect((await made.run(file, { mode: "destroy", confirm: "shop" })).outputs["result"]).toBe("destroyed");
    expect([network.egressOnlyInternetGateways.size, foreign(network.vpcs.values()).length]).toEqual([0, 0]);
  });

  it("of a private cluster has VPC endpoints in place of every way out, and takes further ranges", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    const file = `${HEAD}privateCluster: {enabled: true, additionalEndpointServices: [autoscaling]}\n${GROUP}`;
    const sent = await settle(made, file);
    expect(sent.filter((write) => /InternetGateway|Nat|Allocate/.test(write))).toEqual([]);
    const { network, clusters } = made.aws.account;
    const cluster = clusters.get("shop")?.cluster.resourcesVpcConfig;
    expect(cluster).toMatchObject({ endpointPublicAccess: false, endpointPrivateAccess: true });
    const services = [...network.vpcEndpoints.values()].map((endpoint) => endpoint.ServiceName?.split("eu-west-1.")[1]);
    expect(services.sort()).toEqual(
      ["autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "s3", "sts"].sort(),
    );
    const wider = `${file}vpc: {extraCIDRs: [100.64.0.0/16]}\n`;
    expect(await settle(made, wider)).toEqual(["ec2:AssociateVpcCidrBlock"]);
    const routed = `${wider.replace("extraCIDRs", "controlPlaneEgressMode: CUSTOMER_ROUTED, extraCIDRs")}`;
    expect((await made.run(routed)).outputs["cause"]).toBe("CONSENT_REQUIRED");
    expect(await settle(made, routed)).toEqual(["eks:UpdateClusterConfig"]);
    expect((await made.run(routed.replace("CUSTOMER_ROUTED", "AWS_MANAGED"))).outputs["cause"]).toBe("IMMUTABLE_FIELD");
    expect((await made.run(routed, { mode: "destroy", confirm: "shop" })).outputs["result"]).toBe("destroyed");
    expect([network.vpcEndpoints.size, foreign(network.vpcs.values()).length]).toEqual([0, 0]);
  });
});

it("subnets take the 64s of the VPC's 56 in turn", () => {
  expect([0, 5, 255].map((index) => ipv6SubnetOf("2600:1f18:1:200::/56", index))).toEqual([
    "2600:1f18:1:200::/64",
    "2600:1f18:1:205::/64",
    "2600:1f18:1:2ff::/64",
  ]);
});
