import type { Exchange } from "./exchange.ts";
import { clone, isObject, type JsonObject, objectAt, textAt } from "./json.ts";
import { checkRevision, filterOf, list, shown } from "./list.ts";
import { jsonPatch, mergePatch, strategicPatch } from "./patch.ts";
import type { User } from "./rbac.ts";
import type { ResourceType } from "./registry.ts";
import { type Removal, remove } from "./remove.ts";
import {
  applyConfigIn,
  deleteOptions,
  objectIn,
  type PatchType,
  patchIn,
  patchTypeOf,
  writeOptions,
} from "./requests.ts";
import type { Target } from "./route.ts";
import {
  ApiFailure,
  badRequest,
  forbidden,
  invalid,
  methodNotAllowed,
  modified,
  notFound,
  required,
} from "./status.ts";
import { keyOf } from "./store.ts";
import { answersDeleted } from "./strategy.ts";
import { readSubresource, writeSubresource } from "./subresources.ts";
import { checkWatch, watch } from "./watch.ts";
import type { World } from "./world.ts";
import { apply, create, decode, replace, update } from "./write.ts";

/** The RBAC verb of a request. */
export function verbOf(exchange: Exchange, target: Target): string {
  const isCollection = target.name === undefined;
  switch (exchange.method) {
    case "GET":
      if (!isCollection) return "get";
      return isWatch(exchange) ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return isCollection ? "deletecollection" : "delete";
    default:
      return exchange.method.toLowerCase();
  }
}

const isWatch = (exchange: Exchange) => ["1", "true"].includes(exchange.query.get("watch") ?? "");
const isCollectionMethod = new Set(["GET", "POST", "DELETE"]);

export function perform(world: World, exchange: Exchange, target: Target, user: User): void {
  const { type, name } = target;
  if (
    name === undefined
      ? !isCollectionMethod.has(exchange.method)
      : exchange.method === "POST" && target.subresource === undefined
  ) {
    throw methodNotAllowed();
  }
  if (target.subresource === undefined && !type.verbs.has(verbOf(exchange, target))) throw methodNotAllowed();
  const key = keyIn(target);
  if (target.subresource !== undefined && target.subresource !== "status") {
    if (exchange.method === "GET") readSubresource(world, exchange, target, key);
    else writeSubresource(world, exchange, target, key);
  } else if (name === undefined) {
    performOnMany(world, exchange, target, user);
  } else {
    performOnOne(world, exchange, target, user);
  }
}

/** The storage key of a request's object. */
const keyIn = ({ type, namespace, name = "" }: Target): string => `${type.namespaced ? namespace : ""}/${name}`;

function performOnMany(world: World, exchange: Exchange, target: Target, user: User) {
  if (exchange.method === "GET") readMany(world, exchange, target);
  else if (exchange.method === "POST") post(world, exchange, target, user);
  else removeMany(world, exchange, target);
}

function performOnOne(world: World, exchange: Exchange, target: Target, user: User) {
  const key = keyIn(target);
  if (exchange.method === "GET") readOne(world, exchange, target.type, key);
  else if (exchange.method === "PUT") put(world, exchange, target, user);
  else if (exchange.method === "PATCH") patch(world, exchange, target, user);
  else removeOne(world, exchange, target.type, key);
}

function readOne(world: World, exchange: Exchange, type: ResourceType, key: string) {
  checkRevision(world.store, exchange.query);
  const object = world.store.get(type.key, key);
  if (object === undefined) throw notFound(type, key.slice(key.indexOf("/") + 1));
  exchange.json(200, shown(served(type, object), exchange.headers["accept"] ?? ""));
}

/** A custom resource is stored once and served under each of its versions. */
function served(type: ResourceType, object: JsonObject): JsonObject {
  return type.custom === undefined ? object : { ...object, apiVersion: type.groupVersion };
}

function readMany(world: World, exchange: Exchange, target: Target) {
  const { type, namespace } = target;
  const accept = exchange.headers["accept"] ?? "";
  const filter = filterOf(type, namespace, exchange.query);
  if (!isWatch(exchange)) {
    exchange.json(200, list(world.store, type, filter, exchange.query, accept));
    return;
  }
  checkWatch(exchange.query);
  const request = { type, filter, query: exchange.query, accept };
  watch(world.store, world.clock, request, exchange.stream("application/json"));
}

function respond(exchange: Exchange, status: number, object: JsonObject, warnings: readonly string[]) {
  const headers: Record<string, string> = {};
  const quoted = warnings.map((warning) => `299 - ${JSON.stringify(warning)}`);
  if (quoted.length > 0) headers["warning"] = quoted.join(", ");
  exchange.json(status, shown(object, exchange.headers["accept"] ?? ""), headers);
}

