import { isObject, type Json, type JsonObject } from "../json.ts";

/** Makes answers of two servers comparable: what may differ becomes a name that tells only where it recurs. */
export interface Normaliser {
  value(value: Json): Json;
  text(text: string): string;
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const safe = "[bcdfghjklmnpqrstvwxz2456789]";
const hashes = new RegExp(`-${safe}{7,10}(?=-${safe}{5}\\b|\\b)`, "g");
const suffix = new RegExp(`(<hash>|kube-api-access|-)-?${safe}{5}\\b`, "g");

export function createNormaliser(namespace: string): Normaliser {
  const seen = new Map<string, string>();
  const token = (kind: string, value: string): string => {
    const known = seen.get(`${kind} ${value}`);
    if (known !== undefined) return known;
    const count = [...seen.keys()].filter((key) => key.startsWith(`${kind} `)).length + 1;
    const made = `<${kind} ${count}>`;
    seen.set(`${kind} ${value}`, made);
    return made;
  };

  const text = (given: string): string =>
    given
      .replaceAll(namespace, "{ns}")
      .replaceAll(uuid, (id) => token("uid", id))
      .replaceAll(time, "<time>")
      .replaceAll(/ResourceVersion in record \(\d+\)/g, "ResourceVersion in record (<rv>)")
      .replaceAll(/too old resource version: \d+ \(\d+\)/g, "too old resource version: <rv> (<rv>)")
      .replaceAll(/, current: \d+/g, ", current: <rv>")
      .replaceAll(/127\.0\.0\.1:\d+/g, "<endpoint>")
      .replaceAll(/\b10\.(96|0)\.\d+\.\d+/g, "<ip>")
      .replaceAll(/\bus-east-1[abc]\b/g, "<zone>")
      .replaceAll(/ to node-\d+$/g, " to <node>")
      .replaceAll(hashes, "-<hash>")
      .replaceAll(suffix, "$1-<random>");

  const walk = (value: Json, key: string): Json => {
    if (Array.isArray(value)) {
      const items = value.map((item) => walk(item, key));
      // The order of managers of one second is free, and so is that of the managers in a conflict.
      return key === "managedFields" || key === "causes"
        ? items.sort((left, right) => (order(left) < order(right) ? -1 : 1))
        : items;
    }
    if (isObject(value)) {
      // The version of a list or bookmark is that of the whole store, in which others write meanwhile.
      const isOfStore = isList(value) || value["type"] === "BOOKMARK";
      const out: JsonObject = {};
      for (const name of Object.keys(value).sort()) {
        const child = value[name] ?? null;
        out[text(name)] = walk(isOfStore ? withoutVersion(name, child) : child, name);
      }
      return out;
    }
    if (typeof value === "number" && key === "nodePort") return "<port>";
    if (typeof value !== "string") return value;
    if (key === "resourceVersion") return token("rv", value);
    if (key === "continue") return "<token>";
    if (key === "pod-template-hash" || key === "controller-revision-hash") return "<hash>";
    return text(value);
  };
  return { value: (value) => walk(value, ""), text };
}

const order = (entry: Json): string =>
  isObject(entry)
    ? ["operation", "manager", "subresource", "apiVersion", "reason", "field", "message"]
        .map((key) => String(entry[key] ?? ""))
        .join(" ")
    : "";
const isList = (value: JsonObject) =>
  typeof value["kind"] === "string" && value["kind"].endsWith("List") && Array.isArray(value["items"]);

function withoutVersion(name: string, child: Json): Json {
  if (name === "object" && isObject(child))
    return { ...child, metadata: withoutVersion("metadata", child["metadata"] ?? {}) };
  if (name !== "metadata" || !isObject(child) || child["resourceVersion"] === undefined) return child;
  return { ...child, resourceVersion: null };
}
