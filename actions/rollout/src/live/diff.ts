import { isRecord, type KubeObject, type Redactor, redactObject } from "@eks-actions/manifest";
import type { FieldChange } from "../model.ts";
import { annotations, labels } from "../model.ts";
import { canonical } from "./canonical.ts";
import { withoutServerFields } from "./ownership.ts";

/** Fields that a write would change: live object against the answer of the dry-run, secrets hidden. */
export function diffObjects(live: KubeObject | undefined, next: KubeObject, redact: Redactor): readonly FieldChange[] {
  const before = live === undefined ? {} : shown(live, redact);
  return changes(before, shown(next, redact), "");
}

/** A changed field on one line, its first two characters as in any diff. */
export function changeText({ path, from, to }: FieldChange): string {
  if (from === undefined) return `+ ${path}: ${to ?? ""}`;
  return to === undefined ? `- ${path}: ${from}` : `  ${path}: ${from} → ${to}`;
}

function shown(object: KubeObject, redact: Redactor): Readonly<Record<string, unknown>> {
  const { apiVersion: _a, kind: _k, metadata, ...body } = withoutServerFields(redactObject(object, redact));
  const { name: _n, namespace: _s, annotations: notes, labels: tags, ...rest } = metadata;
  return { metadata: { ...rest, annotations: without(notes, OWN_NOTES), labels: without(tags, OWN_TAGS) }, ...body };
}

// What the action and the cluster's controllers write themselves is no change that a person asked for.
const OWN_NOTES: ReadonlySet<string> = new Set([
  annotations.specHash,
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
]);
const OWN_TAGS: ReadonlySet<string> = new Set([labels.app, labels.partOf]);

function without(
  entries: Readonly<Record<string, string>> | undefined,
  names: ReadonlySet<string>,
): Readonly<Record<string, string>> | undefined {
  const kept = Object.entries(entries ?? {}).filter(([name]) => !names.has(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function changes(before: unknown, after: unknown, path: string): readonly FieldChange[] {
  if (canonical(before) === canonical(after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) =>
      changes(
        before[key],
        after[key],
        path === "" ? segment(key) : `${path}${/^\[/.test(segment(key)) ? "" : "."}${segment(key)}`,
      ),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const names = keyed(before) && keyed(after);
    if (names) return listChanges(before, after, path);
  }
  if (typeof before === "string" && typeof after === "string" && /\n/.test(before + after)) {
    return [textChange(before, after, path)];
  }
  if (isRecord(after) && before === undefined && Object.keys(after).length > 0) return changes({}, after, path);
  if (isRecord(before) && after === undefined && Object.keys(before).length > 0) return changes(before, {}, path);
  return [
    {
      path,
      ...(before === undefined ? {} : { from: brief(before) }),
      ...(after === undefined ? {} : { to: brief(after) }),
    },
  ];
}

function listChanges(before: readonly unknown[], after: readonly unknown[], path: string): readonly FieldChange[] {
  const find = (list: readonly unknown[], name: string) => list.find((item) => isRecord(item) && item["name"] === name);
  const names = [...new Set([...before, ...after].flatMap((item) => (isRecord(item) ? [String(item["name"])] : [])))];
  return names.flatMap((name) => changes(find(before, name), find(after, name), `${path}[${name}]`));
}

/** Lists whose items have names of their own: containers, ports, variables. */
function keyed(list: readonly unknown[]): boolean {
  const names = list.map((item) => (isRecord(item) ? item["name"] : undefined));
  return names.every((name) => typeof name === "string") && new Set(names).size === names.length;
}

function segment(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : `["${key}"]`;
}

/** Of a text of many lines only those that differ, with the number of the first. */
function textChange(before: string, after: string, path: string): FieldChange {
  const old = before.split("\n");
  const next = after.split("\n");
  let head = 0;
  while (head < old.length && head < next.length && old[head] === next[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < next.length - head && old.at(-1 - tail) === next.at(-1 - tail)) tail += 1;
  const middle = (lines: readonly string[]) => brief(lines.slice(head, lines.length - tail).join("\n"));
  return { path: `${path} (line ${head + 1})`, from: middle(old), to: middle(next) };
}

function brief(value: unknown): string {
  const text = (typeof value === "string" ? value : canonical(value)).replaceAll("\n", " ⏎ ");
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
