import { type JsonObject, numberAt, objectAt, textAt, textsAt } from "./json.ts";
import type { ResourceType } from "./registry.ts";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";
import { ApiFailure, badRequest, type Cause, forbiddenField, invalid, unsupported } from "./status.ts";
import { keyOf, type Store } from "./store.ts";

export type Filter = (object: JsonObject) => boolean;

/** The objects a list or watch request is about: namespace, name, label and field selectors. */
export function filterOf(type: ResourceType, namespace: string, query: URLSearchParams): Filter {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields = parseFieldSelector(type.key, query.get("fieldSelector") ?? "");
  return (object) =>
    (namespace === "" || textAt(object, "metadata", "namespace") === namespace) &&
    labels(textsAt(object, "metadata", "labels")) &&
    fields(object);
}

function wantsMetadata(accept: string): boolean {
  return accept.includes("as=PartialObjectMetadata");
}

/** An object as the request's Accept header asks for it. */
export function shown(object: JsonObject, accept: string): JsonObject {
  if (!wantsMetadata(accept)) return object;
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: objectAt(object, "metadata") };
}

interface Token {
  readonly revision: number;
  readonly start: string;
}

const writeToken = (token: Token): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start })).toString("base64url");

function readToken(text: string): Token {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const revision = numberAt(token, "rv");
    const start = textAt(token, "start");
    if (revision !== undefined && start !== undefined) return { revision, start };
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${error instanceof Error ? error.message : ""}`,
    );
  }
  throw badRequest(
    "invalid continue token: continue key is not valid: incorrect encoded start key (version meta.k8s.io/v1)",
  );
}

const tooOld =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
  "deleted between the time the first chunk was returned and now may show up in the list.";

/** One page of a list, taken at one revision over all its pages. */
export function list(
  store: Store,
  type: ResourceType,
  filter: Filter,
  query: URLSearchParams,
  accept: string,
): JsonObject {
  const limit = integerIn(query, "limit");
  integerIn(query, "timeoutSeconds");
  checkListOptions(query);
  const token = query.get("continue") ? readToken(query.get("continue") ?? "") : undefined;
  checkRevision(store, query);
  if (token !== undefined && token.revision < store.compacted) {
    throw new ApiFailure({ code: 410, reason: "Expired", message: tooOld });
  }
  const revision = token?.revision ?? store.revision;
  const all = (token === undefined ? store.list(type.key) : store.listAt(type.key, revision)).filter(filter);
  const rest = token === undefined ? all : all.filter((object) => keyOf(object) > token.start);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const left = rest.length - page.length;
  const last = page.at(-1);
  const isSelective = query.has("labelSelector") || query.has("fieldSelector");
  const metadata: JsonObject = { resourceVersion: String(revision) };
  if (left > 0 && last !== undefined) {
    metadata["continue"] = writeToken({ revision, start: keyOf(last) });
    if (!isSelective) metadata["remainingItemCount"] = left;
  }
  if (wantsMetadata(accept)) {
    const items = page.map((object) => shown(object, accept));
    return { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata, items };
  }
  const items = page.map((object) => {
    if (type.custom !== undefined) return object;
    const { kind: _kind, apiVersion: _version, ...rest } = object;
    return rest;
  });
  return { kind: type.listKind, apiVersion: type.groupVersion, metadata, items };
}

function integerIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) || "0";
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function checkListOptions(query: URLSearchParams) {
  const causes: Cause[] = [];
  const match = query.get("resourceVersionMatch") ?? "";
  const known = ["Exact", "NotOlderThan", ""];
  if (match !== "" && !query.get("resourceVersion")) {
    const why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
    causes.push(forbiddenField("resourceVersionMatch", why));
  }
  if (!known.includes(match)) causes.push(unsupported("resourceVersionMatch", match, known));
  if (query.has("sendInitialEvents")) {
    causes.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", causes);
}

/** Refuses a version that the store has not reached yet. */
export function checkRevision(store: Store, query: URLSearchParams): void {
  const text = query.get("resourceVersion") || "0";
  if (!/^\d+$/.test(text)) {
    const shown = JSON.stringify(text);
    const why = `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
    throw badRequest(`invalid resource version: ${why}`);
  }
  const wanted = Number(text);
  if (!(wanted > store.revision)) return;
  throw new ApiFailure({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${wanted}, current: ${store.revision}`,
    details: { causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }] },
    retryAfterSeconds: 1,
  });
}
