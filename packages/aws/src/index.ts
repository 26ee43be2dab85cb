export {
  type AssumedRoleArn,
  CLUSTER_NAME_PATTERN,
  parseAssumedRoleArn,
  parseClusterArn,
  parsePolicyArn,
  parseRoleArn,
  ROLE_NAME_PATTERN,
  type RoleArn,
} from "./arn.ts";
export { type AssumeOptions, type AssumeProof, type AssumeResult, assume } from "./assume.ts";
export { withTimeout } from "./attempt.ts";
export {
  type AwsErrorInfo,
  type AwsErrorKind,
  awsErrorInfo,
  isAwsError,
  RequestTimedOut,
  retryTransient,
} from "./classify.ts";
export {
  type Aws,
  type AwsKeys,
  type AwsOptions,
  type AwsRetry,
  type AwsService,
  type ClientConfig,
  clientConfig,
  createAws,
  describeFailure,
  endpointOf,
  type KeySource,
  send,
  watchClock,
  withCredentials,
} from "./client.ts";
export {
  type ClusterAccess,
  type ClusterAnswer,
  type DescribeOptions,
  describeCluster,
  readCluster,
} from "./describe-cluster.ts";
export { createEksToken, EKS_TOKEN_LIMIT, type EksToken, type EksTokenRequest } from "./eks-token.ts";
export { checkEndpoint, type Endpoint, endpointFromEnv, isLoopback } from "./endpoint.ts";
export { type IdTokenRequest, requestIdToken } from "./id-token.ts";
export { type IdClaims, type IdToken, readIdToken, type TokenChecks } from "./jwt.ts";
export { PARTITION_IDS, type Partition, partitionOf, REGION_PATTERN, stsHost } from "./partition.ts";
export { type Agents, createAgents, type ProxySettings, proxySecrets, readProxy } from "./proxy.ts";
export { readSession, type Session, type SessionChecks, type StsAnswer } from "./session.ts";
export { createSkewMeter, type SkewMeter } from "./skew.ts";
export { type AssumeRequest, createSts, type Sts } from "./sts.ts";
export { createTokenSource, type TokenSource } from "./token-source.ts";
