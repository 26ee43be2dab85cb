import { type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { Registry, ResourceType } from "./registry.ts";

export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Version {
  readonly version: string;
  readonly types: readonly ResourceType[];
}

function groups(registry: Registry): Map<string, Version[]> {
  const found = new Map<string, Map<string, ResourceType[]>>();
  for (const type of registry.all()) {
    const versions = found.get(type.group) ?? new Map<string, ResourceType[]>();
    versions.set(type.version, [...(versions.get(type.version) ?? []), type]);
    found.set(type.group, versions);
  }
  return new Map(
    [...found].map(([group, versions]) => [group, [...versions].map(([version, types]) => ({ version, types }))]),
  );
}

/** `GET /api` or `/apis` with the aggregated Accept header: everything in one answer. */
export function aggregated(registry: Registry, isCore: boolean): JsonObject {
  const items = [...groups(registry)]
    .filter(([group]) => (group === "") === isCore)
    .map(([group, versions]) => ({
      metadata: group === "" ? {} : { name: group },
      versions: versions.map(({ version, types }) => ({
        version,
        resources: types.map((type) => type.discovery),
        freshness: "Current",
      })),
    }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function groupEntry(group: string, versions: readonly Version[]): JsonObject {
  const listed = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] ?? {} };
}

export function groupList(registry: Registry): JsonObject {
  const entries = [...groups(registry)]
    .filter(([group]) => group !== "")
    .map(([group, versions]) => groupEntry(group, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups: entries };
}

export function oneGroup(registry: Registry, group: string): JsonObject | undefined {
  const versions = groups(registry).get(group);
  return versions === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group, versions) };
}

/** `GET /apis/<group>/<version>`: resources and subresources of one version; undefined where it is not served. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const types = registry.all().filter((type) => type.group === group && type.version === version);
  if (types.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: types.flatMap((type) => [
      entry(type),
      ...objectsAt(type.discovery, "subresources").map((sub) => subEntry(type, sub)),
    ]),
  };
}

function entry(type: ResourceType): JsonObject {
  const optional: JsonObject = {};
  for (const name of ["shortNames", "categories"]) {
    const list: Json[] = listAt(type.discovery, name);
    if (list.length > 0) optional[name] = list;
  }
  return {
    name: type.resource,
    singularName: textAt(type.discovery, "singularResource") ?? "",
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: listAt(type.discovery, "verbs"),
    ...optional,
  };
}

function subEntry(type: ResourceType, sub: JsonObject): JsonObject {
  const kind = objectAt(sub, "responseKind");
  const group = textAt(kind, "group") ?? "";
  const version = textAt(kind, "version") ?? "";
  return {
    name: `${type.resource}/${textAt(sub, "subresource") ?? ""}`,
    singularName: "",
    namespaced: type.namespaced,
    ...(group === "" ? {} : { group }),
    ...(version === "" ? {} : { version }),
    kind: textAt(kind, "kind") ?? "",
    verbs: listAt(sub, "verbs"),
  };
}

export const version: JsonObject = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.4",
  gitCommit: "unknown",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "go1.26.8",
  compiler: "gc",
  platform: "linux/amd64",
};
