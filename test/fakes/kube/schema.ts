import { readFileSync } from "node:fs";
import { get, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "./json.ts";

/** How a value is typed and how server-side apply treats it. */
export type Shape =
  | { readonly is: "scalar"; readonly scalar: string }
  | { readonly is: "any" }
  | Struct
  | { readonly is: "map"; readonly values: Shape; readonly atomic: boolean }
  | ListShape;

export interface ListShape {
  readonly is: "list";
  readonly items: Shape;
  readonly list: "atomic" | "set" | "map";
  readonly keys: readonly string[];
  /** Strategic merge patch key; undefined: the list is replaced; empty: a list of scalars is united. */
  readonly mergeKey?: string | undefined;
}

export interface Struct {
  readonly is: "struct";
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly required: readonly string[];
  readonly atomic: boolean;
  /** Fields that the schema does not name are kept: `x-kubernetes-preserve-unknown-fields`. */
  readonly open: boolean;
  /** A custom resource: no Go zero values are added or left out. */
  readonly custom: boolean;
}

export interface Field {
  readonly shape: Shape;
  readonly default?: Json | undefined;
  /** `empty`: a zero scalar, list or map is not written; `zero`: neither is an empty struct; `never`: always written; `null`: written as null. */
  readonly omit: "empty" | "zero" | "never" | "null" | "unset";
  readonly retainKeys: boolean;
}

const table: unknown = JSON.parse(readFileSync(new URL("./table/schema.json", import.meta.url), "utf8"));
const structs = new Map<string, Struct>();
const scalars = new Set(["string", "integer", "number", "boolean", "intstr", "quantity", "time"]);
const any: Shape = { is: "any" };

/** The schema of a built-in kind, or undefined where none is known. `groupVersion` is `apps/v1` or `v1`. */
export function builtInShape(groupVersion: string, kind: string): Struct | undefined {
  const name = textAt(table, "kinds", `${groupVersion}/${kind}`);
  return name === undefined ? undefined : struct(name);
}

const objectMetaShape = (): Struct => struct("apis.meta.v1.ObjectMeta");

function struct(name: string): Struct {
  const known = structs.get(name);
  if (known !== undefined) return known;
  const entry = objectAt(table, "types", name);
  const fields = new Map<string, Field>();
  const made: Struct = {
    is: "struct",
    name: name.slice(name.lastIndexOf(".") + 1),
    fields,
    required: listAt(entry, "required").map(String),
    atomic: entry["atomic"] === true,
    open: false,
    custom: false,
  };
  structs.set(name, made);
  for (const [key, value] of Object.entries(objectAt(entry, "fields")))
    fields.set(key.replace(/[?!~^]$/, ""), field(key, value));
  return made;
}

function field(key: string, entry: Json): Field {
  const omit = key.endsWith("?")
    ? "empty"
    : key.endsWith("~")
      ? "zero"
      : key.endsWith("!")
        ? "never"
        : key.endsWith("^")
          ? "null"
          : "unset";
  const isWrapped = isObject(entry) && entry["type"] !== undefined;
  const type = isWrapped ? entry["type"] : entry;
  return {
    get shape() {
      return shapeOf(type);
    },
    omit,
    default: isWrapped ? entry["default"] : undefined,
    retainKeys: isWrapped && entry["retainKeys"] === true,
  };
}

const made = new Map<Json, Shape>();

function shapeOf(type: Json | undefined): Shape {
  if (type === undefined) return any;
  const known = made.get(type);
  if (known !== undefined) return known;
  const shape = makeShape(type);
  made.set(type, shape);
  return shape;
}

function makeShape(type: Json): Shape {
  if (typeof type === "string") {
    if (type.startsWith("#")) return struct(type.slice(1));
    return scalars.has(type) ? { is: "scalar", scalar: type } : any;
  }
  if (!isObject(type)) return any;
  if (type["map"] !== undefined) return { is: "map", values: shapeOf(type["map"]), atomic: type["atomic"] === true };
  return list(shapeOf(type["items"]), textAt(type, "list"), listAt(type, "keys"), textAt(type, "merge"));
}

function list(items: Shape, kind: string | undefined, keys: readonly Json[], mergeKey?: string | undefined): ListShape {
  const type = kind === "map" || kind === "set" ? kind : "atomic";
  return { is: "list", items, list: type, keys: keys.map(String), mergeKey };
}

/** The schema of a custom resource from its CRD's `openAPIV3Schema`, with the fields every object has. */
export function customShape(kind: string, schema: JsonObject): Struct {
  const root = customStruct(schema, kind);
  const fields = new Map(root.fields);
  const text: Field = { shape: { is: "scalar", scalar: "string" }, omit: "unset", retainKeys: false };
  fields.set("apiVersion", text);
  fields.set("kind", text);
  fields.set("metadata", { shape: objectMetaShape(), omit: "unset", retainKeys: false });
  return { ...root, fields };
}

function customStruct(schema: JsonObject, name: string): Struct {
  const fields = new Map<string, Field>();
  for (const [key, property] of Object.entries(objectAt(schema, "properties"))) {
    if (!isObject(property)) continue;
    fields.set(key, { shape: customType(property), omit: "unset", default: property["default"], retainKeys: false });
  }
  return {
    is: "struct",
    name,
    fields,
    required: listAt(schema, "required").map(String),
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    open: schema["x-kubernetes-preserve-unknown-fields"] === true,
    custom: true,
  };
}

function customType(schema: JsonObject): Shape {
  if (schema["x-kubernetes-int-or-string"] === true) return { is: "scalar", scalar: "intstr" };
  const type = textAt(schema, "type");
  if (type === "array") {
    const items = objectAt(schema, "items");
    return list(
      customType(items),
      textAt(schema, "x-kubernetes-list-type"),
      listAt(schema, "x-kubernetes-list-map-keys"),
    );
  }
  if (type === "object" || isObject(schema["properties"])) {
    const values = schema["additionalProperties"];
    if (isObject(schema["properties"])) return customStruct(schema, "");
    if (isObject(values)) {
      return { is: "map", values: customType(values), atomic: schema["x-kubernetes-map-type"] === "atomic" };
    }
    if (schema["x-kubernetes-preserve-unknown-fields"] === true || values === true) return any;
    return customStruct(schema, "");
  }
  return type !== undefined && scalars.has(type) ? { is: "scalar", scalar: type } : any;
}

/** The shape that an untyped value has: objects are granular, lists atomic. */
export function deduce(shape: Shape, value: unknown): Shape {
  if (shape.is !== "any") return shape;
  if (Array.isArray(value)) return { is: "list", items: any, list: "atomic", keys: [] };
  if (isObject(value)) return { is: "map", values: any, atomic: false };
  return { is: "scalar", scalar: "any" };
}

/** The field of a struct or the value type of a map; unknown names of open structs are untyped. */
export function childShape(shape: Shape, key: string): Shape | undefined {
  if (shape.is === "map") return shape.values;
  if (shape.is === "any") return any;
  if (shape.is !== "struct") return undefined;
  return shape.fields.get(key)?.shape ?? (shape.open ? any : undefined);
}

/** A list-map item's key fields with their defaults, sorted by name; undefined where a key field is missing. */
export function itemKey(shape: ListShape, item: Json): JsonObject | undefined {
  const key: JsonObject = {};
  for (const name of [...shape.keys].sort()) {
    const value = get(item, name) ?? (shape.items.is === "struct" ? shape.items.fields.get(name)?.default : undefined);
    if (value === undefined) return undefined;
    key[name] = value;
  }
  return key;
}
