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
export { checkEndpoint, type Endpoint, endpointFromEnv, isLoopback } from "./endpoint.ts";
export { PARTITION_IDS, type Partition, partitionOf, REGION_PATTERN, stsHost } from "./partition.ts";
export { type Agents, createAgents, type ProxySettings, proxySecrets, readProxy } from "./proxy.ts";
export { createSkewMeter, type SkewMeter } from "./skew.ts";
