import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { parse } from "yaml";
import { isRecord, readStep, type StepFields, texts } from "./action-file.ts";

export interface WorkflowInput {
  readonly type: string;
  readonly isRequired: boolean;
  readonly default: unknown;
}

export interface WorkflowJob {
  readonly id: string;
  readonly name: string | undefined;
  readonly needs: readonly string[];
  readonly if: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `undefined` inherits the workflow's. */
  readonly permissions: PermissionMap | undefined;
  readonly environment: { readonly name: string; readonly url: string | undefined } | undefined;
  readonly outputs: Readonly<Record<string, string>>;
  readonly strategy: StrategyFields;
  readonly steps: readonly StepFields[];
  /** Of a job that calls another workflow. */
  readonly uses: string | undefined;
  readonly with: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>> | "inherit";
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
}

export interface StrategyFields {
  readonly matrix: unknown;
  /** Expressions; by default `true`: the first failure cancels the combinations that have not ended. */
  readonly failFast: string;
  /** How many run at once; `undefined` for all of them. */
  readonly maxParallel: string | undefined;
}

export type PermissionMap = Readonly<Record<string, string>>;

/** Expressions, to be filled when the run is queued. */
export interface ConcurrencyFields {
  readonly group: string;
  readonly cancelInProgress: string;
  /** `max` keeps every waiting run; by default only the newest waits. */
  readonly queue: string;
}

export interface WorkflowFile {
  readonly file: string;
  readonly name: string;
  readonly concurrency: ConcurrencyFields | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly permissions: PermissionMap | undefined;
  /** Whether another workflow may call it. */
  readonly isReusable: boolean;
  readonly inputs: Readonly<Record<string, WorkflowInput>>;
  /** Secret name → whether a caller must give it. */
  readonly secrets: Readonly<Record<string, boolean>>;
  /** Output name → expression over `jobs`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly jobs: readonly WorkflowJob[];
}

/** Reads a workflow that GitHub's own parser accepts. @throws Error with file, line and the parser's words */
export async function readWorkflowFile(file: string, name: string): Promise<WorkflowFile> {
  const content = readFileSync(file, "utf8");
  await validate(name, content);
  const root = record(parse(content));
  const call = record(record(root["on"])["workflow_call"]);
  return {
    file,
    name: text(root["name"]) ?? name,
    concurrency: concurrencyOf(root["concurrency"]),
    env: texts(root["env"]),
    permissions: permissionsOf(root["permissions"]),
    isReusable: namesCall(root["on"]),
    inputs: Object.fromEntries(Object.entries(record(call["inputs"])).map(([key, spec]) => [key, readInput(spec)])),
    secrets: Object.fromEntries(
      Object.entries(record(call["secrets"])).map(([key, spec]) => [key, record(spec)["required"] === true]),
    ),
    outputs: Object.fromEntries(
      Object.entries(record(call["outputs"])).map(([key, spec]) => [key, text(record(spec)["value"]) ?? ""]),
    ),
    jobs: Object.entries(record(root["jobs"])).map(([id, job]) => readJob(id, record(job), record(root["defaults"]))),
  };
}

function namesCall(on: unknown): boolean {
  if (Array.isArray(on)) return on.includes("workflow_call");
  return on === "workflow_call" || (isRecord(on) && "workflow_call" in on);
}

async function validate(name: string, content: string): Promise<void> {
  const { parseWorkflow, NoOperationTraceWriter } = await loadParser();
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const errors = context.errors.getErrors().map((error) => `${name}: ${error.message}`);
  if (errors.length > 0) throw new Error(`Invalid workflow file\n${errors.join("\n")}`);
}

// The parser imports JSON without saying so, which bundlers take and Node refuses.
function loadParser() {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isSchema = specifier.endsWith(".json") && context.parentURL?.includes("workflow-parser") === true;
      const resolved = next(specifier, context);
      return isSchema ? { ...resolved, importAttributes: { type: "json" } } : resolved;
    },
  });
  return import("@actions/workflow-parser").finally(() => hooks.deregister());
}

function readInput(spec: unknown): WorkflowInput {
  const fields = record(spec);
  return {
    type: text(fields["type"]) ?? "string",
    isRequired: fields["required"] === true,
    default: fields["default"],
  };
}

function readJob(id: string, job: Record<string, unknown>, workflowDefaults: Record<string, unknown>): WorkflowJob {
  const defaults = { ...record(workflowDefaults["run"]), ...record(record(job["defaults"])["run"]) };
  const needs = job["needs"];
  const steps = Array.isArray(job["steps"]) ? job["steps"] : [];
  return {
    id,
    name: text(job["name"]),
    needs: Array.isArray(needs) ? needs.map(String) : needs === undefined ? [] : [String(needs)],
    if: text(job["if"]),
    env: texts(job["env"]),
    permissions: permissionsOf(job["permissions"]),
    environment: environmentOf(job["environment"]),
    outputs: texts(job["outputs"]),
    strategy: strategyOf(record(job["strategy"])),
    steps: steps.map((step) => readStep(record(step))),
    uses: text(job["uses"]),
    with: record(job["with"]),
    secrets: job["secrets"] === "inherit" ? "inherit" : texts(job["secrets"]),
    shell: text(defaults["shell"]),
    workingDirectory: text(defaults["working-directory"]),
  };
}

function strategyOf(fields: Record<string, unknown>): StrategyFields {
  return {
    matrix: fields["matrix"],
    failFast: text(fields["fail-fast"]) ?? "true",
    maxParallel: text(fields["max-parallel"]),
  };
}

function environmentOf(value: unknown): WorkflowJob["environment"] {
  if (typeof value === "string") return { name: value, url: undefined };
  const fields = record(value);
  const name = text(fields["name"]);
  return name === undefined ? undefined : { name, url: text(fields["url"]) };
}

function concurrencyOf(value: unknown): ConcurrencyFields | undefined {
  if (value === undefined) return undefined;
  const fields = typeof value === "string" ? { group: value } : record(value);
  return {
    group: text(fields["group"]) ?? "",
    cancelInProgress: text(fields["cancel-in-progress"]) ?? "false",
    queue: text(fields["queue"]) ?? "single",
  };
}

function permissionsOf(value: unknown): PermissionMap | undefined {
  if (value === undefined) return undefined;
  if (value === "read-all" || value === "write-all") return { "*": value.slice(0, -4) };
  return texts(value);
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}
