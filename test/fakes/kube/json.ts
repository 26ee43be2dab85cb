/** Plain JSON as the API server speaks it. Stored objects are shared: clone before changing one. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where any step is missing. Numbers index lists. */
export function get(value: unknown, ...path: readonly (string | number)[]): Json | undefined {
  let at: unknown = value;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isObject(at) && typeof step === "string") at = Object.hasOwn(at, step) ? at[step] : undefined;
    else return undefined;
  }
  return isJson(at) ? at : undefined;
}

/** Whether a value read from JSON is one; deeper levels are taken on trust of the parser that made them. */
export function isJson(value: unknown): value is Json {
  return value === null || ["string", "number", "boolean", "object"].includes(typeof value);
}

export const objectAt = (value: unknown, ...path: readonly (string | number)[]): JsonObject => {
  const found = get(value, ...path);
  return isObject(found) ? found : {};
};

export const listAt = (value: unknown, ...path: readonly (string | number)[]): Json[] => {
  const found = get(value, ...path);
  return Array.isArray(found) ? found : [];
};

export const objectsAt = (value: unknown, ...path: readonly (string | number)[]): JsonObject[] =>
  listAt(value, ...path).filter(isObject);

export const textAt = (value: unknown, ...path: readonly (string | number)[]): string | undefined => {
  const found = get(value, ...path);
  return typeof found === "string" ? found : undefined;
};

export const numberAt = (value: unknown, ...path: readonly (string | number)[]): number | undefined => {
  const found = get(value, ...path);
  return typeof found === "number" ? found : undefined;
};

export const textsAt = (value: unknown, ...path: readonly (string | number)[]): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(objectAt(value, ...path))) if (typeof text === "string") texts[key] = text;
  return texts;
};

/** The object at a path, made on the way where it is missing. */
export function ensure(target: JsonObject, ...path: readonly string[]): JsonObject {
  let at = target;
  for (const step of path) {
    const next = at[step];
    if (isObject(next)) at = next;
    else {
      const made: JsonObject = {};
      at[step] = made;
      at = made;
    }
  }
  return at;
}

/** A deep copy. Plain recursion takes a quarter of the time of `structuredClone`, and copies are most of the work here. */
export function clone<T extends Json>(value: T): T;
export function clone(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => clone(item));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = clone(value[key] ?? null);
    // Assigning to this name would set the prototype.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: item, enumerable: true, writable: true });
    else copy[key] = item;
  }
  return copy;
}

export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
}

/** JSON with sorted keys: equal values give equal text. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}
