import { at, type FieldPath, isRecord, type KubeObject } from "@eks-actions/manifest";

/** One entry of `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: number | undefined;
  readonly lastUpdateTime: number | undefined;
}

export function textAt(value: unknown, ...path: FieldPath): string {
  const found = at(value, path);
  return typeof found === "string" ? found : "";
}

/** A whole number; numbers written as text count, because Argo writes observedGeneration as one. */
export function numberAt(value: unknown, ...path: FieldPath): number | undefined {
  const found = at(value, path);
  if (typeof found === "number") return found;
  return typeof found === "string" && /^\d+$/.test(found) ? Number(found) : undefined;
}

export function boolAt(value: unknown, ...path: FieldPath): boolean | undefined {
  const found = at(value, path);
  return typeof found === "boolean" ? found : undefined;
}

export function listAt(value: unknown, ...path: FieldPath): readonly Readonly<Record<string, unknown>>[] {
  const found = at(value, path);
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

/** An RFC 3339 time as milliseconds since the epoch. */
export function timeAt(value: unknown, ...path: FieldPath): number | undefined {
  const ms = Date.parse(textAt(value, ...path));
  return Number.isNaN(ms) ? undefined : ms;
}

/** Current conditions: one that tells of an older generation than the object's is left out. */
export function conditions(object: unknown, ...path: FieldPath): readonly Condition[] {
  const generation = numberAt(object, "metadata", "generation");
  return listAt(object, ...(path.length === 0 ? ["status", "conditions"] : path)).flatMap((entry): Condition[] => {
    const observed = numberAt(entry, "observedGeneration");
    if (observed !== undefined && generation !== undefined && observed !== generation) return [];
    return [
      {
        type: textAt(entry, "type"),
        status: textAt(entry, "status"),
        reason: textAt(entry, "reason"),
        message: textAt(entry, "message"),
        lastTransitionTime: timeAt(entry, "lastTransitionTime"),
        lastUpdateTime: timeAt(entry, "lastUpdateTime"),
      },
    ];
  });
}

export function conditionOf(object: unknown, type: string): Condition | undefined {
  return conditions(object).find((condition) => condition.type === type);
}

/** Kubernetes keeps times in whole seconds, so a comparison with a start must be in whole seconds too. */
export function isSince(time: number | undefined, start: number): boolean {
  return time !== undefined && time >= Math.floor(start / 1000) * 1000;
}

export function isOwnedBy(object: KubeObject, uid: string | undefined): boolean {
  return uid !== undefined && (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

/** An event in the parts that verdicts read. */
export interface EventNote {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
}

/** Events about an object since a time, oldest first. */
export function eventsOf(events: readonly KubeObject[], uid: string | undefined, since: number): readonly EventNote[] {
  if (uid === undefined) return [];
  return events
    .filter((event) => textAt(event, "involvedObject", "uid") === uid)
    .map(noteOf)
    .filter((note) => isSince(note.lastAt, since))
    .sort(
      (a, b) =>
        (a.lastAt ?? 0) - (b.lastAt ?? 0) || a.reason.localeCompare(b.reason) || a.message.localeCompare(b.message),
    );
}

export function noteOf(event: KubeObject): EventNote {
  const eventTime = timeAt(event, "eventTime");
  const created = timeAt(event, "metadata", "creationTimestamp");
  return {
    reason: textAt(event, "reason"),
    message: textAt(event, "message"),
    count: numberAt(event, "series", "count") ?? numberAt(event, "count") ?? 1,
    firstAt: timeAt(event, "firstTimestamp") ?? eventTime ?? created,
    lastAt: timeAt(event, "series", "lastObservedTime") ?? timeAt(event, "lastTimestamp") ?? eventTime ?? created,
  };
}

/** One line of at most `max` characters. */
export function line(text: string, max = 300): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length <= max ? flat : `${flat.slice(0, max - 1)}…`;
}
