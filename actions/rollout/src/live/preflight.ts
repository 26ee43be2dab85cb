import { ActionError, collect } from "@eks-actions/action";
import { KubeApiError, type KubeClient } from "@eks-actions/kube";
import { groupOf, isRecord, type KubeObject } from "@eks-actions/manifest";
import { conflictsOf, explain, isConflict, isImmutable } from "../faults.ts";
import type { Inputs } from "../inputs.ts";
import { FIELD_MANAGER, type Wanted } from "../model.ts";
import { runsAnew } from "../set/hooks.ts";
import { dataFaults, definedFaults, isData } from "../set/local-faults.ts";
import { broughtKinds } from "../set/set.ts";
import { inParallel } from "../write/parallel.ts";

/** What the API server answered to a write that stored nothing. */
export interface Trial {
  /** The object as it would be; `undefined` when it must be deleted and created anew. */
  readonly object: KubeObject | undefined;
  readonly warnings: readonly string[];
  /** Managers whose fields would be taken over. */
  readonly forced: readonly string[];
}

type Options = Pick<Inputs, "preflight" | "validate" | "forceConflicts" | "recreate" | "concurrency">;

/**
 * Tries every write without storing it. All refusals are reported at once.
 * @throws ActionError `REJECTED`, `FIELD_CONFLICT`, `FIELD_IMMUTABLE`, `FORBIDDEN`, `NAMESPACE_MISSING`…
 */
export async function preflight(
  kube: Pick<KubeClient, "apply">,
  changed: readonly Wanted[],
  live: ReadonlyMap<string, KubeObject>,
  options: Options,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Trial>> {
  const chosen = choose(tryableOf(changed, live), live, options.preflight);
  const fresh = changed.filter((one) => !live.has(one.identity));
  const faults = [...fresh.flatMap(dataFaults), ...definedFaults(changed, options.validate === "strict")];
  const trials = new Map<string, Trial>();
  await inParallel(chosen, options.concurrency, async (one) => {
    try {
      trials.set(one.identity, await tryOne(kube, one, options, signal));
    } catch (error) {
      const explained = explain(error, { ref: one.ref, object: one.object, source: one.source, phase: "preflight" });
      if (!(explained instanceof ActionError) || explained.code === "CANCELLED" || /^API_|^UNAUTH/.test(explained.code))
        throw explained;
      faults.push(explained);
    }
  });
  const fault = collect(sorted(faults));
  if (fault !== undefined) throw fault;
  return trials;
}

async function tryOne(
  kube: Pick<KubeClient, "apply">,
  one: Wanted,
  options: Options,
  signal: AbortSignal,
): Promise<Trial> {
  const send = (force: boolean) =>
    kube.apply(
      one.object,
      { fieldManager: FIELD_MANAGER, force, dryRun: true, fieldValidation: fieldValidation(options.validate) },
      signal,
    );
  try {
    return { ...(await send(false)), forced: [] };
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    if (isImmutable(error) && mayRecreate(one, options.recreate))
      return { object: undefined, warnings: [], forced: [] };
    const managers = forcible(error, options.forceConflicts);
    if (managers === undefined) throw error;
    return { ...(await send(true)), forced: managers };
  }
}

/** Managers of a conflict if all of them may be overruled, else `undefined`. */
export function forcible(error: KubeApiError, patterns: readonly string[]): readonly string[] | undefined {
  if (!isConflict(error)) return undefined;
  const managers = [...new Set(conflictsOf(error).map(({ manager }) => manager))].sort();
  if (patterns.includes("never")) return undefined;
  if (patterns.includes("always")) return managers;
  const globs = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .split("*")
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
          .join(".*")}$`,
      ),
  );
  return managers.every((manager) => globs.some((glob) => glob.test(manager))) ? managers : undefined;
}

export function fieldValidation(validate: Inputs["validate"]): "Strict" | "Warn" | "Ignore" {
  return ({ strict: "Strict", warn: "Warn", ignore: "Ignore" } as const)[validate];
}

export function mayRecreate(one: Wanted, recreate: readonly string[]): boolean {
  return (
    runsAnew(one.object) || recreate.includes(one.ref.kind) || recreate.includes(`${one.ref.kind}/${one.ref.name}`)
  );
}

/** What need not wait for something else of the set: for its CRD as it will be, or for its namespace. */
function tryableOf(changed: readonly Wanted[], live: ReadonlyMap<string, KubeObject>): readonly Wanted[] {
  const kinds = broughtKinds(changed);
  const namespaces = new Set(
    changed.filter((one) => one.ref.kind === "Namespace" && !live.has(one.identity)).map(({ ref }) => ref.name),
  );
  return changed.filter(
    ({ ref }) => !kinds.has(`${groupOf(ref.apiVersion)}/${ref.kind}`) && !namespaces.has(ref.namespace ?? ""),
  );
}

/** `auto`: everything that exists, and of new objects one for each shape; data of ConfigMaps is checked by rules. */
function choose(
  tryable: readonly Wanted[],
  live: ReadonlyMap<string, KubeObject>,
  mode: Inputs["preflight"],
): readonly Wanted[] {
  if (mode === "off") return [];
  if (mode === "all") return tryable;
  const shapes = new Set<string>();
  return tryable.filter((one) => {
    if (live.has(one.identity)) return true;
    if (isData(one.object)) return false;
    const shape = `${one.ref.apiVersion} ${one.ref.kind} ${one.ref.namespace ?? ""} ${[...new Set(paths(one.object, ""))].sort().join(" ")}`;
    if (shapes.has(shape)) return false;
    shapes.add(shape);
    return true;
  });
}

function paths(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => paths(item, `${path}[]`));
  // The type belongs to the shape: `replicas: "3"` must not hide behind a sibling's `replicas: 3`.
  if (!isRecord(value) || /^\.metadata\.(labels|annotations)$/.test(path)) return [`${path}:${typeof value}`];
  return Object.entries(value).flatMap(([key, part]) => paths(part, `${path}.${key}`));
}

function sorted(faults: readonly ActionError[]): readonly ActionError[] {
  return [...faults].sort((a, b) => (a.file ?? "").localeCompare(b.file ?? "") || (a.line ?? 0) - (b.line ?? 0));
}
