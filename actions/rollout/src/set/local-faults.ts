import { ActionError } from "@eks-actions/action";
import { at, type FieldPath, groupOf, isRecord, type KubeObject, nameOf } from "@eks-actions/manifest";
import type { Wanted } from "../model.ts";
import { schemaFaults } from "./definition-schema.ts";

/** Objects whose faults are found without asking the API server: no dry-run is spent on them. */
export function isData(object: KubeObject): boolean {
  return groupOf(object.apiVersion) === "" && (object.kind === "ConfigMap" || object.kind === "Secret");
}

/**
 * Faults of a new ConfigMap or Secret: key characters, texts, and 1 MiB of data.
 * https://kubernetes.io/docs/concepts/configuration/configmap/
 */
export function dataFaults(one: Wanted): readonly ActionError[] {
  if (!isData(one.object)) return [];
  const fault = (path: FieldPath, message: string, hint: string) => rejected(one, path, message, hint);
  const known = new Set([
    "apiVersion",
    "kind",
    "metadata",
    "data",
    "binaryData",
    "immutable",
    ...(one.ref.kind === "Secret" ? ["type"] : []),
  ]);
  const foreign = Object.keys(one.object).filter((key) => !known.has(key));
  const found = foreign.map((key) =>
    fault([key], `unknown field "${key}"`, "correct or remove the field; nothing was written"),
  );
  let size = 0;
  for (const field of ["data", "binaryData"] as const) {
    const data = one.object[field];
    if (data === undefined) continue;
    if (!isRecord(data)) {
      found.push(fault([field], `${field} is no mapping`, "write `key: value` pairs"));
      continue;
    }
    for (const [key, value] of Object.entries(data)) {
      size += key.length + String(value).length;
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
        found.push(
          fault([field, key], `key \`${key}\` is not accepted`, "keys hold letters, digits, `-`, `_` and `.`"),
        );
      else if (typeof value !== "string")
        found.push(fault([field, key], `value of \`${key}\` is no text`, `quote it: ${key}: "${String(value)}"`));
    }
  }
  if (size > 1024 * 1024 * (one.ref.kind === "Secret" ? 4 / 3 : 1))
    found.push(fault([], "its data is larger than 1 MiB", "split it, or mount a volume"));
  return found;
}

const MOST_FAULTS = 10;

/** Faults of custom resources whose CRD changes with them: the server does not know their kind yet, or not as it will be. */
export function definedFaults(changed: readonly Wanted[], strict: boolean): readonly ActionError[] {
  const definitions = changed.filter(({ ref }) => ref.kind === "CustomResourceDefinition");
  return changed.flatMap((one): readonly ActionError[] => {
    const definition = definitions.find(({ object }) => defines(object, one));
    if (definition === undefined) return [];
    const served = versionsOf(definition.object).filter((version) => version["served"] === true);
    const version = served.find(({ name }) => name === versionOf(one));
    if (version === undefined) {
      const names = served.map(({ name }) => String(name)).join(", ");
      return [
        rejected(
          one,
          ["apiVersion"],
          `${nameOf(definition.ref)} serves ${names || "no version"}`,
          "correct apiVersion",
        ),
      ];
    }
    return schemaFaults(one.object, at(version, ["schema", "openAPIV3Schema"]), strict)
      .slice(0, MOST_FAULTS)
      .map(({ path, message }) => {
        const field = path.length === 0 || message.startsWith("unknown field") ? "" : `${path.join(".")} `;
        return rejected(one, path, `${field}${message}`, `correct it; the schema stands in ${definition.source.file}`);
      });
  });
}

function defines(definition: KubeObject, { ref }: Wanted): boolean {
  return (
    at(definition, ["spec", "group"]) === groupOf(ref.apiVersion) &&
    at(definition, ["spec", "names", "kind"]) === ref.kind
  );
}

function versionsOf(definition: KubeObject): readonly Readonly<Record<string, unknown>>[] {
  const versions = at(definition, ["spec", "versions"]);
  return Array.isArray(versions) ? versions.filter(isRecord) : [];
}

function versionOf({ ref }: Wanted): string {
  return ref.apiVersion.slice(ref.apiVersion.indexOf("/") + 1);
}

function rejected({ ref, source }: Wanted, path: FieldPath, message: string, hint: string): ActionError {
  const line = deepestLine(source.lineOf, path) ?? source.line;
  return new ActionError("REJECTED", {
    message: `${source.file}:${line}: ${nameOf(ref)}: ${message}`,
    hint,
    file: source.file,
    line,
  });
}

function deepestLine(lineOf: (path: FieldPath) => number | undefined, path: FieldPath): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const line = lineOf(path.slice(0, depth));
    if (line !== undefined) return line;
  }
  return undefined;
}
