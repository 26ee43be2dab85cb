import type { Exchange } from "./exchange.ts";
import {
  clone,
  ensure,
  get,
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from "./json.ts";
import { mergePatch } from "./patch.ts";
import { remove } from "./remove.ts";
import { deleteOptions, objectIn, patchIn, writeOptions } from "./requests.ts";
import type { Target } from "./route.ts";
import { matchesSelector, printSelector } from "./selectors.ts";
import { ApiFailure, badRequest, noSuchResource, notFound } from "./status.ts";
import { keyOf } from "./store.ts";
import type { World } from "./world.ts";
import { isFree, replace } from "./write.ts";

export function readSubresource(world: World, exchange: Exchange, target: Target, key: string): void {
  const live = liveOf(world, target, key);
  if (target.subresource === "scale") exchange.json(200, scaleOf(live));
  else if (target.subresource === "log") exchange.text(200, readLog(world, exchange, live));
  else throw noSuchResource();
}

export function writeSubresource(world: World, exchange: Exchange, target: Target, key: string): void {
  switch (target.subresource) {
    case "scale":
      writeScale(world, exchange, target, key);
      return;
    case "eviction":
      evict(world, exchange, target, key);
      return;
    case "finalize":
      finalize(world, exchange, target, key);
      return;
    default:
      throw new ApiFailure({ code: 501, message: `STANDIN_UNKNOWN_OPERATION: ${exchange.method} ${exchange.path}` });
  }
}

function liveOf(world: World, target: Target, key: string): JsonObject {
  const live = world.store.get(target.type.key, key);
  if (live === undefined) throw notFound(target.type, target.name ?? "");
  return live;
}

function scaleOf(object: JsonObject): JsonObject {
  const metadata: JsonObject = {};
  for (const name of ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]) {
    const value = get(object, "metadata", name);
    if (value !== undefined) metadata[name] = value;
  }
  const replicas = numberAt(object, "spec", "replicas") ?? 0;
  const selector = printSelector(objectAt(object, "spec", "selector"));
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, "status", "replicas") ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

function writeScale(world: World, exchange: Exchange, target: Target, key: string) {
  const live = liveOf(world, target, key);
  const kind = exchange.method === "PATCH" ? "PatchOptions" : "UpdateOptions";
  const options = writeOptions(exchange, kind, "scale");
  const scale = scaleOf(live);
  const next = exchange.method === "PATCH" ? mergePatch(scale, patchIn(exchange).value) : bodyOf(exchange);
  const version = textAt(next, "metadata", "resourceVersion");
  const object = clone(live);
  ensure(object, "spec")["replicas"] = numberAt(next, "spec", "replicas") ?? 0;
  if (version !== undefined) ensure(object, "metadata")["resourceVersion"] = version;
  exchange.json(200, scaleOf(replace(world, target.type, live, object, options, false)));
}

function bodyOf(exchange: Exchange): JsonObject {
  const { value } = patchIn(exchange);
  return isObject(value) ? value : {};
}

function finalize(world: World, exchange: Exchange, target: Target, key: string) {
  const live = liveOf(world, target, key);
  const { object } = objectIn(exchange, target.type);
  const next = clone(live);
  ensure(next, "spec")["finalizers"] = listAt(object, "spec", "finalizers");
  const isGone = textAt(next, "metadata", "deletionTimestamp") !== undefined && isFree(target.type, next);
  exchange.json(
    200,
    isGone ? (world.store.delete("namespaces", key) ?? next) : world.store.put("namespaces", key, next),
  );
}

const tooManyDisruptions = (budget: JsonObject): ApiFailure => {
  const name = textAt(budget, "metadata", "name") ?? "";
  const needed = numberAt(budget, "status", "desiredHealthy") ?? 0;
  const healthy = numberAt(budget, "status", "currentHealthy") ?? 0;
  return new ApiFailure({
    code: 429,
    reason: "TooManyRequests",
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        {
          reason: "DisruptionBudget",
          message: `The disruption budget ${name} needs ${needed} healthy pods and has ${healthy} currently`,
        },
      ],
    },
  });
};

/** Deletes a pod unless a PodDisruptionBudget that selects it allows no disruption. */
function evict(world: World, exchange: Exchange, target: Target, key: string) {
  const pod = liveOf(world, target, key);
  const options = deleteOptions({ ...exchange, body: JSON.stringify(objectAt(bodyOf(exchange), "deleteOptions")) });
  const labels = objectAt(pod, "metadata", "labels");
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) texts[name] = String(value);
  const budget = world.store
    .list("poddisruptionbudgets.policy")
    .filter((one) => textAt(one, "metadata", "namespace") === target.namespace)
    .find((one) => matchesSelector(objectAt(one, "spec", "selector"), texts));
  const isReady = objectsAt(pod, "status", "conditions").some(
    (one) => one["type"] === "Ready" && one["status"] === "True",
  );
  if (budget !== undefined && isReady) {
    const allowed = numberAt(budget, "status", "disruptionsAllowed") ?? 0;
    if (allowed < 1) throw tooManyDisruptions(budget);
    if (options.dryRun !== true) {
      const next = clone(budget);
      ensure(next, "status")["disruptionsAllowed"] = allowed - 1;
      ensure(next, "status", "disruptedPods")[target.name ?? ""] = new Date(world.now()).toISOString();
      world.store.put("poddisruptionbudgets.policy", keyOf(budget), next);
    }
  }
  remove(world, target.type, key, options);
  exchange.json(201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
}

function readLog(world: World, exchange: Exchange, pod: JsonObject): string {
  const { query } = exchange;
  const name = textAt(pod, "metadata", "name") ?? "";
  const main = objectsAt(pod, "spec", "containers").map((one) => textAt(one, "name") ?? "");
  const all = [...main, ...objectsAt(pod, "spec", "initContainers").map((one) => textAt(one, "name") ?? "")];
  const container = query.get("container") ?? (main.length === 1 ? main[0] : undefined);
  if (container === undefined) {
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${main.join(" ")}]`);
  }
  if (!all.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  const previous = query.get("previous") === "true";
  const status = [
    ...objectsAt(pod, "status", "containerStatuses"),
    ...objectsAt(pod, "status", "initContainerStatuses"),
  ].find((one) => one["name"] === container);
  if (previous && !isObject(get(status, "lastState", "terminated"))) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  const waiting = textAt(status, "state", "waiting", "reason");
  const hasRun = isObject(get(status, "lastState", "terminated"));
  if (!previous && !hasRun && (waiting !== undefined || status === undefined)) {
    const words: Readonly<Record<string, string>> = {
      ErrImagePull: "image can't be pulled",
      ImagePullBackOff: "trying and failing to pull image",
    };
    const why = words[waiting ?? ""] ?? waiting ?? "ContainerCreating";
    throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${why}`);
  }
  const lines = (world.logOf(pod, container, previous) ?? "").split("\n").filter((line) => line !== "");
  const tail = query.has("tailLines") ? Number(query.get("tailLines")) : lines.length;
  const kept = tail === 0 ? [] : lines.slice(-tail);
  return kept.map((line) => `${line}\n`).join("");
}
