import type { KubeObject, ObjectMeta } from "@eks-actions/manifest";
import { isRecord } from "./error.ts";
import type { ResourceType } from "./resource.ts";

/** What a bookmark carries besides its version: no name, so that it is no object. */
export interface Bookmark {
  readonly resourceVersion: string;
  readonly isEndOfInitialEvents: boolean;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
export function bookmarkFrom(value: unknown): Bookmark {
  const metadata = isRecord(value) && isRecord(value["metadata"]) ? value["metadata"] : {};
  const annotations = isRecord(metadata["annotations"]) ? metadata["annotations"] : {};
  return {
    resourceVersion: stringOf(metadata["resourceVersion"]),
    isEndOfInitialEvents: annotations["k8s.io/initial-events-end"] === "true",
  };
}

/** One object from an answer. Items of lists lack apiVersion and kind, metadata-only ones have foreign ones. */
export function objectFrom(value: unknown, type?: ResourceType): KubeObject {
  if (!isRecord(value) || !isMeta(value["metadata"]))
    throw new Error("the API server sent something that is no object");
  const apiVersion = type?.apiVersion ?? stringOf(value["apiVersion"]);
  const kind = type?.kind ?? stringOf(value["kind"]);
  return { ...value, apiVersion, kind, metadata: value["metadata"] };
}

export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly next: string;
}

export function pageFrom(value: unknown, type: ResourceType): Page {
  if (!isRecord(value) || !isRecord(value["metadata"]))
    throw new Error("the API server sent something that is no list");
  const items = Array.isArray(value["items"]) ? value["items"] : [];
  const { resourceVersion, continue: next } = value["metadata"];
  return {
    items: items.map((item) => objectFrom(item, type)),
    resourceVersion: stringOf(resourceVersion),
    next: stringOf(next),
  };
}

// The API server has validated the rest of the shape.
function isMeta(value: unknown): value is ObjectMeta {
  return isRecord(value) && typeof value["name"] === "string";
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
