import { ActionError, type Clock } from "@eks-actions/action";
import { assume } from "./assume.ts";
import { createAws } from "./client.ts";
import { requestIdToken } from "./id-token.ts";
import { readProxy } from "./proxy.ts";
import { type CachedSession, cached, type SessionRecipe } from "./session-file.ts";
import { createSts } from "./sts.ts";
import { createTokenSource } from "./token-source.ts";

const RENEW_BUDGET_MS = 20_000;

/**
 * A new OIDC token, and new keys for it, with the rules and checks of a login.
 * @throws ActionError of the login, `ID_TOKEN_PERMISSION_MISSING` where the request variables are gone
 */
export async function renewSession(
  recipe: SessionRecipe,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<CachedSession> {
  const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "";
  if (url === "" || bearer === "") {
    throw new ActionError("ID_TOKEN_PERMISSION_MISSING", {
      message: "ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set in this process",
    });
  }
  const aws = createAws({
    region: recipe.region,
    clock,
    run: { env, runId: env["GITHUB_RUN_ID"] ?? "", runAttempt: env["GITHUB_RUN_ATTEMPT"] ?? "1" },
    action: "auth",
    maxWaitMs: RENEW_BUDGET_MS,
    proxy: readProxy(env, { url: recipe.httpProxy, noProxy: recipe.noProxy }),
    endpoints:
      recipe.stsEndpoint === undefined ? {} : { STS: { url: recipe.stsEndpoint, origin: "input sts-endpoint" } },
  });
  const signal = new AbortController().signal;
  const loading = createSts(aws);
  const fetch = () => requestIdToken(aws, { url, bearer, audience: recipe.audience }, signal);
  const token = await fetch();
  const tokens = createTokenSource(fetch, aws.skew, token);
  const { role, sessionName, durationSeconds, policy, policyArns } = recipe;
  const request = { role, sessionName, durationSeconds, policy, policyArns };
  const options = { allowedAccountIds: [role.accountId], propagationWaitMs: 0 };
  const result = await assume(aws, await loading, request, { kind: "web-identity", tokens }, options, signal);
  if (result.kind === "refused") throw result.error;
  return cached(result.session, aws.skew.now());
}
