import { clone, equal, isObject, type Json, type JsonObject, listAt, textAt } from "./json.ts";
import { childShape, type ListShape, type Shape } from "./schema.ts";
import { ApiFailure, badRequest } from "./status.ts";

/** RFC 7386. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const out: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

// The real server hides why a JSON patch does not fit the object.
const rejected = () =>
  new ApiFailure({
    code: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
    details: {},
  });

/** RFC 6902. */
export function jsonPatch(target: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) {
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  }
  const root: JsonObject = { value: clone(target) };
  for (const step of patch) operate(root, isObject(step) ? step : {});
  const result = root["value"];
  return isObject(result) ? result : {};
}

function operate(root: JsonObject, step: JsonObject) {
  const path = pointer(textAt(step, "path") ?? "");
  switch (textAt(step, "op")) {
    case "add":
      return put(root, path, step["value"] ?? null, true);
    case "replace":
      if (read(root, path) === undefined) throw rejected();
      return put(root, path, step["value"] ?? null, false);
    case "remove":
      return remove(root, path);
    case "test":
      if (!equal(read(root, path) ?? null, step["value"] ?? null)) throw rejected();
      return;
    case "copy":
    case "move": {
      const from = pointer(textAt(step, "from") ?? "");
      const value = read(root, from);
      if (value === undefined) throw rejected();
      if (step["op"] === "move") remove(root, from);
      return put(root, path, clone(value), true);
    }
    default:
      throw rejected();
  }
}

const pointer = (text: string): string[] => [
  "value",
  ...text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
];

function read(root: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = root;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at)) at = Object.hasOwn(at, step) ? at[step] : undefined;
    else return undefined;
  }
  return at;
}

function put(root: JsonObject, path: readonly string[], value: Json, isInsert: boolean) {
  const parent = read(root, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw rejected();
    parent.splice(index, isInsert ? 0 : 1, value);
    return;
  }
  if (!isObject(parent)) throw rejected();
  parent[last] = value;
}

function remove(root: JsonObject, path: readonly string[]) {
  const parent = read(root, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  if (read(root, path) === undefined) throw rejected();
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
}

/** Kubernetes' strategic merge: lists with a merge key are united by it, `$patch` directives are honoured. */
export function strategicPatch(shape: Shape, target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  if (patch["$patch"] === "replace") {
    const { $patch: _, ...rest } = patch;
    return rest;
  }
  const out: JsonObject = isObject(target) ? { ...target } : {};
  const retain = listAt(patch, "$retainKeys").map(String);
  if (retain.length > 0) for (const key of Object.keys(out)) if (!retain.includes(key)) delete out[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key === "$retainKeys" || key === "$patch" || key.startsWith("$setElementOrder/")) continue;
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const name = key.slice(key.indexOf("/") + 1);
      const gone = Array.isArray(value) ? value : [];
      out[name] = listAt(out, name).filter((item) => !gone.includes(item));
    } else if (value === null) delete out[key];
    else out[key] = patchField(childShape(shape, key) ?? { is: "any" }, out[key], value);
  }
  return out;
}

function patchField(shape: Shape, target: Json | undefined, value: Json): Json {
  if (isObject(value)) return strategicPatch(shape, target, value);
  if (Array.isArray(value) && shape.is === "list" && shape.mergeKey !== undefined) {
    return patchList(shape, shape.mergeKey, Array.isArray(target) ? target : [], value);
  }
  return value;
}

function patchList(shape: ListShape, mergeKey: string, target: readonly Json[], patch: readonly Json[]): Json[] {
  if (mergeKey === "") return [...new Set([...target, ...patch])];
  if (patch.some((item) => isObject(item) && item["$patch"] === "replace")) {
    return patch.filter((item) => !isObject(item) || item["$patch"] === undefined);
  }
  const find = (list: readonly Json[], item: Json) =>
    list.find((one) => isObject(one) && isObject(item) && one[mergeKey] === item[mergeKey]);
  const gone = patch.filter((item) => isObject(item) && item["$patch"] === "delete");
  const merged = patch
    .filter((item) => isObject(item) && item["$patch"] === undefined)
    .map((item) => strategicPatch(shape.items, find(target, item), item));
  const rest = target.filter((item) => find(gone, item) === undefined && find(merged, item) === undefined);
  const place = (item: Json | undefined) =>
    target.findIndex((one) => item !== undefined && find([one], item) !== undefined);
  // Items that the patch names keep its order; the others stand where they stood relative to them, new ones first.
  const out: Json[] = [];
  for (const item of merged) {
    while (place(item) >= 0 && rest.length > 0 && place(rest[0]) < place(item)) out.push(...rest.splice(0, 1));
    out.push(item);
  }
  return [...out, ...rest];
}
