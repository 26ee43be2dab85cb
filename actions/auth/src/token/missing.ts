import { ActionError } from "@eks-actions/action";
import type { Fork } from "./fork.ts";

/** What a job without the request variables knows about itself. */
export interface TokenlessJob {
  readonly fork: Fork | undefined;
  /** GITHUB_WORKFLOW_REF: the workflow that the event started, `owner/repo/path@ref`. Empty on old runners. */
  readonly workflowRef: string;
  /** `job.workflow_ref`: the workflow file that defines this job. Undefined where GitHub does not tell. */
  readonly jobWorkflowRef: string | undefined;
  readonly actor: string;
}

/**
 * Why GitHub gave the job no way to ask for an OIDC token, told apart without a request: a fork gets none whatever
 * `permissions` says, a called workflow has what the calling job grants, and any other job lacks its own permission.
 */
export function missingToken({ fork, workflowRef, jobWorkflowRef, actor }: TokenlessJob): ActionError {
  if (fork !== undefined) return ofFork(fork);
  const isDependabot = actor === "dependabot[bot]";
  const reason = isDependabot ? ", and Dependabot's runs are read-only unless `permissions` raises them" : "";
  const others = isDependabot ? [] : ["Dependabot's runs are read-only unless `permissions` raises them."];
  if (jobWorkflowRef !== undefined && workflowRef !== "" && jobWorkflowRef !== workflowRef) {
    return new ActionError("ID_TOKEN_CALLER_PERMISSION_MISSING", {
      message: `the job that calls ${jobWorkflowRef} in ${workflowRef} does not grant \`id-token: write\`${reason}`,
      hint: [
        `add to the calling job in ${fileOf(workflowRef)}:`,
        `  uses: ${jobWorkflowRef}`,
        ...PERMISSIONS,
        "A called workflow can lower what its caller grants: a `permissions` block of its own must name both too.",
        ...others,
      ].join("\n"),
    });
  }
  return new ActionError("ID_TOKEN_PERMISSION_MISSING", {
    message: `this job may not ask for an OIDC token: it has no \`id-token: write\`${reason}`,
    hint: [
      "add to the job:",
      ...PERMISSIONS,
      // Old runners and GitHub Enterprise Server do not tell which workflow defines the job.
      ...(jobWorkflowRef === undefined
        ? ["A called reusable workflow gets it only if the calling job grants it: add the same there."]
        : []),
      ...others,
    ].join("\n"),
  });
}

const PERMISSIONS = ["  permissions:", "    id-token: write", "    contents: read"];

function ofFork({ head, base }: Fork): ActionError {
  return new ActionError("ID_TOKEN_FORK", {
    message: `this pull request comes from ${head}, and a fork of ${base} gets no OIDC token whatever \`permissions\` says`,
    hint: "log in on `push`, or in a `workflow_run` that follows the pull request's own workflow and runs no code of the fork",
  });
}

/** `owner/repo/.github/workflows/ci.yml@ref` → `.github/workflows/ci.yml` */
function fileOf(workflowRef: string): string {
  return workflowRef.replace(/@.*$/s, "").split("/").slice(2).join("/") || workflowRef;
}
