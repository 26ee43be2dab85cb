import { type JsonObject, objectAt, textAt } from "./json.ts";

export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** Resource key, `deployments.apps`. */
  readonly resource: string;
  readonly revision: number;
  readonly object: JsonObject;
  readonly previous?: JsonObject | undefined;
}

/** Objects by resource and `namespace/name`, one revision counter and the history that watches resume from. */
export interface Store {
  readonly revision: number;
  /** Watches from an older revision get 410. */
  readonly compacted: number;
  get(resource: string, key: string): JsonObject | undefined;
  list(resource: string): JsonObject[];
  resources(): string[];
  /** Writes under the next revision, which becomes the object's resourceVersion. */
  put(resource: string, key: string, object: JsonObject): JsonObject;
  delete(resource: string, key: string): JsonObject | undefined;
  /** What happened after a revision, oldest first. */
  since(revision: number, resource: string): StoreEvent[];
  /** The objects of a resource as they were at a revision that is not compacted. */
  listAt(resource: string, revision: number): JsonObject[];
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Forgets history up to a revision, as etcd's compaction does. */
  compact(revision?: number): void;
}

export const keyOf = (object: JsonObject): string =>
  `${textAt(object, "metadata", "namespace") ?? ""}/${textAt(object, "metadata", "name") ?? ""}`;

export function createStore(): Store {
  const objects = new Map<string, Map<string, JsonObject>>();
  const listeners = new Set<(event: StoreEvent) => void>();
  let history: StoreEvent[] = [];
  let revision = 1;
  let compacted = 0;

  const bucket = (resource: string) => {
    const known = objects.get(resource);
    if (known !== undefined) return known;
    const made = new Map<string, JsonObject>();
    objects.set(resource, made);
    return made;
  };
  const stamp = (object: JsonObject, at: number): JsonObject => {
    const metadata = objectAt(object, "metadata");
    return { ...object, metadata: { ...metadata, resourceVersion: String(at) } };
  };
  const publish = (event: StoreEvent) => {
    history.push(event);
    for (const listener of listeners) listener(event);
  };
  // Keys in order, until one comes or goes: controllers list far more often than objects are made.
  const orders = new Map<string, string[]>();
  const sorted = (items: ReadonlyMap<string, JsonObject>, keys = [...items.keys()].sort()) =>
    keys.map((key) => items.get(key)).filter((object) => object !== undefined);
  const inOrder = (resource: string) => {
    const items = bucket(resource);
    const keys = orders.get(resource) ?? [...items.keys()].sort();
    orders.set(resource, keys);
    return sorted(items, keys);
  };

  return {
    get revision() {
      return revision;
    },
    get compacted() {
      return compacted;
    },
    get: (resource, key) => objects.get(resource)?.get(key),
    list: inOrder,
    resources: () => [...objects.keys()],
    put(resource, key, object) {
      revision += 1;
      const stored = stamp(object, revision);
      const previous = bucket(resource).get(key);
      bucket(resource).set(key, stored);
      if (previous === undefined) orders.delete(resource);
      publish({ type: previous === undefined ? "ADDED" : "MODIFIED", resource, revision, object: stored, previous });
      return stored;
    },
    delete(resource, key) {
      const previous = objects.get(resource)?.get(key);
      if (previous === undefined) return undefined;
      revision += 1;
      objects.get(resource)?.delete(key);
      orders.delete(resource);
      const last = stamp(previous, revision);
      publish({ type: "DELETED", resource, revision, object: last, previous });
      return last;
    },
    since: (after, resource) => history.filter((event) => event.revision > after && event.resource === resource),
    listAt(resource, at) {
      const past = new Map(objects.get(resource));
      for (const event of history.filter((one) => one.revision > at && one.resource === resource).reverse()) {
        const key = keyOf(event.object);
        if (event.previous === undefined) past.delete(key);
        else past.set(key, event.previous);
      }
      return sorted(past);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact(upTo = revision) {
      compacted = Math.max(compacted, upTo);
      history = history.filter((event) => event.revision > upTo);
    },
  };
}
