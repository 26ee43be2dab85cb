import { type Around, type HealthRule, isDoneWhenPresent, noteOf, ownsPods } from "@eks-actions/health";
import { KubeApiError, type KubeClient, type ResourceType } from "@eks-actions/kube";
import { at, groupOf, identityOf, isRecord, type KubeObject, refOf } from "@eks-actions/manifest";
import { readClasses } from "../live/classes.ts";
import { slimObject, slimPod } from "../live/slim.ts";
import { labels } from "../model.ts";
import { createPodTable } from "./pod-table.ts";

export interface ViewOptions {
  readonly kube: KubeClient;
  /** Server time, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly applySet: string;
  readonly rules: readonly HealthRule[];
  /** ConfigMaps and Secrets of the set, as `Kind namespace/name`. */
  readonly comes: ReadonlySet<string>;
  /** Said once for each thing that may not be read. */
  note(text: string): void;
}

/** What stands in the cluster, kept up to date by watches. Nothing is polled. */
export interface View extends AsyncDisposable {
  /** Follows objects from now on; those whose kind needs no watch stay as they are given. */
  track(objects: readonly KubeObject[]): Promise<void>;
  current(identity: string): KubeObject | undefined;
  around(object: KubeObject, firstSeen: ReadonlyMap<string, number>): Around;
  /** Changes with whatever `around` gives for the object. */
  versionAround(object: KubeObject): number;
  /** Also follows ReplicaSets, events and nodes: opened at the first suspicion only. Resolves when they are read. */
  needDetails(namespace: string): Promise<void>;
  pods(namespace: string): readonly KubeObject[];
  events(namespace: string): readonly KubeObject[];
  /** Resolves at the next change, at once if there was one since the last call. Rejects when a watch cannot go on. */
  changed(): Promise<void>;
}

const POD: ResourceType = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
const EVENT: ResourceType = { apiVersion: "v1", kind: "Event", plural: "events", namespaced: true };
const NODE: ResourceType = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
const REPLICA_SET: ResourceType = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  namespaced: true,
};
export function openView(options: ViewOptions): View {
  const { kube, startedAt } = options;
  const objects = new Map<string, KubeObject>();
  const followed = new Set<string>();
  const podTable = createPodTable();
  const tables = new Map<string, Map<string, KubeObject>>();
  const open = new Map<string, Promise<void>>();
  const restartsBefore = new Map<string, number>();
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  let classes: readonly KubeObject[] = [];
  let nodes: Map<string, KubeObject> | undefined;
  let fault: { readonly error: unknown } | undefined;
  /** Counts what happened to ReplicaSets, events, nodes and classes. */
  let detailsVersion = 0;
  let dirty = false;
  let waiters: (() => void)[] = [];

  const touch = () => {
    dirty = true;
    for (const wake of waiters) wake();
    waiters = [];
  };
  const refuse = () => {
    if (fault !== undefined) throw fault.error;
  };
  const table = (kind: string, namespace: string) => {
    const key = `${kind} ${namespace}`;
    const found = tables.get(key) ?? new Map<string, KubeObject>();
    tables.set(key, found);
    return found;
  };

  /** Follows one place; resolves when all that exists has been read. `optional`: without the right to, it stays empty. */
  function follow(
    type: ResourceType,
    where: { namespace?: string | undefined; labelSelector?: string | undefined },
    take: (object: KubeObject, gone: boolean) => void,
    optional: boolean,
  ): Promise<void> {
    const key = keyOf(type, where);
    const known = open.get(key);
    if (known !== undefined) return known;
    const ready = Promise.withResolvers<void>();
    open.set(key, ready.promise);
    const run = async () => {
      try {
        for await (const event of kube.watch(type, where, stop.signal)) {
          if (event.type === "bookmark") continue;
          if (event.type === "synced") ready.resolve();
          else {
            const object = { ...event.object, apiVersion: type.apiVersion, kind: type.kind };
            take(slimObject(object), event.type === "deleted");
          }
          touch();
        }
      } catch (error) {
        if (!stop.signal.aborted && optional && error instanceof KubeApiError && error.status === 403) {
          options.note(`${type.plural} may not be read, so causes that need them are not found`);
        } else if (!stop.signal.aborted) fault ??= { error };
        touch();
      }
      ready.resolve();
    };
    running.push(run());
    return ready.promise;
  }

  function takeObject(object: KubeObject, gone: boolean): void {
    const identity = identityOf(refOf(object));
    if (!followed.has(identity)) return;
    const known = objects.get(identity);
    // Deletions found by comparing lists carry an old version; a deleted uid never comes back, under whatever version.
    if (gone && known?.metadata.uid === object.metadata.uid) objects.delete(identity);
    // A watch may begin with a state from before our write.
    else if (!gone && (known === undefined || !isOlder(object, known))) objects.set(identity, object);
  }

  function takePod(object: KubeObject, gone: boolean): void {
    const pod = slimPod(object);
    const isOld = Date.parse(pod.metadata.creationTimestamp ?? "") < startedAt - 1000;
    if (isOld && !podTable.has(pod)) rememberRestarts(pod, restartsBefore);
    if (gone) podTable.remove(pod);
    else podTable.put(pod);
  }

  function podsOf(object: KubeObject): readonly KubeObject[] {
    const namespace = object.metadata.namespace ?? "";
    const selector = podSelector(object);
    return selector === undefined ? podTable.all(namespace) : podTable.matching(namespace, selector);
  }

  const detail = (take: (object: KubeObject, gone: boolean) => void) => (object: KubeObject, gone: boolean) => {
    detailsVersion += 1;
    take(object, gone);
  };
  const into = (kind: string, namespace: string) => (object: KubeObject, gone: boolean) => {
    const rows = table(kind, namespace);
    const key = object.metadata.uid ?? object.metadata.name;
    if (gone) rows.delete(key);
    else rows.set(key, object);
  };
  const values = (kind: string, namespace: string) => [...table(kind, namespace).values()];

  async function learnClasses(): Promise<void> {
    classes = await readClasses(kube, stop.signal);
    detailsVersion += 1;
  }

  return {
    async track(list) {
      const waits: Promise<void>[] = [];
      const places = new Map<string, { type: ResourceType; namespace: string | undefined; members: KubeObject[] }>();
      for (const object of list) {
        const identity = identityOf(refOf(object));
        followed.add(identity);
        const known = objects.get(identity);
        if (known === undefined || !isOlder(object, known)) objects.set(identity, object);
        if (!needsWatch(object)) continue;
        const type = await kube.resolve(object.apiVersion, object.kind, stop.signal);
        if (type === undefined) continue;
        const key = `${type.apiVersion}/${type.kind} ${object.metadata.namespace ?? ""}`;
        const place = places.get(key) ?? { type, namespace: object.metadata.namespace, members: [] };
        place.members.push(object);
        places.set(key, place);
      }
      for (const { type, namespace, members } of places.values()) {
        const isOurs = members.every((member) => member.metadata.labels?.[labels.partOf] === options.applySet);
        waits.push(
          follow(
            type,
            { namespace, labelSelector: isOurs ? `${labels.partOf}=${options.applySet}` : undefined },
            takeObject,
            false,
          ),
        );
        if (members.some(ownsPods)) waits.push(follow(POD, { namespace }, takePod, false));
      }
      if (
        [...places.values()].some(({ type }) => /^(PersistentVolumeClaim|Ingress)$/.test(type.kind)) &&
        classes.length === 0
      )
        waits.push(learnClasses());
      await Promise.all(waits);
      touch();
    },
    current: (identity) => objects.get(identity),
    around: (object, firstSeen) => {
      const namespace = object.metadata.namespace ?? "";
      return {
        pods: podsOf(object),
        arePodsUnknown: !open.has(keyOf(POD, { namespace })),
        replicaSets: values("ReplicaSet", namespace),
        events: values("Event", namespace),
        nodes: nodes === undefined ? undefined : [...nodes.values()],
        classes,
        startedAt,
        firstSeen,
        restartsBefore,
        exists: (kind, where, name) => (options.comes.has(`${kind} ${where}/${name}`) ? true : undefined),
        rules: options.rules,
      };
    },
    versionAround: (object) => podTable.version(object.metadata.namespace ?? "", podSelector(object)) + detailsVersion,
    async needDetails(namespace) {
      const takeNode = (object: KubeObject, gone: boolean) => {
        nodes ??= new Map();
        if (gone) nodes.delete(object.metadata.name);
        else nodes.set(object.metadata.name, object);
      };
      await Promise.all([
        follow(REPLICA_SET, { namespace }, detail(into("ReplicaSet", namespace)), false),
        follow(
          EVENT,
          { namespace },
          detail((event, gone) => takeEvent(table("Event", namespace), event, gone, startedAt)),
          true,
        ),
        follow(NODE, {}, detail(takeNode), true),
      ]);
      detailsVersion += 1;
    },
    pods: (namespace) => podTable.all(namespace),
    events: (namespace) => values("Event", namespace),
    async changed() {
      refuse();
      if (!dirty) await new Promise<void>((resolve) => waiters.push(resolve));
      // Events come in bursts; one verdict for the burst is enough.
      await new Promise<void>((resolve) => setImmediate(resolve));
      dirty = false;
      refuse();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.allSettled(running);
    },
  };
}

