import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { ActionError, type RunContext } from "@eks-actions/action";
import { type Endpoint, endpointOf, type IdToken } from "@eks-actions/aws";
import { type Effort, effortOf } from "./effort.ts";
import { awsFiles, checkKubeconfigPath } from "./files/aws-files.ts";
import { credentialCommand, type NamedText, ownProfiles, refuseForeign } from "./files/profile.ts";
import type { Inputs } from "./inputs/rules.ts";
import type { Ports } from "./ports.ts";
import { type Claims, claimsOf, isComplete, overrideClaims } from "./token/claims.ts";
import { forkOf } from "./token/fork.ts";
import { missingToken } from "./token/missing.ts";
import { readTokenFile } from "./token/token-file.ts";
import { parseTrustDocument, type TrustDocument } from "./trust/document.ts";

/** All that must be known before anything is decided. */
export interface Facts {
  readonly run: RunContext;
  /** Undefined with role-chaining, and where the `claims` input needs no token. */
  readonly idToken: IdToken | undefined;
  /** Why there is no token, although GitHub was asked for one. */
  readonly tokenFault: ActionError | undefined;
  readonly claims: Claims | undefined;
  readonly trust: TrustDocument | undefined;
  readonly trustFile: string | undefined;
  readonly awsConfig: NamedText;
  /** Text of an earlier auth step's kubeconfig at the path that this one writes. */
  readonly formerKubeconfig: string | undefined;
  readonly stsEndpoint: Endpoint | undefined;
  /** The environment of this step. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly program: string;
  readonly effort: Effort;
  readonly warnings: readonly string[];
}

/** Reads files, the event and, as the only request, the job's OIDC token. */
export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  const { run } = ports;
  const { env } = run;
  checkRunner(inputs, env);
  const warnings: string[] = [];
  const fork = forkOf(run.event);
  const needsToken = inputs.proof.kind === "oidc" && !(inputs.mode === "verify-trust" && isComplete(inputs.claims));
  const bearer = needsToken ? requestVariables(env) : undefined;
  if (needsToken && bearer === undefined) {
    const workflowRef = env["GITHUB_WORKFLOW_REF"] ?? "";
    throw missingToken({ fork, workflowRef, jobWorkflowRef: inputs.jobWorkflowRef, actor: run.actor });
  }
  if (bearer !== undefined && fork !== undefined && /^(pull_request_target|workflow_run)$/.test(run.eventName)) {
    warnings.push(
      `the head of this ${run.eventName} is ${fork.head}: do not run code of that fork in a job that holds AWS credentials`,
    );
  }
  const files = awsFiles(env);
  const formerKubeconfig = inputs.mode === "login" ? checkSurroundings(inputs, ports, files, warnings) : undefined;
  const trustFile = inputs.trustPolicyFile === undefined ? undefined : shownPath(run.workspace, inputs.trustPolicyFile);
  const trust =
    inputs.trustPolicyFile === undefined ? undefined : readTrustFile(inputs.trustPolicyFile, trustFile ?? "");
  const stsEndpoint = endpointOf(ports.aws, "STS");
  if (inputs.clusters.length > 0) endpointOf(ports.aws, "EKS");

  let idToken: IdToken | undefined;
  if (inputs.proof.kind === "file") {
    idToken = readTokenFile(inputs.proof.path, ports.clock.now());
    ports.log.mask(idToken.token);
  }
  // Compiling the SDK takes longer than GitHub's answer: it happens behind the request.
  const [asked] = await ports.log.group("Observe", () =>
    Promise.all([
      bearer === undefined ? undefined : askForToken(bearer, ports, signal),
      inputs.mode === "login" ? ports.sts(inputs.roles[0]?.region ?? "") : undefined,
    ]),
  );
  const tokenFault = asked instanceof ActionError ? asked : undefined;
  if (!(asked instanceof ActionError)) idToken ??= asked;
  const own = idToken === undefined ? undefined : claimsOf(idToken.claims);
  const hasGiven = Object.keys(inputs.claims).length > 0;
  return {
    run,
    idToken,
    tokenFault,
    claims: hasGiven ? overrideClaims(own, inputs.claims) : own,
    trust,
    trustFile,
    awsConfig: files.config,
    formerKubeconfig,
    stsEndpoint,
    env,
    node: ports.node,
    program: ports.program,
    effort: effortOf(ports.aws),
    warnings,
  };
}

