import type { Clock } from "@eks-actions/action";
import type { HttpHandler, HttpHandlerOptions, HttpRequest, HttpResponse } from "./http.ts";
import type { Account } from "./state.ts";

/** One scripted disturbance. It must be met by a request, else dispose reports `STANDIN_FAULT_UNUSED`. */
export interface Fault {
  /** `eks:CreateCluster`, `CreateCluster`, `eks:*` or `*`. */
  readonly op: string;
  /** Only the n-th matching request, counted from 1. Without it: every one (or as `probability` says). */
  readonly nth?: number | undefined;
  /** 0–1, drawn from the seed. */
  readonly probability?: number | undefined;
  readonly error?: { readonly code: string; readonly message?: string; readonly status?: number } | undefined;
  /** Virtual seconds added before the answer. */
  readonly delay?: number | undefined;
  /** Connection cut before the service saw the request, or after it acted on it. */
  readonly drop?: "before" | "after" | undefined;
  /** The request succeeds, but what it began ends badly. */
  readonly outcome?: Outcome | undefined;
}

/**
 * How a creation or an update ends instead of well, when its usual time is over: a cluster FAILED, a node group, add-on or
 * Fargate profile CREATE_FAILED (or DEGRADED), an update Failed, a NAT gateway failed; with this issue.
 */
export interface Outcome {
  /** Of the SDK's issue codes: `AsgInstanceLaunchFailures`, `PodEvictionFailure` … */
  readonly code: string;
  readonly message?: string | undefined;
  readonly degraded?: boolean | undefined;
}

export interface AwsOptions {
  /** Seed of ids, latency, durations and faults. Default: `TEST_SEED`, else 1. */
  readonly seed?: number | undefined;
  /** Real seconds per virtual second; default 1/600 (ten minutes pass in one second). Not with `clock`. */
  readonly scale?: number | undefined;
  /** The clock of states and durations, for tests in one process. */
  readonly clock?: Clock | undefined;
  /** The clock of signatures, id-token validity and session expiry. Default: the machine's own. */
  readonly wallClock?: Clock | undefined;
  readonly faults?: readonly Fault[] | undefined;
  /** 0–1: share of requests answered with the service's throttling error. Default 0. */
  readonly throttle?: number | undefined;
  /** Requests take time (durations.ts). Default: yes with `scale`, no with `clock`. */
  readonly latency?: boolean | undefined;
  /**
   * `bench`: the fixed figures of durations.ts; `range` (default): drawn from the seed; `brief`: a tenth of `bench`, for
   * tests of order that need not watch ten minutes of polling.
   */
  readonly durations?: "bench" | "brief" | "range" | undefined;
  /** 12 digits; default 111122223333. */
  readonly account?: string | undefined;
  /** Home region, default us-east-1: where `account` and the `add…` functions work. Others begin empty. */
  readonly region?: string | undefined;
  /** Lists answer with two items a page (default true). */
  readonly smallPages?: boolean | undefined;
  /** New roles become usable by STS and EKS only after seconds (default true); false for tests about something else. */
  readonly iamPropagation?: boolean | undefined;
}

export interface AwsRequest {
  /** `eks`, `sts`, `iam`, `ec2`, `ssm`, `pricing`, `logs`, `servicequotas`. */
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  /** Error code of the answer. */
  readonly error?: string | undefined;
  /** ARN of the caller; absent for unsigned requests. */
  readonly principal?: string | undefined;
  /** Virtual milliseconds since the epoch. */
  readonly at: number;
  readonly mutating: boolean;
  /** IAM actions that the caller had to be allowed, `iam:PassRole` and the like included. */
  readonly permissions?: readonly string[] | undefined;
}

export type ViolationCode =
  | "STANDIN_UNKNOWN_OPERATION"
  | "STANDIN_REQUEST_INVALID"
  | "STANDIN_RESPONSE_INVALID"
  | "STANDIN_ERROR_NOT_MODELLED"
  | "STANDIN_FAULT_UNUSED"
  | "STANDIN_CRASHED";

