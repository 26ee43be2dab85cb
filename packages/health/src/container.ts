import { type KubeObject, refOf } from "@eks-actions/manifest";
import { isStartFault, PULL_REASONS, pullFault } from "./images.ts";
import type { ContainerState } from "./pod.ts";
import { type EventNote, line, listAt, numberAt, textAt, timeAt } from "./read.ts";
import type { Trouble } from "./trouble.ts";
import type { Around, Budgets, Evidence, FailureCause } from "./verdict.ts";

interface Scene {
  readonly around: Around;
  readonly budgets: Budgets;
  /** Events about the pod. */
  readonly events: readonly EventNote[];
  readonly now: number;
}

/** At most one trouble a container: its state has one reason. */
export function containerTrouble(pod: KubeObject, container: ContainerState, scene: Scene): readonly Trouble[] {
  const waiting = {
    reason: textAt(container.status, "state", "waiting", "reason"),
    message: textAt(container.status, "state", "waiting", "message"),
  };
  const build = builder(pod, container);
  switch (waiting.reason) {
    case "InvalidImageName":
      return [
        build("IMAGE_INVALID", `image ${imageOf(pod, container)} is no valid image name`, {
          fatal: true,
          doomedAt: scene.now,
        }),
      ];
    case "ErrImageNeverPull":
      return [
        build("IMAGE_NOT_FOUND", `image ${imageOf(pod, container)} is not on the node, and imagePullPolicy is Never`, {
          fatal: true,
          doomedAt: scene.now,
        }),
      ];
    case "CreateContainerConfigError":
      return [configTrouble(pod, container, waiting.message, scene, build)];
  }
  if (PULL_REASONS.has(waiting.reason)) return [pullTrouble(pod, container, waiting, scene, build)];
  return [
    ...startTrouble(container, waiting, scene, build),
    ...crashTrouble(pod, container, waiting.reason, scene, build),
  ].slice(0, 1);
}

interface Doom {
  readonly doomedAt: number | undefined;
  readonly fatal?: boolean;
  readonly watching?: readonly string[];
  readonly field?: string;
  readonly value?: string;
  readonly at?: number | undefined;
  /** Troubles of equal cause and equal `same` are one; default the message. */
  readonly same?: string;
}
type Build = (why: FailureCause, message: string, doom: Doom) => Trouble;

function builder(pod: KubeObject, container: ContainerState): Build {
  return (why, message, doom) => {
    const evidence: Evidence = {
      ref: refOf(pod),
      container: container.name,
      field: doom.field ?? "state.waiting",
      value: line(doom.value ?? message),
      ...(doom.at === undefined ? {} : { at: doom.at }),
    };
    return {
      why,
      message: line(message),
      same: doom.same ?? message,
      doomedAt: doom.doomedAt,
      fatal: doom.fatal ?? false,
      sure: "certain",
      evidence: [evidence],
      watching: doom.watching ?? [],
    };
  };
}

function pullTrouble(
  pod: KubeObject,
  container: ContainerState,
  waiting: { reason: string; message: string },
  scene: Scene,
  build: Build,
): Trouble {
  const { around, budgets, events, now } = scene;
  const image = imageOf(pod, container);
  const pulls = events.filter(
    (event) =>
      event.reason === "Failed" &&
      /pull/i.test(event.message) &&
      (event.message.includes(image) || !event.message.includes('"')),
  );
  const key = (fault: string) => `${fault}:${pod.metadata.uid}/${container.name}`;
  // Older kubelets forget the reason in ImagePullBackOff, so a fault once seen stays until the state changes.
  const known = (["IMAGE_NOT_FOUND", "IMAGE_DENIED"] as const).find((fault) => around.firstSeen.has(key(fault)));
  const said =
    pullFault(waiting.message, image) ??
    pulls.map((event) => pullFault(event.message, image)).find((fault) => fault !== undefined);
  const fault = said ?? known ?? "IMAGE_PULL_SLOW";
  const since = around.firstSeen.get(key(fault)) ?? now;
  const failedPulls = pulls
    .filter((event) => /failed to pull|pull.*:.*error/i.test(event.message))
    .reduce((sum, event) => sum + event.count, 0);
  const graceMs = fault === "IMAGE_PULL_SLOW" ? budgets.imagePullMs : budgets.imageMissingMs;
  const twice = fault !== "IMAGE_PULL_SLOW" && failedPulls >= 2;
  const what = {
    IMAGE_NOT_FOUND: `image ${image} not found`,
    IMAGE_DENIED: `the registry refuses image ${image}: ${detail(waiting.message)}`,
    IMAGE_PULL_SLOW: `image ${image} cannot be pulled: ${detail(waiting.message)}`,
  }[fault];
  return build(fault, what, {
    doomedAt: twice ? now : since + graceMs,
    watching: [key(fault)],
    value: `${waiting.reason}: ${waiting.message}`,
  });
}

