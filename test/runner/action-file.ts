import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export interface ActionInput {
  readonly name: string;
  /** May hold `${{ }}`. */
  readonly default: string | undefined;
  readonly deprecationMessage: string | undefined;
}

export type Stage = "pre" | "main" | "post";

export interface NodeRuns {
  readonly kind: "node";
  readonly using: string;
  readonly entries: Readonly<Partial<Record<Stage, string>>>;
  /** Default `always()`, as the runner has it. */
  readonly preIf: string;
  readonly postIf: string;
}

export interface CompositeRuns {
  readonly kind: "composite";
  readonly steps: readonly StepFields[];
}

/** A step as it stands in YAML; every text may hold `${{ }}`. */
export interface StepFields {
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly if?: string | undefined;
  readonly uses?: string | undefined;
  readonly run?: string | undefined;
  readonly shell?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly with?: Readonly<Record<string, string>> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly continueOnError?: string | undefined;
  readonly timeoutMinutes?: string | undefined;
}

/** An action.yml, checked as far as the runner needs it. */
export interface ActionFile {
  readonly folder: string;
  readonly name: string;
  readonly inputs: readonly ActionInput[];
  /** Output name → value expression; values exist for composite actions only. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly runs: NodeRuns | CompositeRuns;
}

/** @throws Error that names the file and the field which the runner would refuse */
export function readActionFile(folder: string): ActionFile {
  const file = ["action.yml", "action.yaml"].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new Error(
      `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '${folder}'. Did you forget to run actions/checkout before running your local action?`,
    );
  }
  const root = record(parse(readFileSync(file, "utf8")), file);
  return {
    folder,
    name: text(root["name"]) ?? folder,
    inputs: Object.entries(record(root["inputs"] ?? {}, `${file}: inputs`)).map(([name, spec]) =>
      readInput(name, spec),
    ),
    outputs: readOutputs(root["outputs"]),
    runs: readRuns(record(root["runs"], `${file}: runs`), file),
  };
}

function readInput(name: string, spec: unknown): ActionInput {
  const fields = isRecord(spec) ? spec : {};
  return { name, default: text(fields["default"]), deprecationMessage: text(fields["deprecationMessage"]) };
}

function readOutputs(outputs: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, spec] of Object.entries(isRecord(outputs) ? outputs : {})) {
    found[name] = isRecord(spec) ? (text(spec["value"]) ?? "") : "";
  }
  return found;
}

function readRuns(runs: Record<string, unknown>, file: string): NodeRuns | CompositeRuns {
  const using = text(runs["using"]) ?? "";
  if (using === "composite") {
    const steps = Array.isArray(runs["steps"]) ? runs["steps"] : [];
    return { kind: "composite", steps: steps.map((step) => readStep(record(step, `${file}: runs.steps`))) };
  }
  if (!/^node\d+$/.test(using)) throw new Error(`${file}: runs.using is '${using}', not node24 or composite`);
  // Runner 2.336 knows node20 and node24; this suite ships node24 only.
  if (using !== "node24") throw new Error(`${file}: runs.using is '${using}', but only node24 is run here`);
  const main = text(runs["main"]);
  if (main === undefined) throw new Error(`${file}: runs.main is missing`);
  const pre = text(runs["pre"]);
  const post = text(runs["post"]);
  return {
    kind: "node",
    using,
    entries: { main, ...(pre === undefined ? {} : { pre }), ...(post === undefined ? {} : { post }) },
    preIf: text(runs["pre-if"]) ?? "always()",
    postIf: text(runs["post-if"]) ?? "always()",
  };
}

/** A step of a composite action or of a workflow's job. */
export function readStep(step: Record<string, unknown>): StepFields {
  return {
    name: text(step["name"]),
    id: text(step["id"]),
    if: text(step["if"]),
    uses: text(step["uses"]),
    run: text(step["run"]),
    shell: text(step["shell"]),
    workingDirectory: text(step["working-directory"]),
    with: texts(step["with"]),
    env: texts(step["env"]),
    continueOnError: text(step["continue-on-error"]),
    timeoutMinutes: text(step["timeout-minutes"]),
  };
}

export function texts(value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, entry] of Object.entries(isRecord(value) ? value : {})) found[key] = text(entry) ?? "";
  return found;
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`${where} is not a mapping`);
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
