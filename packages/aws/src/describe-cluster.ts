import { ActionError, formatDuration } from "@eks-actions/action";
import { CLUSTER_NAME_PATTERN, parseClusterArn } from "./arn.ts";
import { awsErrorInfo } from "./classify.ts";
import { type Aws, clientConfig, send, watchClock } from "./client.ts";

/** What a kubeconfig needs of a cluster, verified. */
export interface ClusterAccess {
  readonly name: string;
  /** What tokens name: the id of a local cluster on Outposts, else the name. */
  readonly tokenName: string;
  readonly arn: string;
  readonly region: string;
  readonly endpoint: string;
  /** Base64 of PEM. */
  readonly certificateAuthority: string;
  readonly status: string;
  readonly authenticationMode: string | undefined;
}

export interface DescribeOptions {
  readonly name: string;
  /** The account that the credentials are of; the answer must be of it too. */
  readonly accountId: string;
  readonly partition: string;
  /** The principal, for messages. */
  readonly principal: string;
}

/** The members of the answer that are used. */
export interface ClusterAnswer {
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly arn?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly status?: string | undefined;
  readonly certificateAuthority?: { readonly data?: string | undefined } | undefined;
  readonly accessConfig?: { readonly authenticationMode?: string | undefined } | undefined;
}

/**
 * Looks up where a cluster's API server is. Clock errors are corrected once from the answer's date.
 * @throws ActionError `CLUSTER_NOT_FOUND`, `CLUSTER_ACCESS_DENIED`, `CLUSTER_NOT_READY`, `CLUSTER_RESPONSE_INVALID`,
 * `EKS_THROTTLED`, `EKS_UNAVAILABLE`, `CLOCK_SKEW`
 */
export async function describeCluster(aws: Aws, options: DescribeOptions, signal: AbortSignal): Promise<ClusterAccess> {
  const sdk = await import("./sdk/eks.ts");
  const startedAt = aws.clock.now();
  const ask = () => {
    const client = watchClock(new sdk.EKSClient(clientConfig(aws, "EKS")), aws.skew);
    return send(aws, "eks:DescribeCluster", signal, (abortSignal) =>
      client.send(new sdk.DescribeClusterCommand({ name: options.name }), { abortSignal }),
    );
  };
  try {
    const answer = await ask().catch((error: unknown) => {
      if (awsErrorInfo(error).kind !== "clock") throw error;
      return ask();
    });
    return readCluster(answer.cluster ?? {}, options, aws.region);
  } catch (error) {
    if (error instanceof ActionError || signal.aborted) throw error;
    throw explain(error, options, aws.region, aws.clock.now() - startedAt);
  }
}

/** @throws ActionError `CLUSTER_NOT_READY`, `CLUSTER_RESPONSE_INVALID` */
export function readCluster(cluster: ClusterAnswer, options: DescribeOptions, region: string): ClusterAccess {
  const { name } = options;
  const refuse = (field: string, why: string) =>
    new ActionError("CLUSTER_RESPONSE_INVALID", {
      message: `DescribeCluster ${name} in ${region}: \`${field}\` ${why}`,
      hint: "nothing was exported; check AWS_ENDPOINT_URL_EKS and the proxy",
    });
  const status = cluster.status ?? "";
  if (status !== "ACTIVE" && status !== "UPDATING") {
    throw new ActionError("CLUSTER_NOT_READY", {
      message: `cluster ${name} in ${region} is ${status === "" ? "in no state" : status}`,
      hint: "wait until it is ACTIVE: `aws eks wait cluster-active --name NAME`",
    });
  }
  const arn = cluster.arn === undefined ? undefined : parseClusterArn(cluster.arn);
  if (cluster.arn === undefined || arn === undefined) throw refuse("arn", "is missing or no cluster ARN");
  if (
    arn.region !== region ||
    arn.accountId !== options.accountId ||
    arn.partition !== options.partition ||
    arn.name !== name
  ) {
    throw refuse("arn", `is ${cluster.arn}, asked for was account ${options.accountId}`);
  }
  const endpoint = cluster.endpoint ?? "";
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "https:") throw refuse("endpoint", "is missing or not https");
  if (url.username !== "" || url.password !== "") throw refuse("endpoint", "holds a user name or password");
  const certificateAuthority = cluster.certificateAuthority?.data ?? "";
  if (!isPem(certificateAuthority)) throw refuse("certificateAuthority.data", "is not base64 of a PEM certificate");
  const id = cluster.id !== undefined && CLUSTER_NAME_PATTERN.test(cluster.id) ? cluster.id : undefined;
  return {
    name,
    tokenName: id ?? name,
    arn: cluster.arn,
    region,
    endpoint,
    certificateAuthority,
    status,
    authenticationMode: cluster.accessConfig?.authenticationMode,
  };
}

function isPem(base64: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false;
  const text = Buffer.from(base64, "base64").toString("latin1");
  return /^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/.test(text);
}

function explain(cause: unknown, options: DescribeOptions, region: string, elapsedMs: number): ActionError {
  const info = awsErrorInfo(cause);
  const { name, accountId, partition } = options;
  const arn = `arn:${partition}:eks:${region}:${accountId}:cluster/${name}`;
  const said = `${info.message}${info.requestId === undefined ? "" : ` (request id ${info.requestId})`}`;
  switch (info.kind) {
    case "not-found":
      return new ActionError("CLUSTER_NOT_FOUND", {
        message: `no EKS cluster ${name} in ${region}, account ${accountId}`,
        hint: `check the name and region; another region is written \`eks-cluster: ${name}@REGION\``,
        cause,
      });
    case "denied":
      return new ActionError("CLUSTER_ACCESS_DENIED", {
        message: `${options.principal} may not call eks:DescribeCluster on ${arn}: ${said}`,
        hint: `add to the role's policy: {"Effect":"Allow","Action":"eks:DescribeCluster","Resource":"${arn}"}`,
        cause,
      });
    case "clock":
      return new ActionError("CLOCK_SKEW", {
        message: `EKS refuses the request's date (${info.code}) even after correction`,
        hint: "set the runner's clock (NTP)",
        cause,
      });
    default: {
      const code = info.kind === "throttle" ? "EKS_THROTTLED" : "EKS_UNAVAILABLE";
      return new ActionError(code, {
        message: `EKS in ${region} answered last with ${info.code} for cluster ${name}, after ${formatDuration(elapsedMs)}: ${said}`,
        hint: "raise `max-wait-seconds`; behind a proxy, set `http-proxy` or HTTPS_PROXY",
        cause,
      });
    }
  }
}
