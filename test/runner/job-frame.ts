import type { JobStep, RanStep } from "./job.ts";
import { parseUses, resolveAction } from "./resolve.ts";
import { contextsOf, failed, filled, type JobScope, statusOf } from "./scope.ts";
import type { Annotation } from "./step-log.ts";

// Constants.cs: CompositeActionsMaxDepth.
const COMPOSITE_DEPTH = 9;

/**
 * `Set up job`: GitHub fetches every action of another repository before the first step, also those of steps that will
 * be skipped and of composite actions. The failed step when one cannot be had; then no other step runs.
 */
export function setUp(scope: JobScope, steps: readonly JobStep[]): RanStep | undefined {
  try {
    fetchActions(scope, steps, 0);
    return undefined;
  } catch (error) {
    const result = failed(scope, error instanceof Error ? error.message : String(error));
    return { ...result, name: "Set up job", id: undefined, stage: "main", conclusion: "failure", steps: [] };
  }
}

function fetchActions(scope: JobScope, steps: readonly JobStep[], depth: number): void {
  if (depth > COMPOSITE_DEPTH) throw new Error(`Composite action depth exceeded max depth ${COMPOSITE_DEPTH}`);
  for (const { uses } of steps) {
    // A path in the workspace is known only after the checkout.
    if (uses === undefined || uses.startsWith("./") || uses.startsWith("/")) continue;
    if (scope.options.builtIns?.[parseUses(uses)?.repository ?? ""] !== undefined) continue;
    const { runs } = resolveAction(uses, scope.sources).file;
    if (runs.kind === "composite") fetchActions(scope, runs.steps, depth + 1);
  }
}

export interface JobEnding {
  readonly outputs: Readonly<Record<string, string>>;
  readonly environmentUrl: string;
  readonly lines: readonly string[];
  readonly annotations: readonly Annotation[];
}

const OUTPUT_LIMIT_BYTES = 1024 * 1024;

/** `Complete job`: the job's outputs and the address of its environment, as far as GitHub hands them on. */
export function completeJob(scope: JobScope): JobEnding {
  const annotations: Annotation[] = [];
  const outputs: Record<string, string> = {};
  let environmentUrl = "";
  const isSecret = (value: string) => scope.session.masks.mask(value) !== value;
  const fill = (values: Readonly<Record<string, string>>) => filled(values, contextsOf(scope, {}), statusOf(scope));
  const fail = (...messages: readonly string[]) => {
    scope.status.failed = true;
    annotations.push(...messages.map((message) => ({ level: "error" as const, message })));
  };
  const warn = (message: string) => annotations.push({ level: "warning", message });
  try {
    for (const [name, value] of Object.entries(fill(scope.options.jobOutputs ?? {}))) {
      if (value === "") continue;
      if (isSecret(value)) warn(`Skip output '${name}' since it may contain secret.`);
      else if (Buffer.byteLength(value) > OUTPUT_LIMIT_BYTES) fail(`Output '${name}' is larger than 1 MB.`);
      else outputs[name] = value;
    }
  } catch (error) {
    fail("Fail to evaluate job outputs", error instanceof Error ? error.message : String(error));
  }
  try {
    const url = fill({ url: scope.options.environmentUrl ?? "" })["url"] ?? "";
    if (isSecret(url)) warn("Skip setting environment url as the environment may contain secret.");
    else environmentUrl = url;
  } catch (error) {
    fail("Failed to evaluate environment url", error instanceof Error ? error.message : String(error));
  }
  const lines = annotations.map(({ level, message }) => scope.session.masks.mask(`##[${level}]${message}`));
  for (const line of lines) scope.session.options.onLine?.(line);
  return { outputs, environmentUrl, lines, annotations };
}