function keyOf(
  type: ResourceType,
  where: { namespace?: string | undefined; labelSelector?: string | undefined },
): string {
  return `${groupOf(type.apiVersion)}/${type.kind} ${where.namespace ?? ""} ${where.labelSelector ?? ""}`;
}

/** The selector of a workload whose pods can be told by it. */
function podSelector(object: KubeObject): Readonly<Record<string, unknown>> | undefined {
  const selector = at(object, ["spec", "selector"]);
  return ownsPods(object) && object.kind !== "Pod" && isRecord(selector) ? selector : undefined;
}

/** Kinds whose verdict can change after the write. */
export function needsWatch(object: KubeObject): boolean {
  if (isDoneWhenPresent(object)) return false;
  const isService = object.kind === "Service" && groupOf(object.apiVersion) === "";
  return !isService || at(object, ["spec", "type"]) === "LoadBalancer";
}

/** resourceVersions are numbers that grow: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
function isOlder(object: KubeObject, than: KubeObject): boolean {
  const [a, b] = [object.metadata.resourceVersion ?? "", than.metadata.resourceVersion ?? ""];
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

function rememberRestarts(pod: KubeObject, before: Map<string, number>): void {
  for (const field of ["containerStatuses", "initContainerStatuses"]) {
    const statuses = at(pod, ["status", field]);
    if (!Array.isArray(statuses)) continue;
    for (const status of statuses as readonly unknown[]) {
      const name = at(status, ["name"]);
      const count = at(status, ["restartCount"]);
      if (typeof count === "number") before.set(`${pod.metadata.uid}/${String(name)}`, count);
    }
  }
}

// Events of earlier rollouts explain nothing, and a namespace may hold thousands of them.
function takeEvent(rows: Map<string, KubeObject>, event: KubeObject, gone: boolean, startedAt: number): void {
  const key = event.metadata.uid ?? event.metadata.name;
  if (gone) return;
  const { lastAt } = noteOf(event);
  if (lastAt !== undefined && lastAt < startedAt - 1000) return;
  rows.set(key, event);
}
