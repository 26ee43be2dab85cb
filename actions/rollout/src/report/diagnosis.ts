import { stripControl } from "@eks-actions/action";
import { isReady, noteOf } from "@eks-actions/health";
import { at, groupOf, identityOf, type KubeObject, nameOf, type ObjectRef } from "@eks-actions/manifest";
import type { GateFailure } from "../gate/gate.ts";
import type { View } from "../gate/view.ts";
import type { Ports } from "../ports.ts";

export interface LogExcerpt {
  readonly pod: string;
  readonly container: string;
  /** The run before the last restart: what the container said when it died. */
  readonly previous: boolean;
  readonly lines: readonly string[];
}

export interface EventLine {
  readonly object: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** What a person needs to see first. Raw text: callers escape it. */
export interface Diagnosis {
  readonly events: readonly EventLine[];
  readonly logs: readonly LogExcerpt[];
}

const BUDGET_MS = 800;
const MOST_PODS = 3;
const MOST_EVENTS = 30;
const LINE_LENGTH = 500;

/** Events and logs of the pods to blame, within 800 ms: the revert must not wait for a slow log. */
export async function diagnose(
  failure: GateFailure,
  view: View,
  options: { readonly logs: boolean; readonly lines: number },
  ports: Ports,
  signal: AbortSignal,
): Promise<Diagnosis> {
  const verdicts = failure.blames.flatMap((blame) => blame.verdicts);
  const refs = new Map<string, ObjectRef>();
  for (const verdict of verdicts) {
    refs.set(identityOf(verdict.ref), verdict.ref);
    for (const { ref } of verdict.evidence) refs.set(identityOf(ref), ref);
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(BUDGET_MS)]);
  const pods = troubledPods(
    [...refs.values()],
    verdicts.map((verdict) => verdict.ref),
    view,
  ).slice(0, MOST_PODS);
  const logs =
    options.logs && options.lines > 0
      ? await Promise.all(pods.map((pod) => logsOf(pod, options.lines, ports, limit)))
      : [];
  return { events: eventsAbout([...refs.values()], pods, view), logs: logs.flat() };
}

function troubledPods(refs: readonly ObjectRef[], owners: readonly ObjectRef[], view: View): readonly KubeObject[] {
  const namespaces = new Set(owners.map((ref) => ref.namespace ?? ""));
  const all = [...namespaces].flatMap((namespace) => view.pods(namespace));
  const named = new Set(refs.filter((ref) => ref.kind === "Pod").map((ref) => `${ref.namespace}/${ref.name}`));
  const found = all.filter((pod) => named.has(`${pod.metadata.namespace}/${pod.metadata.name}`));
  if (found.length > 0) return found;
  // Without evidence, the pods of the objects to blame that are not ready.
  return owners.flatMap((owner) => {
    const object = view.current(identityOf(owner));
    if (object === undefined) return [];
    return view.around(object, new Map()).pods.filter((pod) => !isReady(pod));
  });
}

async function logsOf(
  pod: KubeObject,
  lines: number,
  { kube }: Ports,
  signal: AbortSignal,
): Promise<readonly LogExcerpt[]> {
  const ref = { apiVersion: "v1", kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name };
  const statuses = ["initContainerStatuses", "containerStatuses"].flatMap((field) => {
    const list = at(pod, ["status", field]);
    return Array.isArray(list) ? (list as readonly unknown[]) : [];
  });
  const wanted = statuses.flatMap((status) => {
    const container = String(at(status, ["name"]) ?? "");
    const isDead = at(status, ["lastState", "terminated"]) !== undefined;
    const hasRun = at(status, ["state", "running"]) !== undefined || at(status, ["state", "terminated"]) !== undefined;
    return [...(isDead ? [{ container, previous: true }] : []), ...(hasRun ? [{ container, previous: false }] : [])];
  });
  const read = wanted.map(async ({ container, previous }): Promise<LogExcerpt[]> => {
    try {
      const text = await kube.logs(ref, { container, previous, tailLines: lines, limitBytes: 64 * 1024, signal });
      const kept = text
        .split("\n")
        .map((line) => stripControl(line).slice(0, LINE_LENGTH).trimEnd())
        .filter((line) => line !== "");
      return kept.length === 0 ? [] : [{ pod: pod.metadata.name, container, previous, lines: kept.slice(-lines) }];
    } catch {
      return []; // A log that cannot be read in time is left out: the cause does not hang on it.
    }
  });
  return (await Promise.all(read)).flat();
}

function eventsAbout(refs: readonly ObjectRef[], pods: readonly KubeObject[], view: View): readonly EventLine[] {
  const namespaces = new Set([
    ...refs.map((ref) => ref.namespace ?? ""),
    ...pods.map((pod) => pod.metadata.namespace ?? ""),
  ]);
  const names = new Set([
    ...refs.map((ref) => `${ref.kind} ${ref.name}`),
    ...pods.map((pod) => nameOf({ kind: "Pod", name: pod.metadata.name })),
  ]);
  const rows = new Map<string, EventLine>();
  for (const event of [...namespaces].flatMap((namespace) => view.events(namespace))) {
    const object = `${String(at(event, ["involvedObject", "kind"]))} ${String(at(event, ["involvedObject", "name"]))}`;
    const isOurs =
      names.has(object) ||
      (object.startsWith("ReplicaSet ") &&
        refs.some((ref) => groupOf(ref.apiVersion) === "apps" && object.startsWith(`ReplicaSet ${ref.name}-`)));
    if (!isOurs || at(event, ["type"]) === "Normal") continue;
    const note = noteOf(event);
    const key = `${object.replace(/-[a-z0-9]{5}$/, "")} ${note.reason} ${note.message}`;
    rows.set(key, {
      object,
      reason: note.reason,
      message: note.message,
      count: (rows.get(key)?.count ?? 0) + note.count,
    });
  }
  return [...rows.values()].slice(0, MOST_EVENTS);
}

/** The line that says most: the last of the previous log, else of the current one. */
export function lastWords(diagnosis: Diagnosis): string | undefined {
  const excerpt = diagnosis.logs.find((one) => one.previous) ?? diagnosis.logs[0];
  return excerpt?.lines.at(-1);
}
