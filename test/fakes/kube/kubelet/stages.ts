import { conditionOf, controllerOf, isDeleting } from "../controllers/control.ts";
import { type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";
import { delayMs } from "../time.ts";
import { crash, flap, initCrash } from "./loops.ts";
import { configError, imagePull } from "./refusals.ts";
import {
  eachContainer,
  ended,
  initDone,
  mergeConditions,
  placed,
  podConditions,
  running,
  terminated,
  unreadyConditions,
} from "./status.ts";

export interface StageEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** One step of a pod's life. The same steps, delays and words as `test/cluster/stages.yaml`. */
export interface Stage {
  readonly name: string;
  readonly delayMs: number;
  /** Changes the pod's status in place; absent: the pod is gone. */
  readonly apply?: ((status: JsonObject) => void) | undefined;
  readonly events?: readonly StageEvent[] | undefined;
}

export interface StageWorld {
  readonly now: number;
  readonly time: string;
  readonly podIP: (pod: JsonObject) => string;
  /** Images that no registry has. */
  readonly isMissing: (image: string) => boolean;
  /** Added to `sim.test/after` before a pod turns ready. */
  readonly startMs: number;
  readonly jitter: () => number;
}

const loopsInJobs = new Set(["fail", "crashloop", "oom-loop", "never-ready", "flap"]);

/** The next thing that happens to a pod on its node, or undefined where it stays as it is. */
export function nextStage(pod: JsonObject, world: StageWorld): Stage | undefined {
  const behaviour = textAt(pod, "metadata", "labels", "sim.test/behaviour") ?? "";
  if (isDeleting(pod)) return deletion(pod, behaviour);
  const phase = textAt(pod, "status", "phase") ?? "Pending";
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  const isPulled = !objectsAt(pod, "spec", "containers").some((one) => world.isMissing(textAt(one, "image") ?? ""));
  if (behaviour === "imagepull" || !isPulled) return imagePull(pod, world, isPulled);
  if (behaviour === "config-error") return configError(pod, world);
  if (behaviour === "init-crash") return initCrash(pod, world);
  if (textAt(pod, "status", "podIP") === undefined) return start(pod, world, behaviour);
  if (behaviour === "crashloop" || behaviour === "oom-loop") return crash(pod, world, behaviour === "oom-loop");
  if (behaviour === "flap") return flap(conditionOf(pod, "Ready")?.["status"] === "True", world);
  if (behaviour === "fail") return fail(pod, world);
  const isJob = textAt(controllerOf(pod), "kind") === "Job";
  return isJob && phase === "Running" && !loopsInJobs.has(behaviour) ? finish(pod, world) : undefined;
}

function deletion(pod: JsonObject, behaviour: string): Stage | undefined {
  if (behaviour === "stuck-terminating") return undefined;
  const grace = numberAt(pod, "metadata", "deletionGracePeriodSeconds") ?? 0;
  return { name: "delete", delayMs: behaviour === "slow-terminate" ? grace * 1000 : 0 };
}

function start(pod: JsonObject, world: StageWorld, behaviour: string): Stage {
  const isReady = behaviour !== "never-ready";
  const wait = isReady ? delayMs(textAt(pod, "metadata", "annotations", "sim.test/after"), world.now) : 0;
  const unready = unreadyConditions(world.time, "readiness probe failed (simulated)");
  return {
    name: "start",
    delayMs: wait + world.startMs,
    apply: (status) => {
      placed(status, pod, world);
      status["phase"] = "Running";
      mergeConditions(status, isReady ? podConditions(world.time) : unready);
      const inits = initDone(pod, world.time);
      if (inits.length > 0) status["initContainerStatuses"] = inits;
      status["containerStatuses"] = eachContainer(pod, () => ({
        state: running(world.time),
        ready: isReady,
        started: true,
      }));
    },
    ...(isReady ? {} : { events: [unhealthy] }),
  };
}

const unhealthy: StageEvent = {
  type: "Warning",
  reason: "Unhealthy",
  message: "Readiness probe failed: HTTP probe failed with statuscode: 503 (simulated)",
};

const fail = (pod: JsonObject, world: StageWorld): Stage => ({
  name: "fail",
  delayMs: 300,
  apply: ended(pod, "Failed", terminated(137, "OOMKilled", world.time), [
    { type: "ContainersReady", status: "False", reason: "PodFailed", lastTransitionTime: world.time },
    { type: "Ready", status: "False", reason: "PodFailed", lastTransitionTime: world.time },
  ]),
});

const finish = (pod: JsonObject, world: StageWorld): Stage => ({
  name: "job-done",
  delayMs: 300,
  apply: ended(pod, "Succeeded", terminated(0, "Completed", world.time), [
    { type: "Initialized", status: "True", reason: "PodCompleted", lastTransitionTime: world.time },
    { type: "ContainersReady", status: "False", reason: "PodCompleted", lastTransitionTime: world.time },
    { type: "Ready", status: "False", reason: "PodCompleted", lastTransitionTime: world.time },
  ]),
});
