import { ActionError, type RunContext } from "@eks-actions/action";
import type { IdToken } from "@eks-actions/aws";
import type { Inputs } from "../inputs/rules.ts";
import type { Ports } from "../ports.ts";
import { isComplete } from "./claims.ts";
import { forkOf } from "./fork.ts";
import { missingToken } from "./missing.ts";
import { readTokenFile } from "./token-file.ts";

/** How the job comes by its token, decided without a request. */
export interface TokenAccess {
  /** Undefined: no token is asked for, because a file, the job's keys or the `claims` input take its place. */
  readonly request: { readonly url: string; readonly bearer: string } | undefined;
  readonly warnings: readonly string[];
}

/** The token that the job presents. */
export interface Presented {
  readonly idToken: IdToken | undefined;
  /** Why there is none, although GitHub was asked. A fault is a fact too: with it the report tells how often. */
  readonly tokenFault: ActionError | undefined;
}

/** @throws ActionError `ID_TOKEN_FORK`, `ID_TOKEN_CALLER_PERMISSION_MISSING`, `ID_TOKEN_PERMISSION_MISSING` */
export function tokenAccess(inputs: Inputs, { env, event, eventName, actor }: RunContext): TokenAccess {
  const isOffline = inputs.mode === "verify-trust" && isComplete(inputs.claims);
  if (inputs.proof.kind !== "oidc" || isOffline) return { request: undefined, warnings: [] };
  const fork = forkOf(event);
  const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "";
  if (url === "" || bearer === "") {
    const workflowRef = env["GITHUB_WORKFLOW_REF"] ?? "";
    throw missingToken({ fork, workflowRef, jobWorkflowRef: inputs.jobWorkflowRef, actor });
  }
  const isBeside = fork !== undefined && /^(pull_request_target|workflow_run)$/.test(eventName);
  const warning = `the head of this ${eventName} is ${fork?.head}: do not run code of that fork in a job that holds AWS credentials`;
  return { request: { url, bearer }, warnings: isBeside ? [warning] : [] };
}

/** Reads the token file, or asks GitHub. @throws ActionError `WEB_IDENTITY_FILE_INVALID` */
export async function presentedToken(
  { request }: TokenAccess,
  { proof }: Inputs,
  ports: Ports,
  signal: AbortSignal,
): Promise<Presented> {
  if (proof.kind === "file") {
    const idToken = readTokenFile(proof.path, ports.clock.now());
    ports.log.mask(idToken.token);
    return { idToken, tokenFault: undefined };
  }
  if (request === undefined) return { idToken: undefined, tokenFault: undefined };
  try {
    return { idToken: await ports.requestIdToken(request, signal), tokenFault: undefined };
  } catch (error) {
    if (error instanceof ActionError) return { idToken: undefined, tokenFault: error };
    // Whoever called ends a cancelled run, and has the facts by then.
    if (signal.aborted) return { idToken: undefined, tokenFault: undefined };
    throw error;
  }
}
