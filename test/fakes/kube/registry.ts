import { readFileSync } from "node:fs";
import { get, isObject, type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from "./json.ts";
import { builtInShape, customShape, type Struct } from "./schema.ts";

export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly groupVersion: string;
  readonly resource: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: ReadonlySet<string>;
  readonly subresources: ReadonlySet<string>;
  readonly shape: Struct;
  /** `deployments.apps`: one per stored resource, whatever the version. */
  readonly key: string;
  /** The entry of aggregated discovery. */
  readonly discovery: JsonObject;
  /** The CRD's name and this version's schema, for a custom resource. */
  readonly custom?: { readonly crd: string; readonly schema: JsonObject } | undefined;
}

export interface Registry {
  find(group: string, version: string, resource: string): ResourceType | undefined;
  ofKind(groupVersion: string, kind: string): ResourceType | undefined;
  ofKey(key: string): ResourceType | undefined;
  all(): readonly ResourceType[];
  /** Serves the versions of a CRD from now on; an earlier form of it is replaced. */
  serve(crd: JsonObject): void;
  withdraw(crdName: string): void;
}

interface GroupTable {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly JsonObject[];
}

const anyStruct: Struct = {
  is: "struct",
  name: "Object",
  fields: new Map(),
  required: [],
  atomic: false,
  open: true,
  custom: true,
};

// Their objects are views of others (autoscaling/v2, v1 events), which this server does not convert.
const unserved = new Set(["autoscaling/v1/horizontalpodautoscalers"]);

function readTable(): GroupTable[] {
  const table: unknown = JSON.parse(readFileSync(new URL("./table/resources.json", import.meta.url), "utf8"));
  return (Array.isArray(table) ? table : []).map((entry: unknown) => ({
    group: textAt(entry, "group") ?? "",
    version: textAt(entry, "version") ?? "",
    resources: objectsAt(entry, "resources"),
  }));
}

export function createRegistry(): Registry {
  let types: ResourceType[] = readTable().flatMap(({ group, version, resources }) =>
    resources
      .map((entry) => typeOf(group, version, entry))
      .filter((type) => !unserved.has(`${type.groupVersion}/${type.resource}`)),
  );
  return {
    find: (group, version, resource) =>
      types.find((type) => type.resource === resource && type.version === version && type.group === group),
    ofKind: (groupVersion, kind) => types.find((type) => type.kind === kind && type.groupVersion === groupVersion),
    ofKey: (key) => types.find((type) => type.key === key),
    all: () => types,
    serve(crd) {
      const name = textAt(crd, "metadata", "name") ?? "";
      types = [...types.filter((type) => type.custom?.crd !== name), ...customTypes(crd, name)];
    },
    withdraw(crdName) {
      types = types.filter((type) => type.custom?.crd !== crdName);
    },
  };
}

function typeOf(group: string, version: string, entry: JsonObject, custom?: ResourceType["custom"]): ResourceType {
  const groupVersion = group === "" ? version : `${group}/${version}`;
  const resource = textAt(entry, "resource") ?? "";
  const kind = textAt(entry, "responseKind", "kind") ?? "";
  return {
    group,
    version,
    groupVersion,
    resource,
    kind,
    listKind: `${kind}List`,
    namespaced: textAt(entry, "scope") === "Namespaced",
    verbs: new Set(listAt(entry, "verbs").map(String)),
    subresources: new Set(objectsAt(entry, "subresources").map((sub) => textAt(sub, "subresource") ?? "")),
    shape: custom === undefined ? (builtInShape(groupVersion, kind) ?? anyStruct) : customShape(kind, custom.schema),
    key: group === "" ? resource : `${resource}.${group}`,
    discovery: entry,
    custom,
  };
}

function customTypes(crd: JsonObject, name: string): ResourceType[] {
  const spec = objectAt(crd, "spec");
  const group = textAt(spec, "group") ?? "";
  return objectsAt(spec, "versions")
    .filter((version) => version["served"] === true)
    .map((version) => {
      const label = textAt(version, "name") ?? "";
      const kind: Json = { group, version: label, kind: textAt(spec, "names", "kind") ?? "" };
      const subresources: Json[] = [];
      if (isObject(get(version, "subresources", "status"))) {
        subresources.push({ subresource: "status", responseKind: kind, verbs: ["get", "patch", "update"] });
      }
      const entry: JsonObject = {
        resource: textAt(spec, "names", "plural") ?? "",
        responseKind: kind,
        scope: textAt(spec, "scope") ?? "Namespaced",
        singularResource: textAt(spec, "names", "singular") ?? "",
        verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        ...(listAt(spec, "names", "shortNames").length > 0 ? { shortNames: listAt(spec, "names", "shortNames") } : {}),
        ...(listAt(spec, "names", "categories").length > 0 ? { categories: listAt(spec, "names", "categories") } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      };
      return typeOf(group, label, entry, { crd: name, schema: objectAt(version, "schema", "openAPIV3Schema") });
    });
}
