// Objects as the API server gives them, for the tables of the tests.
import type { KubeObject } from "@eks-actions/manifest";
import { type Around, nothingAround } from "./verdict.ts";

export const START = Date.UTC(2026, 10, 23, 10);
export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

type Part = Readonly<Record<string, unknown>>;

export function deployment(status: Part = {}, spec: Part = {}, generation = 2): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      namespace: "shop",
      uid: "d",
      generation,
      annotations: { "deployment.kubernetes.io/revision": "2" },
    },
    spec: { replicas: 4, ...spec },
    status: {
      observedGeneration: 2,
      replicas: 4,
      updatedReplicas: 4,
      readyReplicas: 4,
      availableReplicas: 4,
      ...status,
    },
  };
}

export function replicaSet(revision: string, uid: string, conditions: readonly Part[] = []): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-${uid}`,
      namespace: "shop",
      uid,
      annotations: { "deployment.kubernetes.io/revision": revision },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "d", controller: true }],
    },
    status: { conditions },
  };
}

export interface PodShape {
  readonly owner?: string;
  readonly name?: string;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly born?: number;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly container?: Part;
  readonly init?: Part;
  readonly conditions?: readonly Part[];
  readonly spec?: Part;
  readonly meta?: Part;
}

export function pod(shape: PodShape = {}): KubeObject {
  const { owner = "rs2", name = "web-1", ready = false, phase = "Running", born = START + 1000, node = "n1" } = shape;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      creationTimestamp: iso(born),
      labels: shape.labels ?? {},
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner, controller: true }],
      ...shape.meta,
    },
    spec: { nodeName: node, containers: [{ name: "app", image: "web:2" }], ...shape.spec },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }, ...(shape.conditions ?? [])],
      containerStatuses: [
        {
          name: "app",
          image: "web:2",
          ready,
          restartCount: 0,
          state: ready ? { running: { startedAt: iso(born) } } : {},
          ...shape.container,
        },
      ],
      ...(shape.init === undefined
        ? {}
        : { initContainerStatuses: [{ name: "init", restartCount: 0, ...shape.init }] }),
    },
  };
}

export function waitingFor(reason: string, message = "", more: Part = {}): Part {
  return { state: { waiting: { reason, message } }, ...more };
}

export function crashed(restarts: number, terminated: Part = { exitCode: 1, reason: "Error" }): Part {
  return {
    restartCount: restarts,
    state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
    lastState: { terminated },
  };
}

export function event(uid: string, reason: string, message: string, at = START + 2000, count = 1): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${uid}.${reason}.${at}`, namespace: "shop" },
    involvedObject: { uid },
    reason,
    message,
    count,
    firstTimestamp: iso(at),
    lastTimestamp: iso(at),
  };
}

export function node(
  name: string,
  shape: { ready?: boolean; cordoned?: boolean; labels?: Readonly<Record<string, string>> } = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: name, labels: shape.labels ?? {} },
    spec: shape.cordoned === true ? { unschedulable: true } : {},
    status: { conditions: [{ type: "Ready", status: shape.ready === false ? "False" : "True" }] },
  };
}

export function around(parts: Partial<Around> = {}): Around {
  return {
    ...nothingAround,
    replicaSets: [replicaSet("1", "rs1"), replicaSet("2", "rs2")],
    nodes: [node("n1")],
    startedAt: START,
    ...parts,
  };
}

export function pods(count: number, shape: PodShape = {}): readonly KubeObject[] {
  return Array.from({ length: count }, (_, i) => pod({ ...shape, name: `web-${i + 1}` }));
}

export function object(apiVersion: string, kind: string, body: Part = {}, meta: Part = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: "x", namespace: "shop", uid: "x", generation: 1, ...meta }, ...body };
}
export const status = (fields: Part) => ({ status: fields });
export const conditions = (...list: readonly (readonly [string, string, string?, string?])[]) =>
  status({
    observedGeneration: 1,
    conditions: list.map(([type, value, reason = "", message = ""]) => ({ type, status: value, reason, message })),
  });

export const sts = (fields: Part, spec: Part = {}) =>
  object("apps/v1", "StatefulSet", {
    spec: { replicas: 4, ...spec },
    status: {
      observedGeneration: 1,
      replicas: 4,
      readyReplicas: 4,
      availableReplicas: 4,
      updatedReplicas: 4,
      currentRevision: "r2",
      updateRevision: "r2",
      ...fields,
    },
  });
export const ds = (fields: Part, spec: Part = {}) =>
  object("apps/v1", "DaemonSet", {
    spec,
    status: {
      observedGeneration: 1,
      desiredNumberScheduled: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
      numberReady: 2,
      ...fields,
    },
  });
export const service = (type: string, fields: Part = {}) => object("v1", "Service", { spec: { type }, status: fields });
export const route = (parents: readonly Part[]) =>
  object("gateway.networking.k8s.io/v1", "HTTPRoute", {
    spec: { parentRefs: [{ name: "g1" }, { name: "g2" }] },
    status: { parents },
  });
export const parent = (name: string, accepted: string, resolved = "True", observedGeneration = 1) => ({
  parentRef: { name },
  conditions: [
    { type: "Accepted", status: accepted, observedGeneration },
    { type: "ResolvedRefs", status: resolved, reason: "BackendNotFound", observedGeneration },
  ],
});
