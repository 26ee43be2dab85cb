import { isRecord, type KubeObject } from "@eks-actions/manifest";
import { matchesSelector } from "./selector.ts";

/** Pods by namespace, found by a workload's selector without a walk over all of them. */
export interface PodTable {
  put(pod: KubeObject): void;
  remove(pod: KubeObject): void;
  has(pod: KubeObject): boolean;
  all(namespace: string): readonly KubeObject[];
  matching(namespace: string, selector: Readonly<Record<string, unknown>>): readonly KubeObject[];
  /** Grows whenever a pod changes that `matching` may give, or without a selector, any pod of the namespace. */
  version(namespace: string, selector?: Readonly<Record<string, unknown>>): number;
}

export function createPodTable(): PodTable {
  const byNamespace = new Map<string, Map<string, KubeObject>>();
  const byLabel = new Map<string, Map<string, KubeObject>>();
  const space = (pod: KubeObject) => pod.metadata.namespace ?? "";
  const idOf = (pod: KubeObject) => pod.metadata.uid ?? pod.metadata.name;
  const bucket = (table: Map<string, Map<string, KubeObject>>, key: string) => {
    const found = table.get(key) ?? new Map<string, KubeObject>();
    table.set(key, found);
    return found;
  };
  const labelKeys = (pod: KubeObject) =>
    Object.entries(pod.metadata.labels ?? {}).map(([key, value]) => `${space(pod)} ${key}=${value}`);

  const versions = new Map<string, number>();
  const grow = (pod: KubeObject) => {
    for (const key of [space(pod), ...labelKeys(pod)]) versions.set(key, (versions.get(key) ?? 0) + 1);
  };

  function remove(pod: KubeObject): void {
    const known = byNamespace.get(space(pod))?.get(idOf(pod));
    if (known === undefined) return;
    grow(known);
    byNamespace.get(space(pod))?.delete(idOf(pod));
    for (const key of labelKeys(known)) byLabel.get(key)?.delete(idOf(pod));
  }

  return {
    put(pod) {
      remove(pod);
      grow(pod);
      bucket(byNamespace, space(pod)).set(idOf(pod), pod);
      for (const key of labelKeys(pod)) bucket(byLabel, key).set(idOf(pod), pod);
    },
    remove,
    has: (pod) => byNamespace.get(space(pod))?.has(idOf(pod)) === true,
    all: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
    matching(namespace, selector) {
      const key = firstLabel(namespace, selector);
      const candidates = key === undefined ? byNamespace.get(namespace) : byLabel.get(key);
      return [...(candidates?.values() ?? [])].filter((pod) => matchesSelector(selector, pod.metadata.labels ?? {}));
    },
    version(namespace, selector) {
      const label = selector === undefined ? undefined : firstLabel(namespace, selector);
      return versions.get(label ?? namespace) ?? 0;
    },
  };
}

function firstLabel(namespace: string, selector: Readonly<Record<string, unknown>>): string | undefined {
  const [first] = isRecord(selector["matchLabels"]) ? Object.entries(selector["matchLabels"]) : [];
  return first === undefined ? undefined : `${namespace} ${first[0]}=${String(first[1])}`;
}
