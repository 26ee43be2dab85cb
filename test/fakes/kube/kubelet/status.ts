import { isObject, type Json, type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";

/** Pieces of pod status as a kubelet writes them. Times are RFC 3339. */
export function podConditions(
  isReady: boolean,
  time: string,
  why: { readonly reason?: string; readonly message?: string } = {},
): JsonObject[] {
  const ready: JsonObject = isReady
    ? { status: "True" }
    : {
        status: "False",
        reason: why.reason ?? "ContainersNotReady",
        ...(why.message === undefined ? {} : { message: why.message }),
      };
  return [
    { type: "Initialized", status: "True", lastProbeTime: null, lastTransitionTime: time },
    { type: "ContainersReady", lastProbeTime: null, lastTransitionTime: time, ...ready },
    { type: "Ready", lastProbeTime: null, lastTransitionTime: time, ...ready },
  ];
}

/** Lays new conditions over those that are there; a transition time stands while the status does. */
export function mergeConditions(status: JsonObject, next: readonly JsonObject[]): void {
  const before = objectsAt(status, "conditions");
  const merged = next.map((condition) => {
    const old = before.find((one) => one["type"] === condition["type"]);
    const isSame = old !== undefined && old["status"] === condition["status"];
    return isSame
      ? { ...condition, lastTransitionTime: old["lastTransitionTime"] ?? condition["lastTransitionTime"] ?? null }
      : condition;
  });
  const rest = before.filter((one) => !next.some((condition) => condition["type"] === one["type"]));
  status["conditions"] = [...merged, ...rest];
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

/** Init containers that have run to their end. */
export function initDone(pod: JsonObject, time: string): Json[] {
  return objectsAt(pod, "spec", "initContainers").map((container) =>
    containerStatus(container, { state: terminated(0, "Completed", time), ready: true }),
  );
}
