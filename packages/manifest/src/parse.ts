import { ActionError, collect } from "@eks-actions/action/error";
import type { KubeObject } from "./object.ts";
import { type Place, type SourcedDocument, yamlDocuments } from "./yaml.ts";

/** Where an object was written. Lines are 1-based. */
export interface ObjectSource {
  /** As given to `parseManifests`, relative to the workspace. */
  readonly file: string;
  /** Line of the object's first key. */
  readonly line: number;
  /** Line of the value at a path inside the object; the key counts for map entries. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}

export interface SourcedObject {
  readonly object: KubeObject;
  readonly source: ObjectSource;
}

/**
 * Objects of a YAML or JSON text, in order, with `List` expanded. All faults of the text are reported at once.
 * @throws ActionError `YAML_INVALID`, `OBJECT_INVALID`
 */
export function parseManifests(text: string, file: string): readonly SourcedObject[] {
  const faults: ActionError[] = [];
  const objects: SourcedObject[] = [];
  for (const result of yamlDocuments(text, file)) {
    if ("error" in result) {
      faults.push(result.error);
      continue;
    }
    const found = objectsOf(result.document, file);
    objects.push(...found.objects);
    faults.push(...found.faults);
  }
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  return objects;
}

type Path = readonly (string | number)[];

interface Found {
  readonly objects: readonly SourcedObject[];
  readonly faults: readonly ActionError[];
}

function objectsOf(document: SourcedDocument, file: string): Found {
  const { value } = document;
  if (!isRecord(value) || !isList(value)) return single(document, file, value, []);
  const found = value.items.map((item, index): Found => {
    if (isRecord(item) && isList(item)) {
      const place = document.placeOf(["items", index]) ?? document.start;
      return {
        objects: [],
        faults: [fault(file, place, "a List inside a List is not expanded", "put its items into the outer List")],
      };
    }
    return single(document, file, item, ["items", index]);
  });
  return { objects: found.flatMap((one) => one.objects), faults: found.flatMap((one) => one.faults) };
}

function isList(value: Readonly<Record<string, unknown>>): value is { items: readonly unknown[] } {
  return value["apiVersion"] === "v1" && value["kind"] === "List" && Array.isArray(value["items"]);
}

function single(document: SourcedDocument, file: string, value: unknown, at: Path): Found {
  const start = document.placeOf(at) ?? document.start;
  const problem = problemOf(value);
  if (problem !== undefined) {
    const place = document.placeOf([...at, ...problem.path]) ?? start;
    return { objects: [], faults: [fault(file, place, problem.message, problem.hint)] };
  }
  return {
    objects: [
      {
        object: value as KubeObject, // problemOf has just checked the shape
        source: { file, line: start.line, lineOf: (path) => document.placeOf([...at, ...path])?.line },
      },
    ],
    faults: [],
  };
}

function fault(file: string, place: Place, message: string, hint: string | undefined): ActionError {
  return new ActionError("OBJECT_INVALID", {
    message: `${file}:${place.line}:${place.column}: ${message}`,
    hint,
    file,
    line: place.line,
    column: place.column,
  });
}

interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

const API_VERSION = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?v[0-9][a-z0-9]*$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
// What cannot be one segment of a URL path: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
const NAME_REFUSED = /[\u0000-\u0020\u007f/%]|^\.{1,2}$/;

function problemOf(value: unknown): Problem | undefined {
  if (!isRecord(value)) {
    return {
      path: [],
      message: `${describe(value)} is no Kubernetes object`,
      hint: "begin with apiVersion, kind and metadata.name",
    };
  }
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || !API_VERSION.test(apiVersion)) {
    return { path: ["apiVersion"], message: `apiVersion ${given(apiVersion)}`, hint: "write it as `v1` or `apps/v1`" };
  }
  if (typeof kind !== "string" || !KIND.test(kind)) {
    return { path: ["kind"], message: `kind ${given(kind)}`, hint: "write it as `Deployment`" };
  }
  if (!isRecord(metadata)) return { path: ["metadata"], message: `metadata of the ${kind} ${given(metadata)}` };
  return problemOfMetadata(kind, metadata);
}

function problemOfMetadata(kind: string, metadata: Readonly<Record<string, unknown>>): Problem | undefined {
  const { name, namespace } = metadata;
  if (name === undefined && typeof metadata["generateName"] === "string") {
    return {
      path: ["metadata", "generateName"],
      message: `the ${kind} has generateName, which cannot be applied twice`,
      hint: "give it metadata.name",
    };
  }
  if (typeof name !== "string" || name === "" || name.length > 253 || NAME_REFUSED.test(name)) {
    return { path: ["metadata", "name"], message: `metadata.name of the ${kind} ${given(name)}` };
  }
  if (namespace !== undefined && namespace !== null && (typeof namespace !== "string" || !NAMESPACE.test(namespace))) {
    return { path: ["metadata", "namespace"], message: `metadata.namespace of ${kind} ${name} ${given(namespace)}` };
  }
  for (const field of ["labels", "annotations"] as const) {
    const entries = metadata[field];
    if (entries === undefined || entries === null) continue;
    if (!isRecord(entries))
      return { path: ["metadata", field], message: `metadata.${field} of ${kind} ${name} is no mapping` };
    const bad = Object.entries(entries).find(([, text]) => typeof text !== "string");
    if (bad !== undefined) {
      return {
        path: ["metadata", field, bad[0]],
        message: `${field} \`${bad[0]}\` of ${kind} ${name} is ${describe(bad[1])}, not a text`,
        hint: `quote it: "${String(bad[1])}"`,
      };
    }
  }
  return undefined;
}

function given(value: unknown): string {
  if (value === undefined || value === null || value === "") return "is missing";
  return `is not accepted: ${describe(value)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
