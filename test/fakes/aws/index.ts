export type {
  AccessEntrySeed,
  Aws,
  AwsOptions,
  AwsRequest,
  ClusterSeed,
  Connection,
  Fault,
  Outcome,
  RoleSeed,
  SessionCredentials,
  TokenUser,
  Violation,
  ViolationCode,
} from "./aws.ts";
export { startAws } from "./start.ts";
export type { Account, ClusterRecord, OidcProvider, Role, Session } from "./state.ts";