export interface Violation {
  readonly code: ViolationCode;
  /** `eks:CreateCluster`, or method and path. */
  readonly operation: string;
  readonly message: string;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface Connection {
  /** `https://…` of the API server that answers for the cluster. */
  readonly endpoint: string;
  /** base64 of the PEM certificate authority. */
  readonly caData: string;
}

export interface TokenUser {
  readonly username: string;
  readonly uid: string;
  /** Access entry's groups, and `eks-access-policy:<Name>:<namespace|*>` per associated policy. */
  readonly groups: readonly string[];
}

export interface RoleSeed {
  readonly name: string;
  /** Default `/`. */
  readonly path?: string | undefined;
  /** Trust policy document. Default: trusts the account itself. */
  readonly trust?: unknown;
  /** Names (`AdministratorAccess`) or ARNs. */
  readonly managed?: readonly string[] | undefined;
  /** Inline policies: name → document. */
  readonly inline?: Readonly<Record<string, unknown>> | undefined;
  /** Default 3600. */
  readonly maxSessionDuration?: number | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface ClusterSeed {
  readonly name: string;
  readonly version?: string | undefined;
  /** Default: the account's own. */
  readonly region?: string | undefined;
  readonly authenticationMode?: "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP" | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface AccessEntrySeed {
  readonly principalArn: string;
  readonly username?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** `{ name: "AmazonEKSEditPolicy", namespaces: ["shop"] }`; without namespaces the whole cluster. */
  readonly policies?:
    | readonly { readonly name: string; readonly namespaces?: readonly string[] | undefined }[]
    | undefined;
}

/** A running AWS account of one region. */
export interface Aws {
  readonly url: string;
  /** `AWS_ENDPOINT_URL` and friends for a built action; holds no credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** The whole state as plain data: read it, or seed it before the first request. */
  readonly account: Account;
  readonly requests: readonly AwsRequest[];
  readonly violations: readonly Violation[];
  /** Virtual time of states. */
  readonly clock: Clock;
  /** True while a request is being worked on (not while it only waits for its latency): for `autoAdvance`. */
  readonly isBusy: () => boolean;
  /** In-process request handler for SDK clients (`requestHandler`): no socket, counted by `isBusy`. */
  readonly requestHandler: HttpHandler;
  /** Creates the IAM OIDC provider of an issuer. `jwksUrl`: where its keys really are; default: its discovery document. */
  trustIssuer(
    issuerUrl: string,
    jwksUrl?: string | undefined,
    options?: { readonly clientIds?: readonly string[] },
  ): string;
  /** Tells where an issuer's keys are without creating a provider. */
  knowIssuer(issuerUrl: string, jwksUrl: string): void;
  /** The account as another region shows it: same IAM, its own clusters and networks. */
  accountIn(region: string): Account;
  /** Creates a role that is usable at once; answers its ARN. */
  addRole(seed: RoleSeed): string;
  /** Creates an ACTIVE cluster with its VPC and role; answers its ARN. */
  addCluster(seed: ClusterSeed): string;
  /** A foreign VPC with two public subnets in two zones, as an existing network of the user's. */
  addNetwork(): { readonly vpcId: string; readonly subnetIds: string[] };
  addAccessEntry(clusterName: string, seed: AccessEntrySeed): void;
  /** A session of a role without STS. Without an ARN: role `test-admin` with AdministratorAccess. */
  issueSession(
    roleArn?: string | undefined,
    options?: { readonly sessionName?: string; readonly durationSeconds?: number },
  ): SessionCredentials;
  /**
   * Checks an EKS token as the control plane does. `cluster`: the cluster whose server asks; `endpoint`: the server that
   * asks, for the clusters connected to it. Without either, the cluster that the token was signed for.
   */
  tokenReview(
    token: string,
    server?: { readonly cluster?: string | undefined; readonly endpoint?: string | undefined },
  ): Promise<{ readonly user: TokenUser } | undefined>;
  /** DescribeCluster answers with this server; `"*"` for every cluster without its own, created later too. */
  connect(clusterName: string, connection: Connection): void;
  /** Has the effect of a request that another account of the same seed recorded, without asking for leave again. */
  repeat(request: AwsRequest): Promise<void>;
  /** Stops the server; throws if there were violations or faults that no request met. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type { HttpHandler, HttpHandlerOptions, HttpRequest, HttpResponse };
