export {
  type AssumedRoleArn,
  CLUSTER_NAME_PATTERN,
  parseAssumedRoleArn,
  parsePolicyArn,
  parseRoleArn,
  type RoleArn,
} from "./arn.ts";
export { type AssumeOptions, type AssumeResult, assume } from "./assume.ts";
export { type AwsErrorInfo, type AwsErrorKind, awsErrorInfo, retryTransient } from "./classify.ts";
export {
  type Aws,
  type AwsKeys,
  type AwsOptions,
  type AwsRetry,
  type AwsService,
  type ClientConfig,
  clientConfig,
  createAws,
  endpointOf,
  type KeySource,
  send,
  withCredentials,
} from "./client.ts";
export type { RequestHandler } from "./cluster/clients.ts";
export type {
  Ec2Address,
  Ec2EgressGateway,
  Ec2Image,
  Ec2InstanceType,
  Ec2InternetGateway,
  Ec2KeyPair,
  Ec2LaunchTemplate,
  Ec2LaunchTemplateVersion,
  Ec2NatGateway,
  Ec2NetworkInterface,
  Ec2Query,
  Ec2Reads,
  Ec2RouteTable,
  Ec2SecurityGroup,
  Ec2Subnet,
  Ec2Volume,
  Ec2Vpc,
  Ec2VpcEndpoint,
  Ec2Zone,
} from "./cluster/ec2-reads.ts";
export type {
  EksAccessEntry,
  EksAccessPolicy,
  EksAddon,
  EksAddonInfo,
  EksCapability,
  EksCluster,
  EksFargateProfile,
  EksIdentityProvider,
  EksInsight,
  EksNodegroup,
  EksPodIdentity,
  EksReads,
  EksUpdate,
  EksVersion,
  UpdateOwner,
} from "./cluster/eks-reads.ts";
export type { IamRole, IdentityReads } from "./cluster/identity-reads.ts";
export type { LiveLogGroup, LogReads } from "./cluster/log-reads.ts";
export { type ClusterApi, createClusterApi } from "./cluster/port.ts";
export type { ClusterWrites, WriteCall, WriteService } from "./cluster/writes.ts";
export {
  type ClusterAccess,
  type ClusterAnswer,
  type DescribeOptions,
  describeCluster,
  readCluster,
} from "./describe-cluster.ts";
export { createEksToken, EKS_TOKEN_LIMIT, type EksToken, type EksTokenRequest } from "./eks-token.ts";
export { checkEndpoint, type Endpoint } from "./endpoint.ts";
export { type IdTokenRequest, requestIdToken } from "./id-token.ts";
export { type IdClaims, type IdToken, ISSUER_PATTERN, readIdToken, type TokenChecks } from "./jwt.ts";
export { type Partition, partitionOf, REGION_PATTERN, stsHost } from "./partition.ts";
export { type LivePriceList, readLivePrices } from "./pricing/live-prices.ts";
export { createPrivate, replacePrivate } from "./private-file.ts";
export { type Agents, type ProxySettings, proxySecrets, readProxy } from "./proxy.ts";
export { renewSession } from "./renew-session.ts";
export { type RenewalPorts, sessionKeys } from "./renewal.ts";
export type { Session, SessionChecks, StsAnswer } from "./session.ts";
export {
  type CachedSession,
  cached,
  createSessionFiles,
  readCache,
  readRecipe,
  type SessionFiles,
  type SessionRecipe,
} from "./session-file.ts";
export { shellWord } from "./shell-word.ts";
export { createSkewMeter, type SkewMeter } from "./skew.ts";
export { type AssumeProof, type AssumeRequest, createSts, type Sts } from "./sts.ts";
export { createTokenSource, type TokenSource } from "./token-source.ts";