function configTrouble(
  pod: KubeObject,
  container: ContainerState,
  message: string,
  scene: Scene,
  build: Build,
): Trouble {
  const { around, budgets, now } = scene;
  const key = `CONFIG_MISSING:${pod.metadata.uid}/${container.name}`;
  const since = around.firstSeen.get(key) ?? now;
  const missing = /\b(?<kind>secret|configmap) "(?<name>[^"]+)" not found/i.exec(message)?.groups;
  const missingKey = /couldn't find key \S+ in (Secret|ConfigMap)/i.test(message);
  const namespace = pod.metadata.namespace ?? "";
  const kind = missing?.["kind"]?.toLowerCase() === "secret" ? "Secret" : "ConfigMap";
  const exists = missing === undefined ? undefined : around.exists(kind, namespace, missing["name"] ?? "");
  // A cache that lags, or an object that has come meanwhile, mends itself.
  const mends = /failed to sync/i.test(message) || (exists === true && !missingKey);
  const why = missing !== undefined || missingKey || mends ? "CONFIG_MISSING" : "START_ERROR";
  return build(why, message || "the container's configuration is not complete", {
    doomedAt: mends ? undefined : since + budgets.configErrorMs,
    watching: [key],
    value: `CreateContainerConfigError: ${message}`,
  });
}

function startTrouble(
  container: ContainerState,
  waiting: { reason: string; message: string },
  scene: Scene,
  build: Build,
): readonly Trouble[] {
  const last = textAt(container.status, "lastState", "terminated", "reason");
  const current = textAt(container.status, "state", "terminated", "reason");
  const START = /^(StartError|RunContainerError|ContainerCannotRun|CreateContainerError)$/;
  const states: readonly (readonly [string, string])[] = [
    [waiting.reason, waiting.message],
    [current, textAt(container.status, "state", "terminated", "message")],
    [waiting.reason === "CrashLoopBackOff" ? last : "", textAt(container.status, "lastState", "terminated", "message")],
  ];
  const fault = states.find(([reason, message]) => START.test(reason) && isStartFault(message));
  if (fault === undefined) return [];
  return [
    build("START_ERROR", detail(fault[1]), { fatal: true, doomedAt: scene.now, field: fault[0], value: fault[1] }),
  ];
}

function crashTrouble(
  pod: KubeObject,
  container: ContainerState,
  reason: string,
  scene: Scene,
  build: Build,
): readonly Trouble[] {
  const { around, budgets, now } = scene;
  const ended = (state: "state" | "lastState") => ({
    code: numberAt(container.status, state, "terminated", "exitCode"),
    reason: textAt(container.status, state, "terminated", "reason"),
    message: textAt(container.status, state, "terminated", "message"),
    at: timeAt(container.status, state, "terminated", "finishedAt"),
  });
  const current = ended("state");
  const last = current.code !== undefined && current.code !== 0 ? current : ended("lastState");
  const restartPolicy = textAt(pod, "spec", "restartPolicy") || "Always";
  if (container.isInit && restartPolicy === "Never" && current.code !== undefined && current.code !== 0) {
    return [
      build("INIT_FAILED", `init container ${container.name} exited with code ${current.code}`, {
        fatal: true,
        doomedAt: now,
        field: "state.terminated",
        at: current.at,
      }),
    ];
  }
  const restarts =
    (numberAt(container.status, "restartCount") ?? 0) -
    (around.restartsBefore.get(`${pod.metadata.uid}/${container.name}`) ?? 0);
  if (last.code === undefined || restarts <= 0) return [];
  const running =
    container.status["state"] !== undefined && textAt(container.status, "state", "running", "startedAt") !== "";
  // A container that came back and is ready again is judged by what it does next, not by what it did.
  if (running && container.status["ready"] === true) return [];
  const isOom = last.reason === "OOMKilled";
  const isHopeless = last.code === 126 || last.code === 127 || last.reason === "StartError";
  const budget = isHopeless ? 1 : isOom ? budgets.ooms : budgets.restarts;
  const why: FailureCause = container.isInit ? "INIT_FAILED" : isOom ? "OOM_KILLED" : "CRASH_LOOP";
  const times = restarts === 1 ? "once" : `${restarts} times`;
  const ending = isOom ? "ran out of memory (OOMKilled)" : `exited with code ${last.code}`;
  const message = `${container.isInit ? "init container" : "container"} ${container.name} ${ending}, restarted ${times}`;
  return [
    build(why, message, {
      doomedAt: restarts >= budget ? now : undefined,
      same: `${container.name} ${last.code}`,
      field: reason || "state",
      value: message,
      at: last.at,
    }),
  ];
}

/** Image as the pod asks for it: the status may show a resolved name. */
function imageOf(pod: KubeObject, container: ContainerState): string {
  const asked = [...listAt(pod, "spec", "containers"), ...listAt(pod, "spec", "initContainers")].find(
    (spec) => spec["name"] === container.name,
  );
  return textAt(asked, "image") || textAt(container.status, "image") || container.name;
}

// Runtime errors are chains; the reader needs the last link.
function detail(message: string): string {
  const flat = line(message, 1000);
  const tail = flat
    .split(/: (?=[a-z])/)
    .slice(-2)
    .join(": ");
  return line(tail === "" ? "no reason given" : tail, 200);
}
