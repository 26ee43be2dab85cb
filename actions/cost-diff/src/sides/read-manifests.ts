import { ActionError, collect } from "@eks-actions/action";
import type { KubeObject, SourcedDocument } from "@eks-actions/manifest";
import { isRecord, readYaml } from "@eks-actions/manifest";
import type { Manifest } from "../model.ts";

const MAX_DOCUMENTS = 20_000;

/**
 * Kubernetes objects of a text, `List` expanded; documents of other kinds (values, workflows) are passed over, and so are
 * CustomResourceDefinitions, which cost nothing and can be huge.
 * @throws ActionError `YAML_INVALID`, `YAML_LIMIT`, `MANIFEST_INVALID`
 */
export function readManifests(text: string, file: string): readonly Manifest[] {
  // Most YAML of a repository is no manifest, and is not even parsed.
  if (!text.includes("apiVersion")) return [];
  const faults: ActionError[] = [];
  const manifests: Manifest[] = [];
  const results = readYaml(text, file);
  if (results.length > MAX_DOCUMENTS) {
    throw new ActionError("YAML_LIMIT", {
      message: `${file} holds ${results.length} documents, more than ${MAX_DOCUMENTS}`,
      hint: "name the manifests more narrowly",
      file,
    });
  }
  for (const result of results) {
    if ("error" in result) faults.push(limitOrSyntax(result.error));
    else manifests.push(...objectsOf(result.document, file));
  }
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  return manifests.filter(({ object }) => object.kind !== "CustomResourceDefinition");
}

// The YAML reader has one code for both; the alias bomb and the giant are limits here.
function limitOrSyntax(error: ActionError): ActionError {
  if (!/aliases are expanded|larger than|nested deeper/.test(error.message)) return error;
  const { message, hint, file, line, column } = error;
  return new ActionError("YAML_LIMIT", { message, hint, file, line, column, cause: error });
}

function objectsOf(document: SourcedDocument, file: string): readonly Manifest[] {
  const { value } = document;
  if (!isRecord(value)) return [];
  if (value["apiVersion"] === "v1" && value["kind"] === "List" && Array.isArray(value["items"])) {
    return value["items"].flatMap((item: unknown, index) => single(document, item, file, ["items", index]));
  }
  return single(document, value, file, []);
}

function single(
  document: SourcedDocument,
  value: unknown,
  file: string,
  at: readonly (string | number)[],
): readonly Manifest[] {
  if (!isRecord(value)) return [];
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return [];
  const line = (document.placeOf(at) ?? document.start).line;
  const name = isRecord(metadata) ? (metadata["name"] ?? metadata["generateName"]) : undefined;
  // eksctl and kustomize files look like objects but are none of a cluster's.
  if (/^(eksctl\.io|kustomize\.config\.k8s\.io)\//.test(apiVersion)) return [];
  if (!isRecord(metadata) || typeof name !== "string" || name === "") {
    throw new ActionError("MANIFEST_INVALID", {
      message: `${file}:${line}: ${kind} has no metadata.name`,
      hint: "write `metadata: { name: … }`",
      file,
      line,
    });
  }
  const { namespace } = metadata;
  const object: KubeObject = {
    ...value,
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      name,
      namespace: typeof namespace === "string" && namespace !== "" ? namespace : undefined,
    },
  };
  return [{ object, file, line, lineOf: (path) => document.placeOf([...at, ...path])?.line }];
}
