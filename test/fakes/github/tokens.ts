/** What a token may do, in the words of a job's `permissions:`. */
export type Permissions = Readonly<Partial<Record<PermissionName, "read" | "write" | "none">>>;

export type PermissionName =
  | "actions"
  | "checks"
  | "contents"
  | "deployments"
  | "id-token"
  | "issues"
  | "pull-requests"
  | "statuses";

export interface Token {
  readonly value: string;
  readonly login: string;
  readonly permissions: Permissions;
  /** False for a token of another repository: it sees 404 everywhere. */
  readonly hasAccess: boolean;
}

/** What an operation asks for; one of the alternatives is enough. */
export interface Need {
  readonly level: "read" | "write";
  readonly anyOf: readonly PermissionName[];
}

const needs: Readonly<Record<string, Need>> = {
  "actions/download-artifact": read("actions"),
  "actions/get-custom-oidc-sub-claim-for-repo": read("actions"),
  "actions/get-workflow-run": read("actions"),
  "actions/list-workflow-run-artifacts": read("actions"),
  "checks/create": write("checks"),
  "checks/update": write("checks"),
  "git/get-tree": read("contents"),
  "issues/create": write("issues"),
  "issues/create-comment": write("issues", "pull-requests"),
  "issues/delete-comment": write("issues", "pull-requests"),
  "issues/get": read("issues", "pull-requests"),
  "issues/get-comment": read("issues", "pull-requests"),
  "issues/list-comments": read("issues", "pull-requests"),
  "issues/list-for-repo": read("issues"),
  "issues/update": write("issues", "pull-requests"),
  "issues/update-comment": write("issues", "pull-requests"),
  "pulls/create": write("pull-requests"),
  "pulls/get": read("pull-requests"),
  "pulls/list": read("pull-requests"),
  "pulls/list-files": read("pull-requests"),
  "pulls/update": write("pull-requests"),
  "repos/compare-commits-with-basehead": read("contents"),
  "repos/create-commit-status": write("statuses"),
  "repos/create-deployment": write("deployments"),
  "repos/create-deployment-status": write("deployments"),
  "repos/create-release": write("contents"),
  "repos/delete-release-asset": write("contents"),
  "repos/get-content": read("contents"),
  "repos/get-release-by-tag": read("contents"),
  "repos/list-deployment-statuses": read("deployments"),
  "repos/list-deployments": read("deployments"),
  "repos/list-releases": read("contents"),
  "repos/update-release": write("contents"),
  "repos/upload-release-asset": write("contents"),
};

function read(...anyOf: PermissionName[]): Need {
  return { level: "read", anyOf };
}

function write(...anyOf: PermissionName[]): Need {
  return { level: "write", anyOf };
}

/** @throws Error for an operation without an entry: a stand-in that forgets to ask would be kinder than GitHub */
export function needOf(operationId: string): Need {
  const need = needs[operationId];
  if (need === undefined) throw new Error(`tokens.ts does not say which permission ${operationId} needs`);
  return need;
}

/**
 * Whether a token satisfies a need. `pull-requests` opens comments of pull requests only, not those of issues.
 */
export function isAllowed(token: Token, need: Need, isPull: boolean): boolean {
  return need.anyOf.some((name) => {
    if (name === "pull-requests" && need.anyOf.includes("issues") && !isPull) return false;
    const level = token.permissions[name] ?? "none";
    return level === "write" || (level === "read" && need.level === "read");
  });
}

/** The token of a workflow that a fork's pull request started: nothing can write, whatever `permissions:` says. */
export function readOnly(permissions: Permissions): Permissions {
  const reduced = Object.entries(permissions).map(([name, level]) => {
    if (name === "id-token") return [name, "none"];
    return [name, level === "write" ? "read" : level];
  });
  return Object.fromEntries(reduced) as Permissions;
}
