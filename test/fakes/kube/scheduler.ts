import { type Control, conditionOf, isDeleting, setCondition } from "./controllers/control.ts";
import type { Controller } from "./controllers/loop.ts";
import {
  clone,
  ensure,
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
} from "./json.ts";
import { quantityValue } from "./quantity.ts";
import { matchesExpression } from "./selectors.ts";
import { keyOf } from "./store.ts";

interface Needs {
  readonly cpu: number;
  readonly memory: number;
}

/** Requests of a pod: the sum of its containers, or its largest init container where that is more. */
function needsOf(pod: JsonObject): Needs {
  const read = (container: JsonObject, name: string) => {
    const value = objectAt(container, "resources", "requests")[name];
    return value === undefined ? 0 : quantityValue(String(value));
  };
  const need = (name: string) => {
    const main = objectsAt(pod, "spec", "containers").reduce((sum, one) => sum + read(one, name), 0);
    return Math.max(main, ...objectsAt(pod, "spec", "initContainers").map((one) => read(one, name)));
  };
  return { cpu: need("cpu"), memory: need("memory") };
}

/** Binds pods to nodes by requests, taints, selectors and required affinity; says why where none fits. */
export function scheduler(control: Control): Controller {
  const waiting = new Set<string>();
  return {
    name: "scheduler",
    *keysFor(event) {
      if (
        event.resource === "nodes" ||
        event.resource === "persistentvolumeclaims" ||
        (event.resource === "pods" && event.type === "DELETED")
      )
        yield* waiting;
      if (event.resource === "pods" && event.type !== "DELETED" && !textAt(event.object, "spec", "nodeName"))
        yield keyOf(event.object);
    },
    reconcile(key) {
      const pod = control.get("pods", key);
      waiting.delete(key);
      if (pod === undefined || isDeleting(pod) || textAt(pod, "spec", "nodeName")) return undefined;
      if (
        textAt(pod, "spec", "schedulerName") !== "default-scheduler" ||
        listAt(pod, "spec", "schedulingGates").length > 0
      )
        return undefined;
      place(control, pod, () => waiting.add(key));
      return undefined;
    },
  };
}

function place(control: Control, pod: JsonObject, wait: () => void) {
  const nodes = control.list("nodes");
  const used = usage(control);
  const refusals = new Map<string, number>();
  const fitting = nodes.filter((node) => {
    const reasons = refusalsOf(pod, node, used.get(textAt(node, "metadata", "name") ?? ""));
    for (const reason of reasons) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    return reasons.length === 0;
  });
  const claims = unboundClaim(control, pod);
  if (fitting.length === 0 || claims !== undefined) {
    wait();
    refuse(control, pod, nodes.length, claims, refusals);
    return;
  }
  const load = (node: JsonObject) => used.get(textAt(node, "metadata", "name") ?? "")?.pods ?? 0;
  const [best] = [...fitting].sort((left, right) => load(left) - load(right));
  if (best !== undefined) bind(control, pod, textAt(best, "metadata", "name") ?? "");
}

function bind(control: Control, pod: JsonObject, node: string) {
  const bound = clone(control.get("pods", keyOf(pod)) ?? pod);
  ensure(bound, "spec")["nodeName"] = node;
  const labels = textsAt(control.get("nodes", `/${node}`), "metadata", "labels");
  for (const name of ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"]) {
    if (labels[name] !== undefined) ensure(bound, "metadata", "labels")[name] = labels[name];
  }
  setCondition(ensure(bound, "status"), { type: "PodScheduled", status: "True", lastProbeTime: null }, control.time());
  const scheduled = conditionOf(bound, "PodScheduled");
  if (scheduled !== undefined) for (const name of ["reason", "message", "observedGeneration"]) delete scheduled[name];
  control.world.store.put("pods", keyOf(pod), bound);
  const { namespace, name } = objectAt(pod, "metadata");
  control.event(bound, "Normal", "Scheduled", `Successfully assigned ${String(namespace)}/${String(name)} to ${node}`);
}

function refuse(
  control: Control,
  pod: JsonObject,
  count: number,
  claims: string | undefined,
  refusals: ReadonlyMap<string, number>,
) {
  const why = [...refusals]
    .map(([reason, nodes]) => `${nodes} ${reason}`)
    .sort()
    .join(", ");
  const canPreempt = claims === undefined && [...refusals.keys()].every((reason) => reason === "Too many pods");
  const victims = canPreempt
    ? "No preemption victims found for incoming pod"
    : "Preemption is not helpful for scheduling";
  const message =
    count === 0
      ? "no nodes available to schedule pods"
      : `0/${count} nodes are available: ${claims ?? why}. no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} ${victims}.`;
  const observedGeneration = numberAt(pod, "metadata", "generation") ?? 1;
  control.changeStatus("pods", pod, (status) => {
    setCondition(
      status,
      {
        type: "PodScheduled",
        status: "False",
        lastProbeTime: null,
        observedGeneration,
        reason: "Unschedulable",
        message,
      },
      control.time(),
    );
  });
  control.event(pod, "Warning", "FailedScheduling", message);
}

