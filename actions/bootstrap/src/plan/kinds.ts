const KINDS: Readonly<Record<string, string>> = {
  Cluster: "control plane",
  NodeGroup: "node group",
  Addon: "add-on",
  FargateProfile: "Fargate profile",
  Role: "role",
  AccessEntry: "access entry",
  PodIdentity: "pod identity",
  Vpc: "VPC",
  Subnet: "subnet",
  RouteTable: "route table",
  InternetGateway: "internet gateway",
  NatGateway: "NAT gateway",
  EgressOnlyGateway: "egress-only gateway",
  VpcEndpoint: "VPC endpoint",
  SecurityGroup: "security group",
  LaunchTemplate: "launch template",
  KeyPair: "key pair",
  OidcProvider: "OIDC provider",
  IdentityProvider: "identity provider",
  Capability: "capability",
  Insights: "upgrade insights",
  Leftovers: "leftovers of",
  Volume: "volume",
  Volumes: "volumes left:",
  LogGroup: "log group",
  ElasticIp: "elastic IP",
};

/** What a person calls this kind of object. */
export function kindWord(kind: string): string {
  return KINDS[kind] ?? kind;
}
