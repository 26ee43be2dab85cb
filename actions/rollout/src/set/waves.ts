import { ActionError } from "@eks-actions/action";
import { groupOf, type KubeObject, nameOf, refOf, type SourcedObject } from "@eks-actions/manifest";
import { hookPhase, hookWeight } from "./hooks.ts";

const WORKLOADS =
  /^(apps\/(Deployment|StatefulSet|DaemonSet|ReplicaSet)|batch\/(Job|CronJob)|\/(Pod|ReplicationController)|argoproj\.io\/Rollout)$/;
const FRONT =
  /^(networking\.k8s\.io\/Ingress|gateway\.networking\.k8s\.io\/(?!GatewayClass).*|autoscaling\/HorizontalPodAutoscaler|keda\.sh\/ScaledObject|policy\/PodDisruptionBudget)$/;
const BASE =
  /^(\/(ResourceQuota|LimitRange|ServiceAccount|ConfigMap|Secret|PersistentVolume|PersistentVolumeClaim|Service|Endpoints)|networking\.k8s\.io\/(NetworkPolicy|IngressClass)|scheduling\.k8s\.io\/.*|storage\.k8s\.io\/.*|rbac\.authorization\.k8s\.io\/.*|node\.k8s\.io\/.*)$/;

/** What must be there before what: rollout.md §2.2. */
export function kindWave(object: KubeObject): number {
  const key = `${groupOf(object.apiVersion)}/${object.kind}`;
  if (key === "/Namespace") return 0;
  if (key === "apiextensions.k8s.io/CustomResourceDefinition") return 1;
  if (BASE.test(key)) return 2;
  if (WORKLOADS.test(key)) return 3;
  if (FRONT.test(key)) return 4;
  return 5;
}

export const WAVE_NAMES: readonly string[] = ["namespaces", "CRDs", "configuration", "workloads", "front", "other"];

const SYNC_WAVE = "argocd.argoproj.io/sync-wave";
const DEPENDS_ON = "config.kubernetes.io/depends-on";
/** Our six waves lie inside each value of an Argo sync-wave. */
export const WAVES_PER_SYNC = 6;

/**
 * Wave of each object, in the set's order. `depends-on` puts an object behind what it names; Argo's sync-wave sorts
 * before our own waves.
 * @throws ActionError `ORDER_CYCLE`
 */
export function wavesOf(objects: readonly SourcedObject[]): readonly number[] {
  const base = objects.map(({ object }) => syncWave(object) * WAVES_PER_SYNC + kindWave(object));
  const index = new Map(objects.map(({ object }, i) => [dependencyName(object), i]));
  const waves = new Map<number, number>();
  const open: number[] = [];
  const resolve = (i: number): number => {
    const known = waves.get(i);
    if (known !== undefined) return known;
    if (open.includes(i))
      throw cycle(
        [...open.slice(open.indexOf(i)), i].map((one) => objects[one]),
        objects[i],
      );
    open.push(i);
    const before = dependencies(objects[i]?.object).flatMap((name) => {
      const target = index.get(name);
      return target === undefined ? [] : [resolve(target) + 1];
    });
    open.pop();
    const wave = Math.max(base[i] ?? 0, ...before);
    waves.set(i, wave);
    return wave;
  };
  return objects.map((_, i) => resolve(i));
}

/** True when the next wave must wait until this object is healthy, not only until it is written. */
export function dependedOn(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(objects.flatMap((object) => dependencies(object)));
}

/** `apps/namespaces/shop/Deployment/web`, as depends-on writes it. */
export function dependencyName(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  const scope = namespace === undefined ? "" : `namespaces/${namespace}/`;
  return `${groupOf(object.apiVersion)}/${scope}${object.kind}/${name}`;
}

function dependencies(object: KubeObject | undefined): readonly string[] {
  return (object?.metadata.annotations?.[DEPENDS_ON] ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

// Further out than any sync-wave or weight that an annotation may hold.
const HOOKS_AT = 2_000_000;

function syncWave(object: KubeObject): number {
  const hook = hookPhase(object);
  if (hook === "before") return hookWeight(object) - HOOKS_AT;
  if (hook === "after") return hookWeight(object) + HOOKS_AT;
  const value = object.metadata.annotations?.[SYNC_WAVE];
  return value !== undefined && /^-?\d{1,6}$/.test(value) ? Number(value) : 0;
}

function cycle(path: readonly (SourcedObject | undefined)[], at: SourcedObject | undefined): ActionError {
  const names = path.flatMap((one) => (one === undefined ? [] : [nameOf(refOf(one.object))]));
  return new ActionError("ORDER_CYCLE", {
    message: `depends-on forms a circle: ${names.join(" → ")}`,
    hint: `remove one of the \`${DEPENDS_ON}\` annotations`,
    file: at?.source.file,
    line: at?.source.line,
  });
}