function inNamespace(target: Target, object: JsonObject): JsonObject {
  const { type, namespace } = target;
  if (!type.namespaced) {
    const { namespace: _, ...metadata } = objectAt(object, "metadata");
    return { ...object, metadata };
  }
  const own = textAt(object, "metadata", "namespace") ?? "";
  if (own !== "" && own !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return { ...object, metadata: { ...objectAt(object, "metadata"), namespace } };
}

function post(world: World, exchange: Exchange, target: Target, user: User) {
  const { type } = target;
  const options = { ...writeOptions(exchange, "CreateOptions", undefined), user };
  const { object, duplicates } = objectIn(exchange, type);
  const review = world.reviews[`${type.groupVersion}/${type.kind}`];
  if (review !== undefined) return exchange.json(201, review(object, user));
  const created = create(world, type, inNamespace(target, object), { ...options, duplicates });
  respond(exchange, 201, created, [...options.warnings, ...world.takeWarnings()]);
}

function checkName(object: JsonObject, name: string) {
  const given = textAt(object, "metadata", "name") ?? "";
  if (given === name) return;
  throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}

function put(world: World, exchange: Exchange, target: Target, user: User) {
  const key = keyIn(target);
  const { type, name = "", subresource } = target;
  const options = { ...writeOptions(exchange, "UpdateOptions", subresource), user };
  const { object, duplicates } = objectIn(exchange, type);
  checkName(object, name);
  const isNew = world.store.get(type.key, key) === undefined;
  const updated = update(world, type, key, inNamespace(target, object), { ...options, duplicates });
  respond(exchange, isNew ? 201 : 200, updated, [...options.warnings, ...world.takeWarnings()]);
}

function patch(world: World, exchange: Exchange, target: Target, user: User) {
  const key = keyIn(target);
  const { type, name = "", subresource } = target;
  const kind = patchTypeOf(exchange, type);
  const options = { ...writeOptions(exchange, "PatchOptions", subresource), user };
  if (kind === "application/apply-patch+yaml") {
    if (!exchange.query.get("fieldManager")) {
      throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [
        required("fieldManager", "is required for apply patch"),
      ]);
    }
    const { object, isNew } = apply(world, type, key, applyConfigIn(exchange), options);
    return respond(exchange, isNew ? 201 : 200, object, [...options.warnings, ...world.takeWarnings()]);
  }
  if (exchange.query.has("force")) {
    throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [
      { reason: "FieldValueForbidden", message: "Forbidden: may not be specified for non-apply patch", field: "force" },
    ]);
  }
  const live = world.store.get(type.key, key);
  if (live === undefined) throw notFound(type, name);
  const { value, duplicates } = patchIn(exchange);
  const patched = patchedObject(kind, type, live, value);
  const given = textAt(patched, "metadata", "resourceVersion");
  if (given !== undefined && given !== "" && given !== textAt(live, "metadata", "resourceVersion"))
    throw modified(type, name);
  const object = decode(type, patched, { ...options, duplicates });
  checkName(object, name);
  const stored = replace(world, type, live, object, options, false);
  respond(exchange, 200, stored, [...options.warnings, ...world.takeWarnings()]);
}

function patchedObject(kind: PatchType, type: ResourceType, live: JsonObject, value: unknown): JsonObject {
  const target = clone(live);
  if (kind === "application/json-patch+json") return jsonPatch(target, Array.isArray(value) ? value : null);
  const body = isObject(value) ? value : {};
  const result =
    kind === "application/merge-patch+json" ? mergePatch(target, body) : strategicPatch(type.shape, target, body);
  return isObject(result) ? result : {};
}

const immortal: ReadonlySet<string> = new Set(["/default", "/kube-system", "/kube-public"]);

function removeOne(world: World, exchange: Exchange, type: ResourceType, key: string) {
  const options = deleteOptions(exchange);
  if (type.key === "namespaces" && immortal.has(key)) {
    throw forbidden(type, key.slice(1), "this namespace may not be deleted");
  }
  const removal = remove(world, type, key, options);
  if (type.key === "jobs.batch" && options.propagation === undefined) {
    world.warn(
      "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
    );
  }
  respond(exchange, 200, removalBody(type, removal), world.takeWarnings());
}

function removalBody(type: ResourceType, removal: Removal): JsonObject {
  if (!removal.isGone || answersDeleted(type)) return removal.object;
  const { name, uid } = objectAt(removal.object, "metadata");
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: name ?? "",
      ...(type.group === "" ? {} : { group: type.group }),
      kind: type.resource,
      uid: uid ?? "",
    },
  };
}

function removeMany(world: World, exchange: Exchange, target: Target) {
  const { type, namespace } = target;
  const options = deleteOptions(exchange);
  const filter = filterOf(type, namespace, exchange.query);
  const answer = list(world.store, type, filter, exchange.query, "");
  for (const object of world.store.list(type.key).filter(filter)) {
    try {
      remove(world, type, keyOf(object), { ...options, uid: undefined, resourceVersion: undefined });
    } catch (error) {
      // Deleting one may take another along (owner and dependent): already gone is what was asked for.
      if (!(error instanceof ApiFailure) || error.failure.code !== 404) throw error;
    }
  }
  exchange.json(200, answer);
}
