import type { Granted, WrittenFiles } from "./files/write.ts";
import type { LoginPlan } from "./plan.ts";
import { KEY_VARIABLES, type RestoreState, savedVariables, sha256 } from "./post/restore.ts";

/** Variables for later steps: those of the first role, as every scalar output is. */
export function variablesOf(
  { inputs, facts }: LoginPlan,
  { plan, session }: Granted,
  files: WrittenFiles,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  if (inputs.credentials !== "none") {
    variables["AWS_REGION"] = plan.region;
    variables["AWS_DEFAULT_REGION"] = plan.region;
  }
  if (inputs.credentials === "env") {
    variables["AWS_ACCESS_KEY_ID"] = session.accessKeyId;
    variables["AWS_SECRET_ACCESS_KEY"] = session.secretAccessKey;
    variables["AWS_SESSION_TOKEN"] = session.sessionToken;
  }
  if (files.configPath !== undefined) {
    variables["AWS_CONFIG_FILE"] = files.configPath;
    variables["AWS_PROFILE"] = plan.profile;
    // Keys in the environment would hide the profile.
    for (const name of KEY_VARIABLES) if ((facts.env[name] ?? "") !== "") variables[name] = "";
  }
  if (files.kubeconfig !== undefined) variables["KUBECONFIG"] = files.kubeconfig.path;
  return variables;
}

/** What post needs to take all of it back. */
export function restoreOf(
  plan: LoginPlan,
  variables: Readonly<Record<string, string>>,
  { folder, kubeconfig, kubeconfigPath, formerKubeconfig }: WrittenFiles,
): RestoreState {
  return {
    schemaVersion: 1,
    onPost: plan.inputs.onPost,
    variables: savedVariables(variables, plan.facts.env),
    folder,
    kubeconfig:
      kubeconfigPath === undefined || kubeconfig === undefined
        ? undefined
        : { path: kubeconfigPath, sha256: sha256(kubeconfig.text), former: formerKubeconfig },
  };
}