interface Load extends Needs {
  readonly pods: number;
}

function usage(control: Control): Map<string, Load> {
  const used = new Map<string, Load>();
  for (const pod of control.list("pods")) {
    const node = textAt(pod, "spec", "nodeName");
    const phase = textAt(pod, "status", "phase");
    if (!node || phase === "Succeeded" || phase === "Failed") continue;
    const needs = needsOf(pod);
    const before = used.get(node) ?? { cpu: 0, memory: 0, pods: 0 };
    used.set(node, { cpu: before.cpu + needs.cpu, memory: before.memory + needs.memory, pods: before.pods + 1 });
  }
  return used;
}

function refusalsOf(pod: JsonObject, node: JsonObject, used: Load | undefined): string[] {
  const taint = untolerated(pod, node);
  if (taint !== undefined) return [taint];
  if (!selects(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const room = objectAt(node, "status", "allocatable");
  const needs = needsOf(pod);
  const left = (name: string, amount: number) => quantityValue(String(room[name] ?? "0")) - amount;
  const reasons: string[] = [];
  if (left("pods", used?.pods ?? 0) < 1) reasons.push("Too many pods");
  if (needs.cpu > left("cpu", used?.cpu ?? 0) + 1e-9) reasons.push("Insufficient cpu");
  if (needs.memory > left("memory", used?.memory ?? 0)) reasons.push("Insufficient memory");
  return reasons;
}

function untolerated(pod: JsonObject, node: JsonObject): string | undefined {
  const tolerations = objectsAt(pod, "spec", "tolerations");
  const taints = objectsAt(node, "spec", "taints");
  const isCordoned = objectAt(node, "spec")["unschedulable"] === true;
  const all =
    isCordoned && !taints.some((taint) => taint["key"] === "node.kubernetes.io/unschedulable")
      ? [...taints, { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]
      : taints;
  const taint = all.find(
    (one) => one["effect"] !== "PreferNoSchedule" && !tolerations.some((toleration) => tolerates(toleration, one)),
  );
  if (taint === undefined) return undefined;
  if (taint["key"] === "node.kubernetes.io/unschedulable") return "node(s) were unschedulable";
  const value = textAt(taint, "value") ?? "";
  return `node(s) had untolerated taint {${textAt(taint, "key")}: ${value}}`;
}

function tolerates(toleration: JsonObject, taint: JsonObject): boolean {
  const effect = toleration["effect"];
  if (effect !== undefined && effect !== taint["effect"]) return false;
  const key = toleration["key"];
  if (key !== undefined && key !== "" && key !== taint["key"]) return false;
  if (toleration["operator"] === "Exists") return true;
  return key === taint["key"] && (toleration["value"] ?? "") === (taint["value"] ?? "");
}

function selects(pod: JsonObject, node: JsonObject): boolean {
  const labels = textsAt(node, "metadata", "labels");
  const wanted = Object.entries(textsAt(pod, "spec", "nodeSelector"));
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const required = objectAt(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
  const terms = objectsAt(required, "nodeSelectorTerms");
  const fields = { "metadata.name": textAt(node, "metadata", "name") ?? "" };
  const fits = (term: JsonObject) =>
    objectsAt(term, "matchExpressions").every((one) => matchesExpression(one, labels)) &&
    objectsAt(term, "matchFields").every((one) => matchesExpression(one, fields));
  return terms.length === 0 || terms.some(fits);
}

/** Whether a DaemonSet's pod belongs on a node. */
export const daemonFits = (pod: JsonObject, node: JsonObject): boolean =>
  untolerated(pod, node) === undefined && selects(pod, node);

function unboundClaim(control: Control, pod: JsonObject): string | undefined {
  const namespace = textAt(pod, "metadata", "namespace") ?? "";
  for (const volume of objectsAt(pod, "spec", "volumes")) {
    const source = volume["persistentVolumeClaim"];
    if (!isObject(source)) continue;
    const name = textAt(source, "claimName") ?? "";
    const claim = control.get("persistentvolumeclaims", `${namespace}/${name}`);
    if (claim === undefined) return `persistentvolumeclaim ${JSON.stringify(name)} not found`;
    if (textAt(claim, "status", "phase") === "Bound") continue;
    const className = textAt(claim, "spec", "storageClassName");
    const storage = control.get("storageclasses.storage.k8s.io", `/${className ?? ""}`);
    if (textAt(storage, "volumeBindingMode") !== "WaitForFirstConsumer")
      return "pod has unbound immediate PersistentVolumeClaims";
  }
  return undefined;
}
