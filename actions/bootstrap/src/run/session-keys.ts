import { ActionError, type BasePorts } from "@eks-actions/action";
import {
  type Aws,
  type AwsKeys,
  assume,
  createSts,
  createTokenSource,
  parseRoleArn,
  requestIdToken,
} from "@eks-actions/aws";
import type { Inputs } from "../inputs.ts";

/**
 * Keys of `role-to-assume`, taken by the job's OIDC token and taken again when they are about to expire: an upgrade
 * runs longer than a session lives. The SDK asks again by itself, because it is told when the keys end.
 */
export function sessionKeys(aws: Aws, inputs: Inputs, base: BasePorts): () => Promise<AwsKeys> {
  const { env } = base.run;
  const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"];
  const bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  const signal = new AbortController().signal;
  const role = parseRoleArn(inputs.roleToAssume ?? "");
  if (url === undefined || bearer === undefined || role === undefined) {
    throw new ActionError("ID_TOKEN_UNAVAILABLE", {
      message: "`role-to-assume` needs an OIDC token, and this job may not ask for one",
      hint: "permissions:\n  id-token: write",
    });
  }
  const audience = inputs.audience ?? "sts.amazonaws.com";
  const tokens = createTokenSource(() => requestIdToken(aws, { url, bearer, audience }, signal), aws.skew);
  return async () => {
    const sts = await createSts(aws);
    const result = await assume(
      aws,
      sts,
      { role, sessionName: `bootstrap-${base.run.runId || "local"}`, durationSeconds: inputs.roleDurationSeconds },
      { kind: "web-identity", tokens },
      { allowedAccountIds: [], propagationWaitMs: 0 },
      signal,
    );
    if (result.kind === "refused") throw result.error;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = result.session;
    for (const secret of [secretAccessKey, sessionToken]) base.log.mask(secret);
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiresAt) };
  };
}
