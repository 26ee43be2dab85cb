import { canonical, clone, ensure, isObject, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, controllerOf, isDeleting, ownerReference, templateHash } from "./control.ts";
import { reportDeployment, setProgress } from "./deployment-status.ts";
import type { Controller } from "./loop.ts";
import { claim, isActive } from "./pods.ts";

export const deployments = "deployments.apps";
const replicaSets = "replicasets.apps";
const revisionKey = "deployment.kubernetes.io/revision";
const desiredKey = "deployment.kubernetes.io/desired-replicas";
const maxKey = "deployment.kubernetes.io/max-replicas";

export function deploymentController(control: Control): Controller {
  return {
    name: "deployment",
    *keysFor(event) {
      if (event.resource === deployments && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== replicaSets && event.resource !== "pods") return;
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      const owner = controllerOf(event.object);
      if (event.resource === replicaSets) {
        if (textAt(owner, "kind") === "Deployment") yield `${namespace}/${textAt(owner, "name") ?? ""}`;
        return;
      }
      // Recreate waits for old pods to be gone, and their number is part of the status.
      const set = control.get(replicaSets, `${namespace}/${textAt(owner, "name") ?? ""}`);
      const above = set === undefined ? undefined : controllerOf(set);
      if (textAt(above, "kind") === "Deployment") yield `${namespace}/${textAt(above, "name") ?? ""}`;
    },
    reconcile: (key) => reconcile(control, key),
  };
}

function reconcile(control: Control, key: string): number | undefined {
  const deployment = control.get(deployments, key);
  if (deployment === undefined) return undefined;
  const sets = claim(control, deployment, replicaSets);
  if (isDeleting(deployment))
    return reportDeployment(control, deployment, sets, { latest: findNew(deployment, sets), isHeld: true });
  const isPaused = objectAt(deployment, "spec")["paused"] === true;
  setPaused(control, deployment, isPaused);
  const current = control.get(deployments, key) ?? deployment;
  const isHeld = isPaused || isScaling(current, sets);
  if (isHeld) {
    scaleProportionally(control, current, sets);
  } else if (textAt(current, "spec", "strategy", "type") === "Recreate") recreate(control, current, sets);
  else roll(control, current, sets);
  const after = claim(control, control.get(deployments, key) ?? current, replicaSets);
  const latest = control.get(deployments, key) ?? current;
  const wait = reportDeployment(control, latest, after, { latest: findNew(latest, after), isHeld });
  if (!isPaused) prune(control, control.get(deployments, key) ?? latest, after);
  return wait;
}

export const replicasOf = (object: JsonObject): number => numberAt(object, "spec", "replicas") ?? 1;
const total = (sets: readonly JsonObject[]) => sets.reduce((sum, set) => sum + replicasOf(set), 0);
export const statusOf = (set: JsonObject, name: string): number => numberAt(set, "status", name) ?? 0;
const revisionOf = (object: JsonObject) => Number(textAt(object, "metadata", "annotations", revisionKey) ?? "0");

function plainTemplate(object: JsonObject): string {
  const template = clone(objectAt(object, "spec", "template"));
  const labels = objectAt(template, "metadata", "labels");
  delete labels["pod-template-hash"];
  return canonical(template);
}

function findNew(deployment: JsonObject, sets: readonly JsonObject[]): JsonObject | undefined {
  const wanted = plainTemplate(deployment);
  return sets.find((set) => plainTemplate(set) === wanted);
}

/** maxSurge rounds up, maxUnavailable down; both 0 means one may be unavailable. */
export function rollingBounds(deployment: JsonObject): { readonly surge: number; readonly unavailable: number } {
  if (textAt(deployment, "spec", "strategy", "type") === "Recreate") return { surge: 0, unavailable: 0 };
  const rolling = objectAt(deployment, "spec", "strategy", "rollingUpdate");
  const replicas = replicasOf(deployment);
  const read = (value: unknown, round: (share: number) => number) =>
    typeof value === "number" ? value : round((Number.parseInt(String(value), 10) * replicas) / 100);
  const surge = read(rolling["maxSurge"], Math.ceil);
  const unavailable = read(rolling["maxUnavailable"], Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas) };
}

function setPaused(control: Control, deployment: JsonObject, isPaused: boolean) {
  const progressing = objectsAt(deployment, "status", "conditions").find((one) => one["type"] === "Progressing");
  if (objectAt(deployment, "spec")["progressDeadlineSeconds"] === undefined) return;
  const reason = textAt(progressing, "reason");
  if (reason === "ProgressDeadlineExceeded") return;
  if (isPaused && reason !== "DeploymentPaused")
    setProgress(control, deployment, "Unknown", "DeploymentPaused", "Deployment is paused");
  if (!isPaused && reason === "DeploymentPaused")
    setProgress(control, deployment, "Unknown", "DeploymentResumed", "Deployment is resumed");
}

