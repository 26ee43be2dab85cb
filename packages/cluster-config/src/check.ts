import { ActionError, type ErrorCode } from "@eks-actions/action/error";
import type { Place, Tree } from "./document.ts";
import { nearest } from "./nearest.ts";
import type { Field, Shape } from "./schema/field.ts";

/** A field that stands in the file. */
export interface FieldUse {
  /** `managedNodeGroups[0].maxSize` */
  readonly path: string;
  /** The path without indices and keys: `managedNodeGroups[].maxSize`. */
  readonly pattern: string;
  readonly file: string;
  readonly place: Place;
  readonly field: Field;
}

export interface Checked {
  /** Plain data; only what the schema accepts. */
  readonly value: unknown;
  readonly uses: readonly FieldUse[];
  readonly faults: readonly ActionError[];
  /** Sentences about fields that were skipped. */
  readonly notices: readonly string[];
}

interface Spot {
  readonly path: string;
  readonly pattern: string;
  readonly field: Field | undefined;
}

/** Walks a document along a closed schema and collects every fault. `what` names the schema in messages. */
export function check(root: Tree, schema: Shape, file: string, what: string = "eksctl's ClusterConfig"): Checked {
  const uses: FieldUse[] = [];
  const faults: ActionError[] = [];
  const notices: string[] = [];

  const fault = (code: ErrorCode, place: Place, message: string, hint?: string) => {
    faults.push(new ActionError(code, { message, hint, file, line: place.line, column: place.column }));
  };

  const walk = (tree: Tree, shape: Shape, spot: Spot): unknown => {
    switch (shape.kind) {
      case "any":
        return plainValue(tree);
      case "object":
        if (tree.kind !== "map") return wrongKind(tree, "a map of fields", spot);
        return walkObject(tree, shape, spot);
      case "map":
        if (tree.kind !== "map") return wrongKind(tree, "a map", spot);
        return Object.fromEntries(
          tree.entries.map((entry) => [
            entry.key,
            walk(entry.value, shape.value, {
              ...spot,
              path: `${spot.path}.${entry.key}`,
              pattern: `${spot.pattern}.*`,
            }),
          ]),
        );
      case "list":
        if (tree.kind !== "list") return wrongKind(tree, "a list", spot);
        return tree.items.map((item, index) =>
          walk(item, shape.item, { ...spot, path: `${spot.path}[${index}]`, pattern: `${spot.pattern}[]` }),
        );
      case "text":
        return walkText(tree, shape, spot);
      case "integer":
        if (tree.kind === "scalar" && typeof tree.value === "number" && Number.isSafeInteger(tree.value)) {
          if (tree.value >= shape.min && tree.value <= shape.max) return tree.value;
          const range = shape.max === Number.MAX_SAFE_INTEGER ? `${shape.min} or more` : `${shape.min} to ${shape.max}`;
          return invalid(tree, spot, `write a whole number from ${range}`);
        }
        return wrongKind(tree, "a whole number", spot);
      case "flag":
        if (tree.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
        return wrongKind(tree, "true or false", spot);
      default:
        return shape satisfies never;
    }
  };

  const walkObject = (tree: Tree & { kind: "map" }, shape: Shape & { kind: "object" }, spot: Spot): unknown => {
    const value: Record<string, unknown> = {};
    for (const entry of tree.entries) {
      const path = spot.path === "" ? entry.key : `${spot.path}.${entry.key}`;
      const pattern = spot.pattern === "" ? entry.key : `${spot.pattern}.${entry.key}`;
      const field = Object.hasOwn(shape.fields, entry.key) ? shape.fields[entry.key] : undefined;
      if (field === undefined) {
        unknown(entry.key, path, entry.place, Object.keys(shape.fields));
        continue;
      }
      if (field.skipped) {
        notices.push(`${path} is written by the API and was skipped`);
        continue;
      }
      if (isAbsent(entry.value)) continue;
      if (field.refused !== undefined) {
        const { why, alternative } = field.refused;
        fault("CONFIG_UNSUPPORTED_FIELD", entry.place, `\`${path}\` is not supported: ${why}`, alternative);
        continue;
      }
      uses.push({ path, pattern, file, place: entry.place, field });
      value[entry.key] = walk(entry.value, field.shape, { path, pattern, field });
    }
    for (const name of shape.required) {
      const refused = tree.entries.some((entry) => entry.key === name && !isAbsent(entry.value));
      if (!refused) {
        const path = spot.path === "" ? name : `${spot.path}.${name}`;
        fault("CONFIG_INVALID_VALUE", tree.place, `\`${path}\` is missing`, `add \`${name}: …\``);
      }
    }
    return value;
  };

  const walkText = (tree: Tree, shape: Shape & { kind: "text" }, spot: Spot): unknown => {
    if (tree.kind !== "scalar" || tree.value === null) return wrongKind(tree, "a text", spot);
    if (typeof tree.value !== "string") {
      const why = typeof tree.value === "number" ? "a number" : "true or false";
      return invalid(tree, spot, `put it in quotes, "${tree.written}": unquoted, YAML reads it as ${why}`);
    }
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(tree.value)) {
      return invalid(tree, spot, "remove the control character");
    }
    if (shape.words !== undefined && !shape.words.includes(tree.value)) {
      const near = nearest(tree.value, shape.words);
      return invalid(
        tree,
        spot,
        near === undefined
          ? `write ${shape.accepted}`
          : `did you mean \`${near}\`? Accepted: ${shape.words.join(", ")}`,
      );
    }
    if (shape.pattern !== undefined && !shape.pattern.test(tree.value))
      return invalid(tree, spot, `write ${shape.accepted}`);
    return tree.value;
  };

  const unknown = (key: string, path: string, place: Place, known: readonly string[]) => {
    const near = nearest(key, known);
    const hint = near === undefined ? `known here: ${[...known].sort().join(", ")}` : `did you mean \`${near}\`?`;
    fault("CONFIG_UNKNOWN_FIELD", place, `\`${printable(path)}\` is not a field of ${what}`, hint);
  };
  const wrongKind = (tree: Tree, accepted: string, spot: Spot): undefined => {
    fault(
      "CONFIG_INVALID_VALUE",
      tree.place,
      `\`${spot.path}\`: ${describe(tree)} is not accepted`,
      `write ${accepted}`,
    );
    return undefined;
  };
  const invalid = (tree: Tree, spot: Spot, hint: string): undefined => {
    fault("CONFIG_INVALID_VALUE", tree.place, `\`${spot.path}\`: ${describe(tree)} is not accepted`, hint);
    return undefined;
  };

  const value = walk(root, schema, { path: "", pattern: "", field: undefined });
  return { value, uses, faults, notices };
}

/** `key:` without a value is the same as no key, as in eksctl. */
function isAbsent(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}

function plainValue(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return tree.items.map(plainValue);
    case "map":
      return Object.fromEntries(tree.entries.map((entry) => [entry.key, plainValue(entry.value)]));
    default:
      return tree satisfies never;
  }
}

function describe(tree: Tree): string {
  if (tree.kind === "map") return "a map";
  if (tree.kind === "list") return "a list";
  return tree.value === null ? "nothing" : `\`${printable(tree.written)}\``;
}

function printable(text: string): string {
  const flat = text.replace(/[\u0000-\u001f\u007f`]/g, (c) => (c === "`" ? "'" : " "));
  return flat.length > 100 ? `${flat.slice(0, 99)}…` : flat;
}
