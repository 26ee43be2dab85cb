/**
 * Rewrites schema.json, resources.json and roles.json from a running API server, so that field names, list types, defaults and
 * discovery are Kubernetes' own:
 * `node test/fakes/kube/table/refresh.ts https://127.0.0.1:6443 <token> "$(go env GOMODCACHE)/k8s.io" v0.36.4`.
 * The Go sources tell what OpenAPI does not: which zero values are left out when an object is written as JSON.
 * Run it by hand on a bump of the control plane; the server's certificate must be trusted (NODE_EXTRA_CA_CERTS).
 */
import { writeFile } from "node:fs/promises";
import { get, isObject, type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from "../json.ts";
import { readZeroRules } from "./go-types.ts";

const groupVersions = [
  "v1",
  "apps/v1",
  "batch/v1",
  "networking.k8s.io/v1",
  "rbac.authorization.k8s.io/v1",
  "policy/v1",
  "autoscaling/v1",
  "autoscaling/v2",
  "coordination.k8s.io/v1",
  "apiextensions.k8s.io/v1",
  "storage.k8s.io/v1",
  "discovery.k8s.io/v1",
  "authentication.k8s.io/v1",
  "authorization.k8s.io/v1",
  "scheduling.k8s.io/v1",
  "admissionregistration.k8s.io/v1",
];
const discoveryType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const shortName = (ref: string) =>
  ref.replace(/^.*\/schemas\//, "").replace(/^io\.k8s\.(api\.|apimachinery\.pkg\.)?/, "");

const [endpoint = "", token = "", modules = "", release = ""] = process.argv.slice(2);
const zeroRules = await readZeroRules(modules, release);
const schemas = new Map<string, JsonObject>();
const kinds: Record<string, string> = {};
const types: Record<string, Json> = {};

async function read(path: string, accept = "application/json"): Promise<unknown> {
  const answer = await fetch(`${endpoint}${path}`, { headers: { authorization: `Bearer ${token}`, accept } });
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

function typeOf(schema: JsonObject): Json {
  const ref = textAt(schema, "$ref") ?? textAt(schema, "allOf", 0, "$ref");
  if (ref !== undefined) return named(ref);
  if (textAt(schema, "format") === "int-or-string") return "intstr";
  const type = textAt(schema, "type");
  if (type === "array") {
    const keys = listAt(schema, "x-kubernetes-list-map-keys");
    const mergeKey = textAt(schema, "x-kubernetes-patch-merge-key");
    const strategy = textAt(schema, "x-kubernetes-patch-strategy") ?? "";
    return {
      items: typeOf(objectAt(schema, "items")),
      list: textAt(schema, "x-kubernetes-list-type") ?? "atomic",
      ...(keys.length > 0 ? { keys } : {}),
      ...(strategy.includes("merge") ? { merge: mergeKey ?? "" } : {}),
    };
  }
  const values = schema["additionalProperties"];
  if (type === "object" && isObject(values)) {
    const atomic = schema["x-kubernetes-map-type"] === "atomic";
    return { map: typeOf(values), ...(atomic ? { atomic: true } : {}) };
  }
  return type === undefined || type === "object" ? "any" : type;
}

/** Registers the type behind a reference and answers how fields name it: scalars by name, structs by `#name`. */
function named(ref: string): Json {
  const name = shortName(ref);
  const schema = schemas.get(name);
  if (schema === undefined) throw new Error(`no schema ${name}`);
  if (name.endsWith(".IntOrString")) return "intstr";
  if (name.endsWith(".Quantity")) return "quantity";
  if (name.endsWith(".meta.v1.Time") || name.endsWith(".MicroTime")) return "time";
  if (!isObject(schema["properties"])) return name.endsWith(".JSONSchemaPropsOrBool") ? "any" : typeOf(schema);
  if (types[name] === undefined) {
    const fields: JsonObject = {};
    const type: JsonObject = { fields };
    types[name] = type;
    for (const [field, property] of Object.entries(objectAt(schema, "properties"))) {
      fields[`${field}${zeroRules.get(name)?.get(field) ?? ""}`] = fieldOf(property);
    }
    const required = listAt(schema, "required");
    if (required.length > 0) type["required"] = required;
    if (schema["x-kubernetes-map-type"] === "atomic") type["atomic"] = true;
  }
  return `#${name}`;
}

function fieldOf(property: Json): Json {
  if (!isObject(property)) return "any";
  const type = typeOf(property);
  const value = property["default"];
  const retain = textAt(property, "x-kubernetes-patch-strategy")?.includes("retainKeys") === true;
  const plain = value === undefined || value === "" || value === 0 || value === false || isObject(value);
  if (plain) return retain ? { type, retainKeys: true } : type;
  return { type, default: value, ...(retain ? { retainKeys: true } : {}) };
}

for (const groupVersion of groupVersions) {
  const document = await read(`/openapi/v3/${groupVersion.includes("/") ? "apis" : "api"}/${groupVersion}`);
  for (const [name, schema] of Object.entries(objectAt(document, "components", "schemas"))) {
    if (isObject(schema)) schemas.set(shortName(name), schema);
  }
}
for (const [name, schema] of schemas) {
  const own = objectsAt(schema, "x-kubernetes-group-version-kind");
  if (own.length !== 1 || textAt(own, 0, "kind")?.endsWith("List")) continue;
  const group = textAt(own, 0, "group") ?? "";
  const groupVersion = `${group === "" ? "" : `${group}/`}${textAt(own, 0, "version")}`;
  if (!groupVersions.includes(groupVersion)) continue;
  named(name);
  kinds[`${groupVersion}/${textAt(own, 0, "kind")}`] = name;
}

const lines = (entries: Record<string, Json>) =>
  Object.keys(entries)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(entries[key])}`)
    .join(",\n");
await writeFile(
  new URL("./schema.json", import.meta.url),
  `{"kinds":{\n${lines(kinds)}\n},"types":{\n${lines(types)}\n}}\n`,
);

const roles: Json[] = [];
for (const name of ["cluster-admin", "admin", "edit", "view", "system:discovery", "system:basic-user"]) {
  const role = await read(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`);
  roles.push({ name, rules: get(role, "rules") ?? [] });
}
await writeFile(
  new URL("./roles.json", import.meta.url),
  `[\n${roles.map((role) => JSON.stringify(role)).join(",\n")}\n]\n`,
);

const groups: Json[] = [];
for (const path of ["/api", "/apis"]) {
  for (const item of objectsAt(await read(path, discoveryType), "items")) {
    const group = textAt(item, "metadata", "name") ?? "";
    for (const version of objectsAt(item, "versions")) {
      const name = textAt(version, "version") ?? "";
      if (!groupVersions.includes(group === "" ? name : `${group}/${name}`)) continue;
      groups.push({ group, version: name, resources: get(version, "resources") ?? [] });
    }
  }
}
const text = groups.map((entry) => JSON.stringify(entry)).join(",\n");
await writeFile(new URL("./resources.json", import.meta.url), `[\n${text}\n]\n`);
