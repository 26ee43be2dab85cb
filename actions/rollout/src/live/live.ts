import { isDoneWhenPresent } from "@eks-actions/health";
import { KubeApiError, type KubeClient, type ResourceType } from "@eks-actions/kube";
import { groupOf, identityOf, type KubeObject, type ObjectRef, refOf } from "@eks-actions/manifest";
import { rethrow } from "../faults.ts";
import { labels, type Wanted } from "../model.ts";
import { inParallel } from "../write/parallel.ts";
import type { Inventory } from "./inventory.ts";

export interface LiveSet {
  /** Live objects of the set, by identity. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Members that the set no longer has. */
  readonly leftovers: readonly KubeObject[];
  /** Jobs of the set's namespaces: renamed ones are found by name. */
  readonly jobs: readonly KubeObject[];
}

interface Place {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly wanted: readonly Wanted[];
}

// More single reads than this cost more than one list.
const SINGLE_READS = 20;

/** Reads what is there, by one list for each kind and namespace of the set and of the inventory. */
export async function readLive(
  kube: KubeClient,
  wanted: readonly Wanted[],
  scope: {
    readonly applySet: string;
    readonly namespace: string;
    readonly inventory: Inventory | undefined;
    readonly width: number;
  },
  signal: AbortSignal,
): Promise<LiveSet> {
  const places = await placesOf(kube, wanted, scope, signal);
  const lists = await inParallel(places, scope.width, (place) => readPlace(kube, place, scope, signal));
  const found = lists.flat();
  const objects = new Map<string, KubeObject>();
  const names = new Set(wanted.map((one) => one.identity));
  for (const object of found) if (names.has(identityOf(refOf(object)))) objects.set(identityOf(refOf(object)), object);
  const leftovers = found.filter(
    (object) => !names.has(identityOf(refOf(object))) && object.metadata.labels?.[labels.partOf] === scope.applySet,
  );
  return { objects, leftovers, jobs: found.filter((object) => object.kind === "Job") };
}

async function placesOf(
  kube: KubeClient,
  wanted: readonly Wanted[],
  scope: { readonly namespace: string; readonly inventory: Inventory | undefined },
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const places = new Map<string, { type: ResourceType; namespace: string | undefined; wanted: Wanted[] }>();
  const add = (type: ResourceType, namespace: string | undefined, one?: Wanted) => {
    const key = `${groupOf(type.apiVersion)}/${type.kind} ${namespace ?? ""}`;
    const place = places.get(key) ?? { type, namespace, wanted: [] };
    if (one !== undefined) place.wanted.push(one);
    places.set(key, place);
  };
  for (const one of wanted) {
    const type = await kube.resolve(one.ref.apiVersion, one.ref.kind, signal);
    // A kind whose CRD comes with the set and is not there yet has no live objects.
    if (type !== undefined) add(type, one.ref.namespace, one);
  }
  for (const kind of scope.inventory?.groupKinds ?? []) {
    const type = await resolveGroupKind(kube, kind, wanted, signal);
    if (type === undefined) continue;
    const namespaces = type.namespaced ? [scope.namespace, ...(scope.inventory?.namespaces ?? [])] : [undefined];
    for (const namespace of namespaces) add(type, namespace);
  }
  return [...places.values()];
}

const VERSIONS = ["v1", "v2", "v1beta1", "v1alpha1", "v1beta2", "v1beta3", "v2beta1", "v2beta2", "v1alpha2"];

/** The inventory knows kinds without versions, so the usual ones are tried. */
async function resolveGroupKind(
  kube: KubeClient,
  groupKind: string,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<ResourceType | undefined> {
  const dot = groupKind.indexOf(".");
  const kind = dot < 0 ? groupKind : groupKind.slice(0, dot);
  const group = dot < 0 ? "" : groupKind.slice(dot + 1);
  const known = wanted.find((one) => one.ref.kind === kind && groupOf(one.ref.apiVersion) === group)?.ref.apiVersion;
  const candidates = [
    ...(known === undefined ? [] : [known]),
    ...VERSIONS.map((version) => (group === "" ? version : `${group}/${version}`)),
  ];
  for (const apiVersion of candidates) {
    const type = await kube.resolve(apiVersion, kind, signal);
    if (type !== undefined) return type;
    if (group === "") break;
  }
  return undefined;
}

async function readPlace(
  kube: KubeClient,
  { type, namespace, wanted }: Place,
  scope: { readonly applySet: string; readonly inventory: Inventory | undefined },
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const ref = (name: string): ObjectRef => ({
    apiVersion: type.apiVersion,
    kind: type.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
  const get = (name: string) =>
    kube.get(ref(name), signal).catch((error: unknown) => rethrow(error, { ref: ref(name), phase: "read" }));
  const metadataOnly = isDoneWhenPresent(type);
  const list = async (labelSelector: string | undefined) => {
    const { items } = await kube
      .list(type, { namespace, labelSelector, metadataOnly, signal })
      .catch((error: unknown) => rethrow(error, { ref: ref("*"), phase: "read" }));
    return items.map((item) => ({ ...item, apiVersion: type.apiVersion, kind: type.kind }));
  };
  const getAll = async (missing: readonly Wanted[]) =>
    (await Promise.all(missing.map((one) => get(one.ref.name)))).filter((one) => one !== undefined);
  try {
    if (scope.inventory === undefined) {
      return type.namespaced || wanted.length > SINGLE_READS ? await list(undefined) : await getAll(wanted);
    }
    const members = await list(`${labels.partOf}=${scope.applySet}`);
    const known = new Set(members.map((member) => member.metadata.name));
    const missing = wanted.filter((one) => !known.has(one.ref.name));
    return [
      ...members,
      ...(missing.length <= SINGLE_READS
        ? await getAll(missing)
        : (await list(undefined)).filter((one) => !known.has(one.metadata.name))),
    ];
  } catch (error) {
    // A CRD that was served a moment ago and is gone takes its objects along.
    if (error instanceof KubeApiError && error.status === 404) return [];
    throw error;
  }
}

/** Whole objects in place of those that were listed without their content. */
export async function withContent(
  kube: KubeClient,
  objects: readonly KubeObject[],
  width: number,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const read = await inParallel(objects, width, async (object) => {
    if (!isDoneWhenPresent(object)) return object;
    return await kube
      .get(refOf(object), signal)
      .catch((error: unknown) => rethrow(error, { ref: refOf(object), phase: "read" }));
  });
  return read.filter((object) => object !== undefined);
}
