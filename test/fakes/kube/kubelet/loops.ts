import { isObject, type JsonObject, objectsAt, textAt } from "../json.ts";
import type { Stage, StageEvent, StageWorld } from "./stages.ts";
import {
  containerStatus,
  eachContainer,
  lastStateOf,
  mergeConditions,
  placed,
  restartsOf,
  running,
  terminated,
  unreadyConditions,
  waiting,
  waitingReason,
} from "./status.ts";

const backOff: StageEvent = {
  type: "Warning",
  reason: "BackOff",
  message: "Back-off restarting failed container (simulated)",
};
const exitCode = (pod: JsonObject) => Number(textAt(pod, "metadata", "annotations", "sim.test/exit-code") ?? "1");

/** Ready, 500 ms later CrashLoopBackOff, 2 s later running and not ready, and so on. */
export function crash(pod: JsonObject, world: StageWorld, isOutOfMemory: boolean): Stage {
  if (waitingReason(pod) === "CrashLoopBackOff") {
    return {
      name: "crash-restart",
      delayMs: 2000,
      apply: (status) => {
        status["containerStatuses"] = eachContainer(pod, (_, before) => ({
          state: running(world.time),
          started: true,
          restarts: restartsOf(before),
          lastState: lastStateOf(before),
        }));
      },
    };
  }
  const end = isOutOfMemory ? terminated(137, "OOMKilled", world.time) : terminated(exitCode(pod), "Error", world.time);
  return {
    name: "crash",
    delayMs: 500,
    apply: (status) => {
      mergeConditions(status, unreadyConditions(world.time));
      status["containerStatuses"] = eachContainer(pod, (_, before) => ({
        state: waiting("CrashLoopBackOff", "back-off restarting failed container (simulated)"),
        restarts: restartsOf(before) + 1,
        lastState: end,
      }));
    },
    events: [backOff],
  };
}

/** The same loop in the first init container; the others wait. */
export function initCrash(pod: JsonObject, world: StageWorld): Stage | undefined {
  const [first, ...rest] = objectsAt(pod, "spec", "initContainers");
  if (first === undefined) return undefined;
  const [before] = objectsAt(pod, "status", "initContainerStatuses");
  const isWaiting = isObject(before) && textAt(before, "state", "waiting", "reason") === "CrashLoopBackOff";
  const others = rest.map((container) => containerStatus(container, { state: waiting("PodInitializing") }));
  if (isWaiting) {
    return {
      name: "init-restart",
      delayMs: 2000,
      apply: (status) => {
        const facts = {
          state: running(world.time),
          started: true,
          restarts: restartsOf(before),
          lastState: lastStateOf(before),
        };
        status["initContainerStatuses"] = [containerStatus(first, facts), ...others];
      },
    };
  }
  return {
    name: "init-crash",
    delayMs: 500,
    apply: (status) => {
      const startTime = status["startTime"];
      placed(status, pod, world);
      if (startTime !== undefined) status["startTime"] = startTime;
      status["phase"] = "Pending";
      const [, ...conditions] = unreadyConditions(world.time);
      mergeConditions(status, [
        { type: "Initialized", status: "False", reason: "ContainersNotInitialized", lastTransitionTime: world.time },
        ...conditions,
      ]);
      const state = waiting("CrashLoopBackOff", "back-off restarting failed init container (simulated)");
      const facts = {
        state,
        restarts: restartsOf(before) + 1,
        lastState: terminated(exitCode(pod), "Error", world.time),
      };
      status["initContainerStatuses"] = [containerStatus(first, facts), ...others];
      status["containerStatuses"] = eachContainer(pod, () => ({ state: waiting("PodInitializing") }));
    },
    events: [backOff],
  };
}

/** Ready toggles every 1 to 3 s. */
export function flap(isUp: boolean, world: StageWorld): Stage {
  const ready: JsonObject = isUp ? { status: "False", reason: "ContainersNotReady" } : { status: "True" };
  return {
    name: isUp ? "flap-down" : "flap-up",
    delayMs: 1000 + world.jitter() * 2000,
    apply: (status) =>
      mergeConditions(
        status,
        ["ContainersReady", "Ready"].map((type) => ({ type, ...ready, lastTransitionTime: world.time })),
      ),
  };
}
