import { parseUses } from "./resolve.ts";
import type { WorkflowOptions } from "./workflow.ts";
import { type PermissionMap, readWorkflowFile, type WorkflowFile, type WorkflowJob } from "./workflow-file.ts";

// Workflows that call each other, the first one included.
const CALL_DEPTH = 10;

type Caller = Pick<
  WorkflowOptions,
  "trees" | "workflowTree" | "callerPermissions" | "calledAs" | "workflowSecrets" | "file"
>;

/**
 * What GitHub checks of a run before its first job starts, skipped jobs and workflows called further down included: no
 * job asks for more than its caller grants, each called workflow may be called, and gets its secrets.
 * @throws Error in GitHub's words: such a run does not start
 */
export async function checkCall(file: WorkflowFile, options: Caller, depth: number = 1): Promise<void> {
  if (depth > CALL_DEPTH) throw new Error(`${file.name}: more than ${CALL_DEPTH} workflows call each other`);
  for (const [name, isRequired] of Object.entries(file.secrets)) {
    if (isRequired && options.workflowSecrets?.[name] === undefined) {
      throw new Error(`Secret ${name} is required, but not provided while calling ${file.name}`);
    }
  }
  for (const job of file.jobs) {
    const permissions = permissionsOf(file, job, options.callerPermissions);
    if (job.uses === undefined) continue;
    const target = locateCalled(job.uses, options);
    const called = await readWorkflowFile(target.file, job.uses);
    if (!called.isReusable) {
      throw new Error(`${job.uses} is not reusable as it is missing a \`on.workflow_call\` trigger`);
    }
    const unknown =
      job.secrets === "inherit" ? [] : Object.keys(job.secrets).filter((name) => !(name in called.secrets));
    if (unknown.length > 0) {
      throw new Error(`Invalid secret, ${unknown.join(", ")} is not defined in the referenced workflow ${job.uses}`);
    }
    const workflowSecrets = job.secrets === "inherit" ? options.workflowSecrets : job.secrets;
    const inner = { ...options, ...target, workflowTree: target.tree, callerPermissions: permissions, workflowSecrets };
    await checkCall(called, inner, depth + 1);
  }
}

/** Where a called workflow lies: `owner/repo/path@ref` in its tree, `./path` beside its caller. */
export function locateCalled(uses: string, options: Caller) {
  const remote = parseUses(uses);
  const tree = remote === undefined ? options.workflowTree : options.trees?.[`${remote.repository}@${remote.ref}`];
  if (tree === undefined) throw new Error(`uses: ${uses}: no such tree (trees, workflowTree)`);
  const path = remote?.path ?? uses.replace(/^\.\//, "");
  return { file: `${tree}/${path}`, tree, calledAs: remote === undefined ? options.calledAs : uses };
}

/** @throws Error for inputs that the workflow does not declare, lacks, or declares with another type */
export function workflowInputs(
  file: WorkflowFile,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const unknown = Object.keys(given).filter((name) => !(name in file.inputs));
  const isCalled = Object.keys(file.inputs).length > 0;
  if (unknown.length > 0 && isCalled)
    throw new Error(`Invalid input, ${unknown.join(", ")} is not defined in ${file.name}`);
  const inputs: Record<string, unknown> = isCalled ? {} : { ...given };
  for (const [name, spec] of Object.entries(file.inputs)) {
    const value = given[name];
    if (value === undefined && spec.isRequired)
      throw new Error(`Input ${name} is required, but not provided to ${file.name}`);
    inputs[name] = value === undefined ? (spec.default ?? emptyOf(spec.type)) : typed(name, spec.type, value);
  }
  return inputs;
}

function emptyOf(type: string): unknown {
  return type === "boolean" ? false : type === "number" ? 0 : "";
}

// GitHub converts nothing between types here: a workflow with a wrong one does not start.
function typed(name: string, type: string, value: unknown): unknown {
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (typeof value !== type)
    throw new Error(`Unexpected value '${String(value)}' of input ${name}, which is a ${type}`);
  return value;
}

/** What a job asks for. @throws Error when that is more than its caller has */
export function permissionsOf(file: WorkflowFile, job: WorkflowJob, caller: PermissionMap | undefined): PermissionMap {
  const asked = job.permissions ?? file.permissions ?? caller ?? {};
  if (caller === undefined) return asked;
  for (const [name, level] of Object.entries(asked)) {
    const allowed = caller[name] ?? caller["*"] ?? "none";
    if (rank(level) > rank(allowed)) {
      throw new Error(
        `Error calling workflow '${file.name}'. The nested job '${job.id}' is requesting '${name}: ${level}', but is only allowed '${name}: ${allowed}'.`,
      );
    }
  }
  return asked;
}

function rank(level: string): number {
  return ["none", "read", "write"].indexOf(level);
}
