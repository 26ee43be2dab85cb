import { accessSync, constants, statSync } from "node:fs";
import { ActionError } from "@eks-actions/action";
import type { Inputs } from "../inputs/rules.ts";
import type { Ports } from "../ports.ts";
import { KEY_VARIABLES } from "../post/restore.ts";
import { awsFiles, checkKubeconfigPath } from "./aws-files.ts";
import { credentialCommand, type NamedText, ownProfiles, refuseForeign } from "./profile.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What lies on this machine already. */
export interface Surroundings {
  /** The AWS config file in force. */
  readonly awsConfig: NamedText;
  /** Text of an earlier auth step's kubeconfig at the path that this one writes. */
  readonly formerKubeconfig: string | undefined;
  readonly warnings: readonly string[];
}

/** @throws ActionError `RUNNER_ENV_MISSING` */
export function checkRunner({ mode }: Inputs, env: Env): void {
  const names = mode === "login" ? ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV"] : ["GITHUB_OUTPUT"];
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

/**
 * Everything on this machine that could keep a login from being written or from working, before the first request.
 * @throws ActionError `CREDENTIALS_CONFLICT`, `KUBECONFIG_EXISTS`, `PATH_UNSUPPORTED`, `PROFILE_EXISTS`, `INPUT_INVALID`
 */
export function checkSurroundings(inputs: Inputs, { run: { env, tempDir }, node, program }: Ports): Surroundings {
  const { config, credentials } = awsFiles(env);
  if (inputs.mode !== "login") return { awsConfig: config, formerKubeconfig: undefined, warnings: [] };
  const warnings = inputs.credentials === "env" ? besideProfile(env["AWS_PROFILE"] ?? "", config) : [];
  const formerKubeconfig = inputs.kubeconfigPath === undefined ? undefined : checkKubeconfigPath(inputs.kubeconfigPath);
  if (inputs.credentials !== "profile") return { awsConfig: config, formerKubeconfig, warnings };
  credentialCommand(node, program, tempDir);
  const profiles = inputs.roles.map((role) => role.profile);
  refuseForeign(profiles, config, credentials);
  return { awsConfig: config, formerKubeconfig, warnings: hiddenKeys(env) };
}

/** Keys and a profile in one environment: tools disagree about which of the two wins. */
function besideProfile(profile: string, config: NamedText): readonly string[] {
  if (profile === "") return [];
  if (ownProfiles(config.text).includes(profile)) {
    throw new ActionError("CREDENTIALS_CONFLICT", {
      message: `an earlier auth step set AWS_PROFILE=${profile}, and this one would export keys: AWS CLI would take the keys, the JavaScript SDK the profile`,
      hint: "use one kind in a job: `credentials: profile` with another `aws-profile`, or `env` in both steps",
    });
  }
  return [`AWS_PROFILE=${profile} is set: AWS CLI will take the new keys, the JavaScript SDK the profile`];
}

function hiddenKeys(env: Env): readonly string[] {
  const set = KEY_VARIABLES.filter((name) => (env[name] ?? "") !== "");
  return set.length === 0
    ? []
    : [`${set.join(", ")} become empty for later steps, because keys in the environment hide a profile`];
}
