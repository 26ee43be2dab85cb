import { conditionOf, controllerOf, isDeleting } from "../controllers/control.ts";
import { type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";
import { delayMs } from "../time.ts";
import {
  containerStatus,
  eachContainer,
  initDone,
  lastStateOf,
  mergeConditions,
  podConditions,
  restartsOf,
  running,
  terminated,
  waiting,
} from "./status.ts";

export interface StageEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface Stage {
  readonly name: string;
  readonly delayMs: number;
  /** Changes the pod's status in place; absent: the pod is deleted. */
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

const unready = new Set([
  "never-ready",
  "flap",
  "crashloop",
  "oom-loop",
  "config-error",
  "init-crash",
  "imagepull",
  "fail",
]);

/** The next thing that happens to a pod on its node, or undefined where it stays as it is. */
export function nextStage(pod: JsonObject, world: StageWorld): Stage | undefined {
  const behaviour = textAt(pod, "metadata", "labels", "sim.test/behaviour") ?? "";
  if (isDeleting(pod)) return deletion(pod, behaviour);
  const phase = textAt(pod, "status", "phase") ?? "Pending";
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  const missing = objectsAt(pod, "spec", "containers").find((one) => world.isMissing(textAt(one, "image") ?? ""));
  if (behaviour === "imagepull" || missing !== undefined) return imagePull(pod, world, textAt(missing, "image"));
  if (behaviour === "config-error") return configError(pod, world);
  if (behaviour === "init-crash" && objectsAt(pod, "spec", "initContainers").length > 0) return initCrash(pod, world);
  if (textAt(pod, "status", "podIP") === undefined) return start(pod, world, behaviour);
  if (behaviour === "crashloop" || behaviour === "oom-loop") return crash(pod, world, behaviour);
  if (behaviour === "flap") return flap(pod, world);
  if (behaviour === "fail") return fail(pod, world);
  const isJob = textAt(controllerOf(pod), "kind") === "Job";
  return isJob && phase === "Running" && !unready.has(behaviour) ? finish(pod, world) : undefined;
}

function deletion(pod: JsonObject, behaviour: string): Stage | undefined {
  if (behaviour === "stuck-terminating") return undefined;
  const grace = numberAt(pod, "metadata", "deletionGracePeriodSeconds") ?? 0;
  return { name: "delete", delayMs: behaviour === "slow-terminate" ? grace * 1000 : 0 };
}

function place(status: JsonObject, pod: JsonObject, world: StageWorld) {
  const ip = world.podIP(pod);
  status["hostIP"] = "10.0.0.0";
  status["hostIPs"] = [{ ip: "10.0.0.0" }];
  status["podIP"] = ip;
  status["podIPs"] = [{ ip }];
  status["startTime"] = world.time;
}

function start(pod: JsonObject, world: StageWorld, behaviour: string): Stage {
  const wait = delayMs(textAt(pod, "metadata", "annotations", "sim.test/after"), world.now);
  if (behaviour === "never-ready") return neverReady(pod, world);
  return {
    name: "start",
    delayMs: wait + world.startMs,
    apply: (status) => {
      place(status, pod, world);
      status["phase"] = "Running";
      mergeConditions(status, podConditions(true, world.time));
      const inits = initDone(pod, world.time);
      if (inits.length > 0) status["initContainerStatuses"] = inits;
      status["containerStatuses"] = eachContainer(pod, () => ({
        state: running(world.time),
        ready: true,
        started: true,
      }));
    },
  };
}

function neverReady(pod: JsonObject, world: StageWorld): Stage {
  return {
    name: "never-ready",
    delayMs: world.startMs,
    apply: (status) => {
      place(status, pod, world);
      status["phase"] = "Running";
      mergeConditions(status, podConditions(false, world.time, { message: "readiness probe failed (simulated)" }));
      status["containerStatuses"] = eachContainer(pod, () => ({ state: running(world.time), started: true }));
    },
    events: [
      {
        type: "Warning",
        reason: "Unhealthy",
        message: "Readiness probe failed: HTTP probe failed with statuscode: 503 (simulated)",
      },
    ],
  };
}

function reasonOf(pod: JsonObject): string | undefined {
  return objectsAt(pod, "status", "containerStatuses")
    .map((status) => textAt(status, "state", "waiting", "reason"))
    .find((reason) => reason !== undefined);
}

/** ErrImagePull, ImagePullBackOff a second later, and round again as the kubelet retries. */
function imagePull(pod: JsonObject, world: StageWorld, image: string | undefined): Stage | undefined {
  const reason = reasonOf(pod);
  const why =
    image === undefined
      ? "simulated: manifest unknown"
      : `failed to pull and unpack image ${JSON.stringify(image)}: failed to resolve reference ${JSON.stringify(image)}: ${image}: not found`;
  const set = (next: string, message: string) => (status: JsonObject) => {
    status["phase"] = "Pending";
    status["startTime"] ??= world.time;
    mergeConditions(status, podConditions(false, world.time));
    status["containerStatuses"] = eachContainer(pod, (container) => ({
      state:
        image === undefined || world.isMissing(textAt(container, "image") ?? "")
          ? waiting(next, message)
          : running(world.time),
    }));
  };
  if (reason === "ErrImagePull") {
    const shown =
      image === undefined
        ? "Back-off pulling image (simulated)"
        : `Back-off pulling image ${JSON.stringify(image)}: ErrImagePull: ${why}`;
    return {
      name: "imagepull-backoff",
      delayMs: 1000,
      apply: set("ImagePullBackOff", shown),
      ...(image === undefined
        ? {}
        : {
            events: [
              {
                type: "Normal" as const,
                reason: "BackOff",
                message: `Back-off pulling image ${JSON.stringify(image)}`,
              },
            ],
          }),
    };
  }
  if (reason === "ImagePullBackOff")
    return image === undefined
      ? undefined
      : { name: "imagepull-retry", delayMs: 10_000, apply: set("ErrImagePull", why), events: pullEvents(image, why) };
  const events =
    image === undefined
      ? [{ type: "Warning" as const, reason: "Failed", message: "Error: ErrImagePull (simulated)" }]
      : pullEvents(image, why);
  return { name: "imagepull", delayMs: 0, apply: set("ErrImagePull", why), events };
}

const pullEvents = (image: string, why: string): StageEvent[] => [
  { type: "Normal", reason: "Pulling", message: `Pulling image ${JSON.stringify(image)}` },
  { type: "Warning", reason: "Failed", message: `Failed to pull image ${JSON.stringify(image)}: ${why}` },
  { type: "Warning", reason: "Failed", message: "Error: ErrImagePull" },
];

function configError(pod: JsonObject, world: StageWorld): Stage | undefined {
  if (reasonOf(pod) === "CreateContainerConfigError") return undefined;
  const message = 'secret "simulated" not found';
  return {
    name: "config-error",
    delayMs: 0,
    apply: (status) => {
      status["phase"] = "Pending";
      status["startTime"] = world.time;
      mergeConditions(status, podConditions(false, world.time));
      status["containerStatuses"] = eachContainer(pod, () => ({
        state: waiting("CreateContainerConfigError", message),
      }));
    },
    events: [{ type: "Warning", reason: "Failed", message: `Error: ${message}` }],
  };
}

function initCrash(pod: JsonObject, world: StageWorld): Stage {
  const [before] = objectsAt(pod, "status", "initContainerStatuses");
  const [first = {}, ...rest] = objectsAt(pod, "spec", "initContainers");
  const isWaiting = textAt(before, "state", "waiting", "reason") === "CrashLoopBackOff";
  const set = (status: JsonObject, state: JsonObject, restarts: number, lastState: JsonObject | undefined) => {
    status["phase"] = "Pending";
    status["startTime"] ??= world.time;
    mergeConditions(status, [
      {
        type: "Initialized",
        status: "False",
        reason: "ContainersNotInitialized",
        message: `containers with incomplete status: [${textAt(first, "name")}]`,
        lastProbeTime: null,
        lastTransitionTime: world.time,
      },
      ...podConditions(false, world.time).slice(1),
    ]);
    status["initContainerStatuses"] = [
      containerStatus(first, { state, restarts, lastState }),
      ...rest.map((container) => containerStatus(container, { state: waiting("PodInitializing") })),
    ];
    status["containerStatuses"] = eachContainer(pod, () => ({ state: waiting("PodInitializing") }));
  };
  if (before === undefined || isWaiting) {
    return {
      name: "init-start",
      delayMs: isWaiting ? 2000 : 0,
      apply: (status) => set(status, running(world.time), restartsOf(before), lastStateOf(before)),
    };
  }
  return {
    name: "init-crash",
    delayMs: 500,
    apply: (status) =>
      set(
        status,
        waiting("CrashLoopBackOff", "back-off restarting failed container (simulated)"),
        restartsOf(before) + 1,
        terminated(1, "Error", world.time),
      ),
    events: [{ type: "Warning", reason: "BackOff", message: "Back-off restarting failed container (simulated)" }],
  };
}

function crash(pod: JsonObject, world: StageWorld, behaviour: string): Stage {
  if (reasonOf(pod) === "CrashLoopBackOff") {
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
  const end = behaviour === "oom-loop" ? terminated(137, "OOMKilled", world.time) : terminated(1, "Error", world.time);
  return {
    name: "crash",
    delayMs: 500,
    apply: (status) => {
      mergeConditions(status, podConditions(false, world.time));
      status["containerStatuses"] = eachContainer(pod, (_, before) => ({
        state: waiting("CrashLoopBackOff", "back-off restarting failed container (simulated)"),
        restarts: restartsOf(before) + 1,
        lastState: end,
      }));
    },
    events: [{ type: "Warning", reason: "BackOff", message: "Back-off restarting failed container (simulated)" }],
  };
}

function flap(pod: JsonObject, world: StageWorld): Stage {
  const isUp = conditionOf(pod, "Ready")?.["status"] === "True";
  return {
    name: isUp ? "flap-down" : "flap-up",
    delayMs: 1000 + world.jitter() * 2000,
    apply: (status) => mergeConditions(status, podConditions(!isUp, world.time).slice(1)),
  };
}

function ended(pod: JsonObject, phase: string, state: JsonObject): (status: JsonObject) => void {
  return (status) => {
    status["phase"] = phase;
    status["containerStatuses"] = eachContainer(pod, () => ({ state }));
  };
}

const fail = (pod: JsonObject, world: StageWorld): Stage => ({
  name: "fail",
  delayMs: 300,
  apply: ended(pod, "Failed", terminated(137, "OOMKilled", world.time)),
});

const finish = (pod: JsonObject, world: StageWorld): Stage => ({
  name: "job-done",
  delayMs: 300,
  apply: ended(pod, "Succeeded", terminated(0, "Completed", world.time)),
});
