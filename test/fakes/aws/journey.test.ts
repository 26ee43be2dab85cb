import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNatGatewayCommand,
  DeleteSubnetCommand,
  DescribeNatGatewaysCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  paginateDescribeSubnets,
} from "@aws-sdk/client-ec2";
import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
} from "@aws-sdk/client-eks";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import { expect, it } from "vitest";
import { virtualClock } from "../clock.ts";
import { startAws } from "./index.ts";
import { clientConfig } from "./testing.ts";

it("takes an account from nothing to a cluster with a Ready node group in private subnets, and back", async () => {
  const clock = virtualClock();
  await using aws = await startAws({ clock, latency: true, durations: "bench" });
  using _ = clock.autoAdvance(aws.isBusy);
  const config = { ...clientConfig(aws), requestHandler: aws.requestHandler };
  const [ec2, eks, iam] = [new EC2Client(config), new EKSClient(config), new IAMClient(config)];
  const start = clock.now();

  /** Asks again every virtual second, as a patient caller does after its own change. */
  async function eventually<Value>(ask: () => Promise<Value>, isDone: (value: Value) => boolean = () => true) {
    for (let tries = 0; tries < 5000; tries += 1) {
      const answer = await ask().catch((error: Error) => error);
      if (!(answer instanceof Error) && isDone(answer)) return answer;
      await clock.sleep(1_000);
    }
    throw new Error(`never done: ${String(await ask().catch((error: Error) => error))}`);
  }

  const makeRole = async (name: string, service: string, policies: readonly string[]) => {
    const Statement = [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, Path: "/eks/", AssumeRolePolicyDocument }));
    for (const policy of policies) {
      const PolicyArn = `arn:aws:iam::aws:policy/${policy}`;
      await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
    }
    return Role?.Arn;
  };
  const clusterRole = await makeRole("prod-cluster", "eks.amazonaws.com", ["AmazonEKSClusterPolicy"]);
  const nodePolicies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];
  const nodeRole = await makeRole("prod-node", "ec2.amazonaws.com", nodePolicies);

  const VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: "192.168.0.0/16" }))).Vpc?.VpcId;
  const gateway = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = gateway.InternetGateway?.InternetGatewayId;
  await eventually(() => ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId })));
  const makeSubnet = async (index: number, AvailabilityZone: string) => {
    const CidrBlock = `192.168.${index * 32}.0/19`;
    const made = await eventually(() => ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone })));
    return made.Subnet?.SubnetId ?? "";
  };
  const [open, second, closed] = [
    await makeSubnet(0, "us-east-1a"),
    await makeSubnet(1, "us-east-1b"),
    await makeSubnet(2, "us-east-1b"),
  ];
  const openAttribute = { SubnetId: open, MapPublicIpOnLaunch: { Value: true } };
  await eventually(() => ec2.send(new ModifySubnetAttributeCommand(openAttribute)));
  const makeTable = async (SubnetId: string, target: object) => {
    const RouteTableId = (await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable?.RouteTableId;
    const DestinationCidrBlock = "0.0.0.0/0";
    await eventually(() => ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock, ...target })));
    await eventually(() => ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId })));
  };
  await makeTable(open, { GatewayId: InternetGatewayId });
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({}));
  const nat = await eventually(() => ec2.send(new CreateNatGatewayCommand({ SubnetId: open, AllocationId })));
  const NatGatewayId = nat.NatGateway?.NatGatewayId;
  await makeTable(closed, { NatGatewayId });

  await eventually(() =>
    eks.send(
      new CreateClusterCommand({
        name: "prod",
        roleArn: clusterRole,
        resourcesVpcConfig: { subnetIds: [open, second, closed] },
        accessConfig: { authenticationMode: "API_AND_CONFIG_MAP" },
        bootstrapSelfManagedAddons: false,
      }),
    ),
  );
  const cluster = () => eks.send(new DescribeClusterCommand({ name: "prod" }));
  await eventually(cluster, (answer) => answer.cluster?.status === "ACTIVE");
  for (const addonName of ["vpc-cni", "kube-proxy", "coredns"]) {
    await eks.send(new CreateAddonCommand({ clusterName: "prod", addonName }));
  }
  const nodes = { clusterName: "prod", nodegroupName: "web" };
  await eks.send(new CreateNodegroupCommand({ ...nodes, nodeRole, subnets: [closed] }));
  const nodegroup = () => eks.send(new DescribeNodegroupCommand(nodes));
  await eventually(nodegroup, (answer) => answer.nodegroup?.status === "ACTIVE");
  const coredns = () => eks.send(new DescribeAddonCommand({ clusterName: "prod", addonName: "coredns" }));
  await eventually(coredns, (answer) => answer.addon?.status === "ACTIVE");
  const took = (clock.now() - start) / 1000;
  expect(took).toBeGreaterThan(734);
  expect(took).toBeLessThan(790);

  await expect(eks.send(new DeleteClusterCommand({ name: "prod" }))).rejects.toThrow("Cluster has nodegroups attached");
  await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: open }))).rejects.toThrow("has dependencies");
  await eks.send(new DeleteNodegroupCommand(nodes));
  await eventually(
    () =>
      nodegroup().then(
        () => false,
        (error: Error) => error.name === "ResourceNotFoundException",
      ),
    Boolean,
  );
  await eks.send(new DeleteAddonCommand({ clusterName: "prod", addonName: "coredns" }));
  await eks.send(new DeleteClusterCommand({ name: "prod" }));
  await eventually(
    () =>
      cluster().then(
        () => false,
        (error: Error) => error.name === "ResourceNotFoundException",
      ),
    Boolean,
  );
  await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }));
  const gateways = () => ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [NatGatewayId ?? ""] }));
  await eventually(gateways, (answer) => answer.NatGateways?.[0]?.State === "deleted");
  for await (const page of paginateDescribeSubnets({ client: ec2 }, {})) {
    for (const { SubnetId } of page.Subnets ?? []) await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  }
  await expect(iam.send(new DeleteRoleCommand({ RoleName: "prod-node" }))).rejects.toThrow("must detach all policies");
  for (const policy of nodePolicies) {
    const PolicyArn = `arn:aws:iam::aws:policy/${policy}`;
    await iam.send(new DetachRolePolicyCommand({ RoleName: "prod-node", PolicyArn }));
  }
  await iam.send(new DeleteRoleCommand({ RoleName: "prod-node" }));
  expect([...aws.account.network.networkInterfaces.values()]).toEqual([]);
  expect(aws.account.clusters.size).toBe(0);
}, 30_000);
