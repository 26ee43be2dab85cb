import { type Control, conditionOf } from "../controllers/control.ts";
import type { Controller } from "../controllers/loop.ts";
import { clone, type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";
import { mergePatch } from "../patch.ts";
import { keyOf } from "../store.ts";
import { nextStage } from "./stages.ts";

export interface KubeletOptions {
  /** Images that cannot be pulled: a pod that names one goes to ImagePullBackOff. */
  readonly missingImages?: ((image: string) => boolean) | undefined;
  /** Milliseconds from binding to Ready, on top of `sim.test/after`. Default 0, as kwok. */
  readonly podStartMs?: number | undefined;
  /** Multiplies every delay of the kubelet. Default 1. */
  readonly scale?: number | undefined;
}

/** The simulated node agent, and the means to script one pod exactly. */
export interface Kubelet {
  /** Merges into a pod's status (RFC 7386). From then on the simulation leaves that pod alone, but still deletes it. */
  setStatus(namespace: string, pod: string, status: JsonObject): Promise<JsonObject>;
  /** Gives a scripted pod back to the simulation. */
  release(namespace: string, pod: string): void;
  /** What `GET …/log` answers; `previous` is the run before the last restart. */
  setLog(
    namespace: string,
    pod: string,
    container: string,
    log: { readonly current?: string; readonly previous?: string },
  ): void;
}

export interface SimulatedKubelet {
  readonly controller: Controller;
  readonly kubelet: Kubelet;
  logOf(pod: JsonObject, container: string, previous: boolean): string | undefined;
}

export function createKubelet(control: Control, options: KubeletOptions): SimulatedKubelet {
  const scripted = new Set<string>();
  const due = new Map<string, { readonly stage: string; readonly at: number }>();
  const logs = new Map<string, { readonly current?: string; readonly previous?: string }>();
  const addresses = new Map<string, string>();
  const scale = options.scale ?? 1;
  const podIP = (pod: JsonObject) => {
    const uid = textAt(pod, "metadata", "uid") ?? "";
    const known = addresses.get(uid);
    if (known !== undefined) return known;
    const next = addresses.size + 1;
    const address = `10.0.${next >> 8}.${next & 255}`;
    addresses.set(uid, address);
    return address;
  };
  const idOf = (pod: JsonObject) => textAt(pod, "metadata", "uid") ?? "";

  function advance(pod: JsonObject): number | undefined {
    const id = idOf(pod);
    const isGoing = textAt(pod, "metadata", "deletionTimestamp") !== undefined;
    if (scripted.has(id) && !isGoing) return undefined;
    const stage = nextStage(pod, {
      now: control.now(),
      time: control.time(),
      podIP,
      isMissing: options.missingImages ?? (() => false),
      startMs: options.podStartMs ?? 0,
      jitter: () => 0.5,
    });
    if (stage === undefined) {
      due.delete(id);
      return undefined;
    }
    const planned = due.get(id);
    const at = planned?.stage === stage.name ? planned.at : control.now() + stage.delayMs * scale;
    if (at > control.now()) {
      due.set(id, { stage: stage.name, at });
      return at - control.now();
    }
    due.delete(id);
    const { apply } = stage;
    if (apply === undefined) {
      control.world.store.delete("pods", keyOf(pod));
      return undefined;
    }
    const after = control.changeStatus("pods", pod, apply);
    for (const event of stage.events ?? []) control.event(after, event.type, event.reason, event.message);
    return undefined;
  }

  return {
    controller: {
      name: "kubelet",
      *keysFor(event) {
        if (event.resource === "pods" && event.type !== "DELETED" && textAt(event.object, "spec", "nodeName"))
          yield keyOf(event.object);
      },
      reconcile(key) {
        const pod = control.get("pods", key);
        return pod === undefined || !textAt(pod, "spec", "nodeName") ? undefined : advance(pod);
      },
    },
    kubelet: {
      async setStatus(namespace, name, status) {
        const pod = control.get("pods", `${namespace}/${name}`);
        if (pod === undefined) throw new Error(`pod ${namespace}/${name} does not exist`);
        scripted.add(idOf(pod));
        return control.changeStatus("pods", pod, (target) => {
          const merged = mergePatch(clone(target), status);
          for (const key of Object.keys(target)) delete target[key];
          Object.assign(target, merged);
        });
      },
      release(namespace, name) {
        const pod = control.get("pods", `${namespace}/${name}`);
        if (pod !== undefined) scripted.delete(idOf(pod));
      },
      setLog(namespace, pod, container, log) {
        logs.set(`${namespace}/${pod}/${container}`, log);
      },
    },
    logOf(pod, container, previous) {
      const set = logs.get(`${keyOf(pod)}/${container}`);
      return (previous ? set?.previous : set?.current) ?? told(pod, container, previous);
    },
  };
}

/** What a container says is data of its pod, as on the real cluster (`test/cluster/kubelet-logs.ts`). */
function told(pod: JsonObject, container: string, previous: boolean): string {
  const kind = previous ? "previous-log" : "log";
  const annotation = (name: string) => textAt(pod, "metadata", "annotations", `sim.test/${name}`);
  const status = ["containerStatuses", "initContainerStatuses"]
    .flatMap((list) => objectsAt(pod, "status", list))
    .find((one) => one["name"] === container);
  const code = numberAt(status, "lastState", "terminated", "exitCode") ?? 0;
  const otherwise = previous ? `${container}: exiting with code ${code}` : `${container}: started (simulated)`;
  // A crash loop's present log is that of a run which ends as the last one did.
  const other = annotation(previous ? "log" : "previous-log");
  return annotation(`${kind}.${container}`) ?? annotation(kind) ?? other ?? otherwise;
}

/** Makes nodes Ready, or NotReady by the label `sim.test/not-ready`. */
export function nodeController(control: Control): Controller {
  return {
    name: "node",
    *keysFor(event) {
      if (event.resource === "nodes" && event.type !== "DELETED") yield keyOf(event.object);
    },
    reconcile(key) {
      const node = control.get("nodes", key);
      if (node === undefined) return undefined;
      const isDown = textAt(node, "metadata", "labels", "sim.test/not-ready") === "true";
      const isReady = conditionOf(node, "Ready")?.["status"] === "True";
      if (isDown ? !isReady && conditionOf(node, "Ready") !== undefined : isReady) return undefined;
      const time = control.time();
      control.changeStatus("nodes", node, (status) => {
        status["capacity"] ??= { cpu: "32", memory: "256Gi", pods: "110" };
        status["allocatable"] ??= status["capacity"];
        status["addresses"] ??= [{ type: "InternalIP", address: "10.0.0.0" }];
        status["phase"] = "Running";
        const ready: JsonObject = isDown
          ? { type: "Ready", status: "False", reason: "KubeletNotReady", message: "simulated" }
          : { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
        const rest = objectsAt(status, "conditions").filter((one) => one["type"] !== "Ready");
        status["conditions"] = [...rest, { ...ready, lastHeartbeatTime: time, lastTransitionTime: time }];
      });
      return undefined;
    },
  };
}