/** A fault is an answer too: with it, the report can tell how often GitHub was asked. */
async function askForToken(
  bearer: { readonly url: string; readonly bearer: string },
  ports: Ports,
  signal: AbortSignal,
): Promise<IdToken | ActionError | undefined> {
  try {
    return await ports.requestIdToken(bearer, signal);
  } catch (error) {
    if (error instanceof ActionError) return error;
    if (signal.aborted) return undefined; // the caller ends a cancelled run, and has the facts by then
    throw error;
  }
}

function checkRunner(inputs: Inputs, env: Facts["env"]): void {
  const names = inputs.mode === "login" ? ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV"] : ["GITHUB_OUTPUT"];
  for (const name of names) {
    const path = env[name] ?? "";
    const reason = path === "" ? "is not set" : unwritable(path);
    if (reason !== undefined) throw runnerMissing(`${name} ${reason}`);
  }
  const temp = env["RUNNER_TEMP"] ?? "";
  if (temp === "" || statSync(temp, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw runnerMissing(temp === "" ? "RUNNER_TEMP is not set" : `RUNNER_TEMP ${temp} is no folder`);
  }
}

function unwritable(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return `(${path}) cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function runnerMissing(message: string): ActionError {
  return new ActionError("RUNNER_ENV_MISSING", { message, hint: "this action runs inside GitHub Actions only" });
}

/** The request variables, which exist only with `id-token: write`. */
function requestVariables(env: Facts["env"]): { readonly url: string; readonly bearer: string } | undefined {
  const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "";
  return url === "" || bearer === "" ? undefined : { url, bearer };
}

const KEY_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** Everything on this machine that could keep the login from being written, before the first request. */
function checkSurroundings(
  inputs: Inputs,
  { run: { env, tempDir }, node, program }: Ports,
  files: { config: NamedText; credentials: NamedText },
  warnings: string[],
): string | undefined {
  const profile = env["AWS_PROFILE"] ?? "";
  if (inputs.credentials === "env" && profile !== "") {
    if (ownProfiles(files.config.text).includes(profile)) {
      throw new ActionError("CREDENTIALS_CONFLICT", {
        message: `an earlier auth step set AWS_PROFILE=${profile}, and this one would export keys: AWS CLI would take the keys, the JavaScript SDK the profile`,
        hint: "use one kind in a job: `credentials: profile` with another `aws-profile`, or `env` in both steps",
      });
    }
    warnings.push(`AWS_PROFILE=${profile} is set: AWS CLI will take the new keys, the JavaScript SDK the profile`);
  }
  const former = inputs.kubeconfigPath === undefined ? undefined : checkKubeconfigPath(inputs.kubeconfigPath);
  if (inputs.credentials !== "profile") return former;
  credentialCommand(node, program, tempDir);
  refuseForeign(
    inputs.roles.map((role) => role.profile),
    files.config,
    files.credentials,
  );
  const set = KEY_VARIABLES.filter((name) => (env[name] ?? "") !== "");
  if (set.length > 0)
    warnings.push(`${set.join(", ")} become empty for later steps, because keys in the environment hide a profile`);
  return former;
}

/** As the repository has it; a path outside the workspace as it is. */
function shownPath(workspace: string, path: string): string {
  const inside = relative(workspace, path);
  return inside === "" || inside.startsWith("..") ? path : inside;
}

const TRUST_LIMIT_BYTES = 64 * 1024;

function readTrustFile(path: string, shown: string): TrustDocument {
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    const { size } = stat;
    if (size > TRUST_LIMIT_BYTES) throw new Error(`${size} bytes, at most ${TRUST_LIMIT_BYTES}`);
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ActionError("TRUST_POLICY_FILE_INVALID", {
      message: `${shown} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "check the path; the file must be checked out before this step",
      cause,
    });
  }
  return parseTrustDocument(text, shown);
}