function isScaling(deployment: JsonObject, sets: readonly JsonObject[]): boolean {
  return sets.some((set) => {
    const desired = textAt(set, "metadata", "annotations", desiredKey);
    return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
}

function scaleProportionally(control: Control, deployment: JsonObject, sets: readonly JsonObject[]) {
  const active = sets.filter((set) => replicasOf(set) > 0);
  const latest = findNew(deployment, sets);
  const [only] = active;
  if (active.length <= 1) {
    const target = only ?? latest;
    if (target !== undefined) scale(control, deployment, target, replicasOf(deployment));
    return;
  }
  const { surge } = rollingBounds(deployment);
  const allowed = replicasOf(deployment) + (replicasOf(deployment) > 0 ? surge : 0);
  const before = total(active);
  let toAdd = allowed - before;
  for (const set of [...active].sort((left, right) => replicasOf(right) - replicasOf(left))) {
    const old = Number(textAt(set, "metadata", "annotations", maxKey) ?? String(before)) || before;
    const share = Math.round((replicasOf(set) * allowed) / old) - replicasOf(set);
    const change = toAdd >= 0 ? Math.min(Math.max(0, share), toAdd) : Math.max(Math.min(0, share), toAdd);
    toAdd -= change;
    scale(control, deployment, set, Math.max(0, replicasOf(set) + change));
  }
}

function annotate(deployment: JsonObject, set: JsonObject) {
  const { surge } = rollingBounds(deployment);
  const annotations = ensure(set, "metadata", "annotations");
  annotations[desiredKey] = String(replicasOf(deployment));
  annotations[maxKey] = String(replicasOf(deployment) + surge);
}

/** Sets a ReplicaSet's size and records it; the annotations tell a later scaling from a rollout. */
function scale(control: Control, deployment: JsonObject, set: JsonObject, replicas: number) {
  const before = replicasOf(set);
  const changed = control.change(replicaSets, set, (draft) => {
    annotate(deployment, draft);
    ensure(draft, "spec")["replicas"] = replicas;
  });
  if (before === replicas) return changed;
  const verb = replicas > before ? "up" : "down";
  const name = textAt(set, "metadata", "name");
  control.event(
    deployment,
    "Normal",
    "ScalingReplicaSet",
    `Scaled ${verb} replica set ${name} from ${before} to ${replicas}`,
  );
  return changed;
}

const copied = (annotations: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(annotations).filter(
      ([key]) =>
        key !== "kubectl.kubernetes.io/last-applied-configuration" &&
        !key.startsWith("deployment.kubernetes.io/") &&
        key !== "deprecated.deployment.rollback.to",
    ),
  );

/** The ReplicaSet of the current template, made with its first size if there is none. */
function ensureNew(
  control: Control,
  deployment: JsonObject,
  sets: readonly JsonObject[],
  initial: (others: readonly JsonObject[]) => number,
): JsonObject {
  const existing = findNew(deployment, sets);
  const others = sets.filter((set) => set !== existing);
  const revision = String(Math.max(0, ...others.map(revisionOf)) + 1);
  const set =
    existing === undefined
      ? createSet(control, deployment, revision, initial(others))
      : reuse(control, deployment, existing, revision);
  if (
    textAt(deployment, "metadata", "annotations", revisionKey) !== textAt(set, "metadata", "annotations", revisionKey)
  ) {
    control.annotate(deployments, deployment, {
      [revisionKey]: textAt(set, "metadata", "annotations", revisionKey) ?? revision,
    });
  }
  return set;
}

function reuse(control: Control, deployment: JsonObject, existing: JsonObject, revision: string): JsonObject {
  const name = textAt(existing, "metadata", "name") ?? "";
  const needsProgress = !objectsAt(deployment, "status", "conditions").some((one) => one["type"] === "Progressing");
  const isBack = revisionOf(existing) < Number(revision);
  const set = control.change(replicaSets, existing, (draft) => {
    const annotations = ensure(draft, "metadata", "annotations");
    Object.assign(annotations, copied(objectAt(deployment, "metadata", "annotations")));
    if (isBack) {
      const history = textAt(annotations, "deployment.kubernetes.io/revision-history");
      const old = textAt(annotations, revisionKey) ?? "";
      annotations["deployment.kubernetes.io/revision-history"] = history === undefined ? old : `${history},${old}`;
      annotations[revisionKey] = revision;
    }
  });
  const hasDeadline = numberAt(deployment, "spec", "progressDeadlineSeconds") !== undefined;
  if (hasDeadline && (needsProgress || isBack))
    setProgress(control, deployment, "True", "FoundNewReplicaSet", `Found new replica set "${name}"`);
  return set;
}

function createSet(control: Control, deployment: JsonObject, revision: string, replicas: number): JsonObject {
  const hash = templateHash(plainTemplate(deployment));
  const name = `${textAt(deployment, "metadata", "name") ?? ""}-${hash}`;
  const template = clone(objectAt(deployment, "spec", "template"));
  ensure(template, "metadata", "labels")["pod-template-hash"] = hash;
  const selector = clone(objectAt(deployment, "spec", "selector"));
  ensure(selector, "matchLabels")["pod-template-hash"] = hash;
  const set: JsonObject = {
    metadata: {
      name,
      namespace: textAt(deployment, "metadata", "namespace") ?? "",
      labels: clone(objectAt(template, "metadata", "labels")),
      annotations: { ...copied(objectAt(deployment, "metadata", "annotations")), [revisionKey]: revision },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: { replicas, minReadySeconds: numberAt(deployment, "spec", "minReadySeconds") ?? 0, selector, template },
  };
  annotate(deployment, set);
  const created = control.create(replicaSets, set);
  if (replicas > 0) {
    control.event(deployment, "Normal", "ScalingReplicaSet", `Scaled up replica set ${name} from 0 to ${replicas}`);
  }
  if (numberAt(deployment, "spec", "progressDeadlineSeconds") !== undefined) {
    setProgress(control, deployment, "True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
  }
  return created;
}

/** How large the new ReplicaSet may be now: the wanted size, within what maxSurge leaves free. */
function newSize(deployment: JsonObject, others: readonly JsonObject[], current: number): number {
  const { surge } = rollingBounds(deployment);
  const room = replicasOf(deployment) + surge - total(others) - current;
  return room <= 0 ? current : current + Math.min(room, replicasOf(deployment) - current);
}

function roll(control: Control, deployment: JsonObject, sets: readonly JsonObject[]) {
  const latest = ensureNew(control, deployment, sets, (others) => newSize(deployment, others, 0));
  const others = sets.filter((set) => keyOf(set) !== keyOf(latest));
  const wanted = replicasOf(deployment);
  const size = replicasOf(latest) > wanted ? wanted : newSize(deployment, others, replicasOf(latest));
  if (size !== replicasOf(latest)) {
    scale(control, deployment, latest, size);
    return;
  }
  shrinkOld(control, deployment, latest, others);
}

function shrinkOld(control: Control, deployment: JsonObject, latest: JsonObject, others: readonly JsonObject[]) {
  const live = others.filter((set) => replicasOf(set) > 0).sort((left, right) => revisionOf(left) - revisionOf(right));
  if (live.length === 0) return;
  const minAvailable = replicasOf(deployment) - rollingBounds(deployment).unavailable;
  const newUnavailable = replicasOf(latest) - statusOf(latest, "availableReplicas");
  let room = total(others) + replicasOf(latest) - minAvailable - newUnavailable;
  if (room <= 0) return;
  // Broken old pods serve nobody: they go first and do not count against availability.
  const after = live.map((set) => {
    const unhealthy = Math.min(room, replicasOf(set) - statusOf(set, "availableReplicas"));
    if (unhealthy <= 0) return set;
    room -= unhealthy;
    return scale(control, deployment, set, replicasOf(set) - unhealthy);
  });
  const available = [...after, latest].reduce(
    (sum, set) => sum + Math.min(statusOf(set, "availableReplicas"), replicasOf(set)),
    0,
  );
  let spare = available - minAvailable;
  for (const set of after) {
    const gone = Math.min(spare, replicasOf(set));
    if (gone <= 0) continue;
    spare -= gone;
    scale(control, deployment, set, replicasOf(set) - gone);
  }
}

function recreate(control: Control, deployment: JsonObject, sets: readonly JsonObject[]) {
  const latest = findNew(deployment, sets);
  const others = sets.filter((set) => set !== latest);
  const live = others.filter((set) => replicasOf(set) > 0);
  for (const set of live) scale(control, deployment, set, 0);
  const namespace = textAt(deployment, "metadata", "namespace");
  const oldUids = new Set(others.map((set) => textAt(set, "metadata", "uid")));
  const running = control.list("pods", namespace).some((pod) => {
    const owner = controllerOf(pod);
    return isObject(owner) && oldUids.has(textAt(owner, "uid")) && (isActive(pod) || isDeleting(pod));
  });
  if (live.length > 0 || running) return;
  const set = ensureNew(control, deployment, sets, () => replicasOf(deployment));
  if (replicasOf(set) !== replicasOf(deployment)) scale(control, deployment, set, replicasOf(deployment));
}

/** Drops the oldest empty ReplicaSets beyond revisionHistoryLimit once the rollout is complete. */
function prune(control: Control, deployment: JsonObject, sets: readonly JsonObject[]) {
  const progressing = objectsAt(deployment, "status", "conditions").find((one) => one["type"] === "Progressing");
  if (textAt(progressing, "reason") !== "NewReplicaSetAvailable") return;
  const latest = findNew(deployment, sets);
  const limit = numberAt(deployment, "spec", "revisionHistoryLimit") ?? 10;
  const empty = sets
    .filter((set) => set !== latest && replicasOf(set) === 0 && statusOf(set, "replicas") === 0 && !isDeleting(set))
    .sort((left, right) => revisionOf(left) - revisionOf(right));
  for (const set of empty.slice(0, Math.max(0, empty.length - limit))) control.remove(replicaSets, keyOf(set));
}
