import { isObject, type Json, type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";

/*
 * Pieces of pod status as the simulated kubelet writes them. Times are RFC 3339.
 */

const types = ["Initialized", "ContainersReady", "Ready"];

export const podConditions = (time: string): JsonObject[] =>
  types.map((type) => ({ type, status: "True", lastTransitionTime: time }));

/** Initialized, but not ready; `message` goes to Ready. */
export const unreadyConditions = (time: string, message?: string): JsonObject[] =>
  types.map((type) => {
    if (type === "Initialized") return { type, status: "True", lastTransitionTime: time };
    const why = type === "Ready" && message !== undefined ? { message } : {};
    return { type, status: "False", reason: "ContainersNotReady", lastTransitionTime: time, ...why };
  });

/** Lays new conditions over those of the same type; the others stay, in their order. */
export function mergeConditions(status: JsonObject, next: readonly JsonObject[]): void {
  const before = objectsAt(status, "conditions");
  const find = (list: readonly JsonObject[], type: Json | undefined) => list.find((one) => one["type"] === type);
  const kept = before.map((condition) => ({ ...condition, ...find(next, condition["type"]) }));
  const added = next.filter((condition) => find(before, condition["type"]) === undefined);
  status["conditions"] = [...added, ...kept];
}

/** The addresses that a pod gets on its node. */
export function placed(
  status: JsonObject,
  pod: JsonObject,
  world: { readonly time: string; readonly podIP: (pod: JsonObject) => string },
): void {
  const ip = world.podIP(pod);
  status["hostIP"] = "10.0.0.0";
  status["hostIPs"] = [{ ip: "10.0.0.0" }];
  status["podIP"] = ip;
  status["podIPs"] = [{ ip }];
  status["startTime"] = world.time;
}

export interface ContainerFacts {
  readonly state: JsonObject;
  readonly ready?: boolean | undefined;
  readonly started?: boolean | undefined;
  readonly restarts?: number | undefined;
  readonly lastState?: JsonObject | undefined;
}

export function containerStatus(container: JsonObject, facts: ContainerFacts): JsonObject {
  return {
    name: textAt(container, "name") ?? "",
    image: textAt(container, "image") ?? "",
    imageID: "",
    ready: facts.ready ?? false,
    started: facts.started ?? false,
    restartCount: facts.restarts ?? 0,
    state: facts.state,
    lastState: facts.lastState ?? {},
  };
}

/** The status of each container, from a function of the container and its status so far. */
export function eachContainer(
  pod: JsonObject,
  facts: (container: JsonObject, before: JsonObject | undefined) => ContainerFacts,
): Json[] {
  const before = objectsAt(pod, "status", "containerStatuses");
  return objectsAt(pod, "spec", "containers").map((container) => {
    const old = before.find((one) => one["name"] === container["name"]);
    return containerStatus(container, facts(container, old));
  });
}

export function waitingReason(pod: JsonObject): string | undefined {
  return objectsAt(pod, "status", "containerStatuses")
    .map((status) => textAt(status, "state", "waiting", "reason"))
    .find((reason) => reason !== undefined);
}

export const running = (time: string): JsonObject => ({ running: { startedAt: time } });
export const waiting = (reason: string, message?: string | undefined): JsonObject => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});
export const terminated = (exitCode: number, reason: string, time: string): JsonObject => ({
  terminated: { exitCode, reason, startedAt: time, finishedAt: time },
});
export const restartsOf = (status: JsonObject | undefined): number => numberAt(status, "restartCount") ?? 0;
export const lastStateOf = (status: JsonObject | undefined): JsonObject | undefined => {
  const state = status?.["lastState"];
  return isObject(state) ? state : undefined;
};

/** Init containers that have run to their end, and sidecars that go on. */
export function initDone(pod: JsonObject, time: string): Json[] {
  return objectsAt(pod, "spec", "initContainers").map((container) => {
    const isSidecar = container["restartPolicy"] !== undefined;
    const state = isSidecar ? running(time) : terminated(0, "Completed", time);
    return containerStatus(container, { state, ready: true, started: isSidecar });
  });
}

/** A pod whose containers have all ended in the same way. */
export function ended(
  pod: JsonObject,
  phase: string,
  state: JsonObject,
  conditions: readonly JsonObject[],
): (status: JsonObject) => void {
  return (status) => {
    status["phase"] = phase;
    mergeConditions(status, conditions);
    status["containerStatuses"] = eachContainer(pod, () => ({ state }));
  };
}
