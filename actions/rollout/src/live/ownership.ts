import { isRecord, type KubeObject, type ManagedFields } from "@eks-actions/manifest";
import { FIELD_MANAGER } from "../model.ts";
import { canonical } from "./canonical.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Our server-side apply entry of an object. */
export function ownEntry(object: KubeObject): ManagedFields | undefined {
  return (object.metadata.managedFields ?? []).find(
    (entry) => entry.manager === FIELD_MANAGER && entry.operation === "Apply" && (entry.subresource ?? "") === "",
  );
}

/**
 * True when fieldsV1 owns every leaf of `desired`. Another writer's change takes a field away from us, so coverage
 * proves the values without comparing them: defaults and spellings of quantities never look like drift.
 * Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function covers(fields: unknown, desired: unknown): boolean {
  if (isEmpty(desired) && fields === undefined) return true; // the server drops what is empty, and nobody can change it
  if (!isRecord(fields)) return false;
  if (Object.keys(fields).length === 0) return true; // a leaf, or an atomic map or list: owned as a whole
  if (isRecord(desired)) {
    return Object.entries(desired).every(([key, value]) => {
      if (value === undefined) return true;
      return covers(fields[`f:${key}`], value);
    });
  }
  if (Array.isArray(desired)) {
    const keys = Object.keys(fields).filter((key) => key.startsWith("k:") || key.startsWith("v:"));
    if (keys.length !== desired.length) return false;
    return desired.every((item: unknown) => {
      const key = keys.find((one) => matches(one, item));
      return key !== undefined && (key.startsWith("v:") || covers(fields[key], item));
    });
  }
  return false;
}

/** The part of `live` that fieldsV1 owns: what server-side apply would need to be sent to get this state back. */
export function ownedPart(fields: unknown, live: unknown): unknown {
  if (!isRecord(fields) || live === undefined) return undefined;
  const entries = Object.entries(fields).filter(([key]) => key !== ".");
  if (entries.length === 0) return live;
  if (isRecord(live)) {
    const parts = entries.flatMap(([key, part]): [string, unknown][] => {
      if (!key.startsWith("f:")) return [];
      const name = key.slice(2);
      const value = Object.hasOwn(live, name) ? ownedPart(part, live[name]) : undefined;
      return value === undefined ? [] : [[name, value]];
    });
    return Object.fromEntries(parts);
  }
  if (!Array.isArray(live)) return live;
  return live.flatMap((item: unknown) => {
    const found = entries.find(([key]) => matches(key, item));
    if (found === undefined) return [];
    const [key, part] = found;
    if (key.startsWith("v:")) return [item];
    const names = keyOf(key);
    const owned = ownedPart(part, item);
    return [isRecord(owned) && names !== undefined ? { ...names, ...owned } : item];
  });
}

/** The manifest that brings an object back to what we had applied; of objects that are not ours, all but server fields. */
export function restorable(live: KubeObject): KubeObject {
  const entry = ownEntry(live);
  const owned = entry === undefined ? undefined : ownedPart(entry.fieldsV1, live);
  const body: Fields = isRecord(owned) ? owned : withoutServerFields(live);
  const metadata = isRecord(body["metadata"]) ? body["metadata"] : {};
  const { name, namespace } = live.metadata;
  return {
    ...body,
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  };
}

const SERVER_METADATA = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
];

/** An object as a person would write it: no status, nothing that only the server may set. */
export function withoutServerFields(object: KubeObject): KubeObject {
  const { status: _, metadata, ...rest } = object;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !SERVER_METADATA.includes(key)));
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: { ...kept, name: metadata.name } };
}

/** True when the object carries this hash and nobody has changed a field of ours since. */
export function isUnchanged(desired: KubeObject, live: KubeObject, hashAnnotation: string): boolean {
  const hash = desired.metadata.annotations?.[hashAnnotation];
  if (hash === undefined || live.metadata.annotations?.[hashAnnotation] !== hash) return false;
  const { apiVersion: _a, kind: _k, metadata, ...body } = desired;
  const { name: _n, namespace: _s, ...rest } = metadata;
  return covers(ownEntry(live)?.fieldsV1, { ...body, metadata: rest });
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

function matches(key: string, item: unknown): boolean {
  if (key.startsWith("v:")) return key.slice(2) === JSON.stringify(item) || sameJson(key.slice(2), item);
  const names = keyOf(key);
  if (names === undefined || !isRecord(item)) return false;
  // Keys that the item leaves out were filled in by defaults: a port's protocol.
  return Object.entries(names).every(([name, value]) => item[name] === undefined || item[name] === value);
}

function sameJson(text: string, item: unknown): boolean {
  try {
    return canonical(JSON.parse(text)) === canonical(item);
  } catch {
    return false; // not JSON, so no item is equal to it
  }
}

function keyOf(key: string): Fields | undefined {
  if (!key.startsWith("k:")) return undefined;
  try {
    const value: unknown = JSON.parse(key.slice(2));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // a form that this version does not know owns nothing for us
  }
}

/** Both sets of fields in one. */
export function mergeFields(a: unknown, b: unknown): unknown {
  if (!isRecord(a)) return b;
  if (!isRecord(b)) return a;
  const merged: Record<string, unknown> = { ...a };
  for (const [key, part] of Object.entries(b)) merged[key] = key in merged ? mergeFields(merged[key], part) : part;
  return merged;
}
