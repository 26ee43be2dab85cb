import { ActionError } from "@eks-actions/action";
import { EKS_TOKEN_LIMIT, withCredentials } from "@eks-actions/aws";
import type { FoundCluster, Granted } from "./files/write.ts";
import type { ClusterInput } from "./inputs/rules.ts";
import type { Ports } from "./ports.ts";

export interface ClusterOutcome extends FoundCluster {
  readonly context: string;
  /** Characters of a token for this cluster now. */
  readonly tokenLength: number;
}

/**
 * Where a cluster's API server is, asked with the keys that kubectl will use, and whether a token for it can be read
 * there.
 * @throws ActionError of DescribeCluster, `EKS_TOKEN_TOO_LONG`
 */
export async function lookUp(
  target: ClusterInput,
  granted: readonly Granted[],
  ports: Ports,
  signal: AbortSignal,
): Promise<ClusterOutcome> {
  const owner = granted.find((candidate) => candidate.plan.profile === target.profile);
  if (owner === undefined) throw new Error(`no session for profile ${target.profile}`);
  const { session } = owner;
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const keys = { accessKeyId, secretAccessKey, sessionToken };
  const options = {
    name: target.name,
    accountId: session.principal.accountId,
    partition: session.role.partition,
    principal: session.principal.arn,
  };
  const access = await ports.describeCluster(withCredentials(ports.aws, keys, target.region), options, signal);
  const { token } = await ports.eksToken({
    cluster: access.tokenName,
    region: target.region,
    keys,
    nowMs: ports.aws.skew.now(),
  });
  ports.log.mask(token);
  if (token.length > EKS_TOKEN_LIMIT) {
    throw new ActionError("EKS_TOKEN_TOO_LONG", {
      message: `the EKS token for ${target.name} has ${token.length} characters, the API server reads ${EKS_TOKEN_LIMIT}; the session token alone has ${sessionToken.length}`,
      hint: "drop `inline-session-policy` or `managed-session-policies`: a session token should stay below about 2,500 characters",
    });
  }
  if (access.authenticationMode === "CONFIG_MAP") {
    ports.log.annotate({
      level: "notice",
      title: "CONFIG_MAP",
      message: `cluster ${target.name} has authentication mode CONFIG_MAP: access entries do not work there, the role must be in the aws-auth ConfigMap`,
    });
  }
  const context = target.contextName ?? access.arn;
  ports.log.info(`cluster ${access.name} in ${access.region} is ${access.status} at ${access.endpoint}`);
  return { target, access, context, tokenLength: token.length };
}
