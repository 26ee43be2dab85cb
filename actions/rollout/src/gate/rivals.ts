import { ActionError } from "@eks-actions/action";
import { isRecord, type KubeObject, type ManagedFields, nameOf } from "@eks-actions/manifest";
import { covers, ownEntry } from "../live/ownership.ts";
import type { Rollout } from "../write/rollout.ts";

/** A field of ours that another writer has changed since we wrote it. */
export interface LostField {
  /** `spec.template.spec.containers[web].image` */
  readonly path: string;
  /** Who owns it now; `nobody` when it was removed. */
  readonly manager: string;
}

/** What `live` no longer has as `desired` says, by the ownership that the server keeps. Paths as deep as they differ. */
export function lostFields(desired: KubeObject, live: KubeObject): readonly LostField[] {
  const entries = live.metadata.managedFields ?? [];
  const own = ownEntry(live);
  const others = entries.filter((entry) => entry !== own && (entry.subresource ?? "") !== "status");
  const { apiVersion: _a, kind: _k, metadata, status: _s, ...body } = desired;
  const { labels, annotations } = metadata;
  return [...lost({ ...body, metadata: { labels, annotations } }, own?.fieldsV1, others, [])];
}

/**
 * `FIELD_CONFLICT` when somebody else has changed what this rollout brought: it is healthy then, but is not what was to
 * go live. Replicas are no such thing, for autoscalers and people scale while a rollout is under way. Objects are read
 * only if their generation has moved on since our write.
 */
export async function findRivalry({ plan, view, ports, written, signal }: Rollout): Promise<ActionError | undefined> {
  for (const { identity, ref, wanted } of plan.objects) {
    const generation = written.get(identity);
    const now = view.current(identity)?.metadata.generation;
    if (wanted === undefined || generation === undefined || now === undefined || now <= generation) continue;
    const live = await ports.kube.get(ref, signal);
    const [first] =
      live === undefined ? [] : lostFields(wanted.object, live).filter(({ path }) => path !== "spec.replicas");
    if (first === undefined) continue;
    return new ActionError("FIELD_CONFLICT", {
      message: `${nameOf(ref)}: ${first.path} was changed by ${first.manager} while it was rolled out`,
      hint: "nothing was taken back; find out who writes this field, then roll out again",
      file: wanted.source.file,
      line: wanted.source.line,
    });
  }
  return undefined;
}

function* lost(
  desired: unknown,
  fields: unknown,
  others: readonly ManagedFields[],
  keys: readonly string[],
): Generator<LostField> {
  if (desired === undefined || covers(fields, desired)) return;
  const steps = isRecord(fields) ? stepsInto(desired, fields) : [];
  if (steps.length === 0) {
    yield { path: shown(keys), manager: holderOf(others, keys) };
    return;
  }
  for (const { key, value } of steps)
    yield* lost(value, isRecord(fields) ? fields[key] : undefined, others, [...keys, key]);
}

interface Step {
  /** As in fieldsV1: `f:spec`, `k:{"name":"web"}`. */
  readonly key: string;
  readonly value: unknown;
}

function stepsInto(desired: unknown, fields: Readonly<Record<string, unknown>>): readonly Step[] {
  if (isRecord(desired)) return Object.entries(desired).map(([name, value]) => ({ key: `f:${name}`, value }));
  if (!Array.isArray(desired)) return [];
  return desired.flatMap((item: unknown) => {
    const key = Object.keys(fields).find((one) => one.startsWith("k:") && isKeyOf(one, item));
    return key === undefined ? [] : [{ key, value: item }];
  });
}

function isKeyOf(key: string, item: unknown): boolean {
  const names: unknown = JSON.parse(key.slice(2));
  return isRecord(names) && isRecord(item) && Object.entries(names).every(([name, value]) => item[name] === value);
}

function holderOf(others: readonly ManagedFields[], keys: readonly string[]): string {
  const holders = others.filter(({ fieldsV1 }) => {
    const found = keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), fieldsV1);
    return found !== undefined;
  });
  return holders.at(-1)?.manager ?? "nobody";
}

function shown(keys: readonly string[]): string {
  return keys.reduce((path, key) => {
    if (key.startsWith("f:")) return path === "" ? key.slice(2) : `${path}.${key.slice(2)}`;
    const names: unknown = JSON.parse(key.slice(2));
    return `${path}[${isRecord(names) ? Object.values(names).join(",") : key}]`;
  }, "");
}
