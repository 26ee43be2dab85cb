import type { ManagedPolicy } from "../state.ts";

type Rule = readonly [actions: readonly string[], resource?: string];

// AWS managed policies that the suite meets. The broad ones and the actions that our own requests are checked against are
// whole; those of nodes and controllers are cut to their main actions, since nothing here acts in their name.
const table: Readonly<Record<string, readonly Rule[]>> = {
  AdministratorAccess: [[["*"]]],
  PowerUserAccess: [[["eks:*", "ec2:*", "ssm:*", "logs:*", "servicequotas:*", "pricing:*", "sts:*"]]],
  IAMFullAccess: [[["iam:*"]]],
  ReadOnlyAccess: [
    [["eks:Describe*", "eks:List*", "ec2:Describe*", "iam:Get*", "iam:List*", "ssm:Get*", "logs:Describe*"]],
    [["servicequotas:Get*", "servicequotas:List*", "pricing:Get*", "sts:GetCallerIdentity"]],
  ],
  AmazonEKSClusterPolicy: [[["ec2:Describe*", "ec2:CreateNetworkInterface", "elasticloadbalancing:*"]]],
  AmazonEKSServicePolicy: [[["ec2:CreateNetworkInterface", "ec2:DescribeSubnets"]]],
  AmazonEKSVPCResourceController: [[["ec2:CreateNetworkInterfacePermission", "ec2:AssignPrivateIpAddresses"]]],
  AmazonEKSComputePolicy: [[["ec2:CreateFleet", "ec2:RunInstances", "ec2:CreateLaunchTemplate"]]],
  AmazonEKSBlockStoragePolicy: [[["ec2:CreateVolume", "ec2:AttachVolume", "ec2:DeleteVolume"]]],
  AmazonEKSLoadBalancingPolicy: [[["elasticloadbalancing:*", "ec2:CreateSecurityGroup"]]],
  AmazonEKSNetworkingPolicy: [[["ec2:CreateNetworkInterface", "ec2:AttachNetworkInterface"]]],
  AmazonEKSWorkerNodePolicy: [[["ec2:DescribeInstances", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"]]],
  AmazonEKSWorkerNodeMinimalPolicy: [[["eks-auth:AssumeRoleForPodIdentity"]]],
  AmazonEKS_CNI_Policy: [[["ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:CreateTags"]]],
  AmazonEKSFargatePodExecutionRolePolicy: [[["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]]],
  AmazonEC2ContainerRegistryPullOnly: [[["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]]],
  AmazonEC2ContainerRegistryReadOnly: [[["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:Describe*"]]],
  AmazonSSMManagedInstanceCore: [[["ssm:UpdateInstanceInformation", "ssmmessages:*", "ec2messages:*"]]],
  AmazonEC2ContainerRegistryPowerUser: [[["ecr:*"]]],
  AmazonEC2ContainerRegistryFullAccess: [[["ecr:*"]]],
  AmazonEC2FullAccess: [[["ec2:*", "elasticloadbalancing:*", "autoscaling:*"]]],
  AmazonEC2ReadOnlyAccess: [[["ec2:Describe*"]]],
  AmazonVPCFullAccess: [[["ec2:*Vpc*", "ec2:*Subnet*", "ec2:*Route*"]]],
  AmazonS3FullAccess: [[["s3:*"]]],
  AmazonS3ReadOnlyAccess: [[["s3:Get*", "s3:List*"]]],
  AmazonDynamoDBFullAccess: [[["dynamodb:*"]]],
  AmazonDynamoDBReadOnlyAccess: [[["dynamodb:Get*", "dynamodb:List*", "dynamodb:Describe*"]]],
  AmazonElastiCacheFullAccess: [[["elasticache:*"]]],
  AmazonRDSFullAccess: [[["rds:*"]]],
  AmazonRoute53FullAccess: [[["route53:*"]]],
  AmazonSNSFullAccess: [[["sns:*"]]],
  AmazonSQSFullAccess: [[["sqs:*"]]],
  AmazonSSMReadOnlyAccess: [[["ssm:Describe*", "ssm:Get*", "ssm:List*"]]],
  AmazonPrometheusRemoteWriteAccess: [[["aps:RemoteWrite"]]],
  AutoScalingFullAccess: [[["autoscaling:*"]]],
  CloudWatchFullAccess: [[["cloudwatch:*", "logs:*"]]],
  CloudWatchLogsFullAccess: [[["logs:*"]]],
  ElasticLoadBalancingFullAccess: [[["elasticloadbalancing:*"]]],
  SecretsManagerReadWrite: [[["secretsmanager:*"]]],
  CloudWatchAgentServerPolicy: [[["cloudwatch:PutMetricData", "logs:PutLogEvents", "logs:CreateLogStream"]]],
  AWSXrayWriteOnlyAccess: [[["xray:Put*", "xray:Get*"]]],
  "service-role/AmazonEBSCSIDriverPolicy": [[["ec2:CreateVolume", "ec2:AttachVolume", "ec2:DeleteVolume"]]],
  "service-role/AmazonEFSCSIDriverPolicy": [[["elasticfilesystem:CreateAccessPoint", "elasticfilesystem:Describe*"]]],
};

/** AWS managed policies by ARN. */
export function awsManagedPolicies(partition: string): Map<string, ManagedPolicy> {
  const policies = Object.entries(table).map(([name, rules]): [string, ManagedPolicy] => {
    const arn = `arn:${partition}:iam::aws:policy/${name}`;
    const Statement = rules.map(([Action, Resource = "*"]) => ({ Effect: "Allow", Action, Resource }));
    const short = name.split("/").at(-1) ?? name;
    return [arn, { name: short, arn, document: JSON.stringify({ Version: "2012-10-17", Statement }) }];
  });
  return new Map(policies);
}
