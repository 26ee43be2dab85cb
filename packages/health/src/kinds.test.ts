import type { KubeObject } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { isDoneWhenPresent, judge, judgeAbsent } from "./judge.ts";
import {
  around,
  conditions,
  crashed,
  ds,
  event,
  node,
  object,
  parent,
  pod,
  route,
  START,
  service,
  status,
  sts,
  waitingFor,
} from "./scene.ts";
import { type Around, type Budgets, defaultBudgets } from "./verdict.ts";

type Part = Readonly<Record<string, unknown>>;
const at = (seconds: number) => START + seconds * 1000;

function verdict(one: KubeObject, seconds = 5, parts: Partial<Around> = {}, budgets: Partial<Budgets> = {}) {
  return judge(one, around({ replicaSets: [], ...parts }), { ...defaultBudgets, ...budgets }, at(seconds));
}

type Row = readonly [name: string, object: KubeObject, status: string, why: string | undefined];

const rows: readonly (readonly [string, KubeObject, string, string?])[] = [
  ["a StatefulSet that is rolled", sts({}), "healthy"],
  ["a StatefulSet of two revisions", sts({ currentRevision: "r1", updatedReplicas: 2 }), "progressing"],
  ["a StatefulSet within minReadySeconds", sts({ availableReplicas: 3 }), "progressing"],
  [
    "a StatefulSet above its partition",
    sts({ currentRevision: "r1", updatedReplicas: 1 }, { updateStrategy: { rollingUpdate: { partition: 3 } } }),
    "healthy",
  ],
  [
    "a StatefulSet updated by hand",
    sts({ currentRevision: "r1", updatedReplicas: 0 }, { updateStrategy: { type: "OnDelete" } }),
    "healthy",
  ],
  ["a DaemonSet that is rolled", ds({}), "healthy"],
  ["a DaemonSet half-way", ds({ updatedNumberScheduled: 1 }), "progressing"],
  [
    "a DaemonSet without nodes",
    ds({ desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0, numberReady: 0 }),
    "healthy",
  ],
  [
    "a ReplicaSet",
    object("apps/v1", "ReplicaSet", {
      spec: { replicas: 1 },
      status: { observedGeneration: 1, availableReplicas: 1, fullyLabeledReplicas: 1 },
    }),
    "healthy",
  ],
  ["a Job that is complete", object("batch/v1", "Job", conditions(["Complete", "True"])), "healthy"],
  [
    "a Job that failed",
    object("batch/v1", "Job", conditions(["Failed", "True", "BackoffLimitExceeded"])),
    "failed",
    "JOB_FAILED",
  ],
  [
    "a Job that is about to fail",
    object("batch/v1", "Job", conditions(["FailureTarget", "True"])),
    "failed",
    "JOB_FAILED",
  ],
  ["a Job that was resumed", object("batch/v1", "Job", conditions(["Suspended", "False"])), "progressing"],
  [
    "a Job that is suspended",
    object("batch/v1", "Job", { ...conditions(["Suspended", "True"]), spec: { suspend: true } }),
    "suspended",
  ],
  ["a Pod that ran through", object("v1", "Pod", status({ phase: "Succeeded" })), "healthy"],
  [
    "a Pod that failed",
    object("v1", "Pod", status({ phase: "Failed", reason: "Evicted" })),
    "failed",
    "RESOURCE_FAILED",
  ],
  ["a Pod that serves", pod({ ready: true }), "healthy"],
  ["a Pod that runs to an end", pod({ ready: true, spec: { restartPolicy: "Never" } }), "progressing"],
  ["a bound claim", object("v1", "PersistentVolumeClaim", status({ phase: "Bound" })), "healthy"],
  ["a lost claim", object("v1", "PersistentVolumeClaim", status({ phase: "Lost" })), "failed", "VOLUME_LOST"],
  ["a claim that is pending", object("v1", "PersistentVolumeClaim", status({ phase: "Pending" })), "progressing"],
  ["a ClusterIP Service", service("ClusterIP"), "healthy"],
  ["a LoadBalancer Service without address", service("LoadBalancer"), "progressing"],
  [
    "a LoadBalancer Service with address",
    service("LoadBalancer", { loadBalancer: { ingress: [{ hostname: "a.example" }] } }),
    "healthy",
  ],
  ["an Ingress of another controller", object("networking.k8s.io/v1", "Ingress"), "healthy"],
  [
    "an autoscaler at work",
    object("autoscaling/v2", "HorizontalPodAutoscaler", conditions(["AbleToScale", "True"], ["ScalingActive", "True"])),
    "healthy",
  ],
  [
    "an autoscaler without metrics yet",
    object(
      "autoscaling/v2",
      "HorizontalPodAutoscaler",
      conditions(["ScalingActive", "False", "FailedGetResourceMetric"]),
    ),
    "healthy",
  ],
  [
    "a scaled-down autoscaler",
    object("autoscaling/v2", "HorizontalPodAutoscaler", conditions(["ScalingActive", "False", "ScalingDisabled"])),
    "healthy",
  ],
  [
    "a disruption budget short of pods",
    object("policy/v1", "PodDisruptionBudget", conditions(["DisruptionAllowed", "False", "InsufficientPods"])),
    "healthy",
  ],
  [
    "a CRD",
    object(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      conditions(["NamesAccepted", "True"], ["Established", "True"]),
    ),
    "healthy",
  ],
  [
    "a CRD whose names clash",
    object(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      conditions(["NamesAccepted", "False"], ["Established", "True"]),
    ),
    "failed",
    "RESOURCE_FAILED",
  ],
  ["a new CRD", object("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "progressing"],
  ["a Namespace", object("v1", "Namespace", status({ phase: "Active" })), "healthy"],
  ["a quota not counted yet", object("v1", "ResourceQuota", { spec: { hard: { pods: "2" } } }), "progressing"],
  [
    "a counted quota",
    object("v1", "ResourceQuota", { spec: { hard: { pods: "2", a: "1" } }, status: { hard: { a: "1", pods: "2" } } }),
    "healthy",
  ],
  ["a ConfigMap", object("v1", "ConfigMap"), "healthy"],
  ["a CronJob", object("batch/v1", "CronJob"), "healthy"],
  [
    "a Gateway that is programmed",
    object("gateway.networking.k8s.io/v1", "Gateway", conditions(["Accepted", "True"], ["Programmed", "True"])),
    "healthy",
  ],
  [
    "a Gateway that is not",
    object("gateway.networking.k8s.io/v1", "Gateway", conditions(["Accepted", "True"], ["Programmed", "False"])),
    "progressing",
  ],
  ["a route accepted by both parents", route([parent("g1", "True"), parent("g2", "True")]), "healthy"],
  ["a route with one parent missing", route([parent("g1", "True")]), "progressing"],
  ["a route with one stale parent", route([parent("g1", "True"), parent("g2", "True", "True", 0)]), "progressing"],
  [
    "an Argo Rollout with a text as observedGeneration",
    object("argoproj.io/v1alpha1", "Rollout", status({ observedGeneration: "1", phase: "Healthy" })),
    "healthy",
  ],
  [
    "a stale Argo Rollout",
    object("argoproj.io/v1alpha1", "Rollout", status({ observedGeneration: "0", phase: "Healthy" })),
    "progressing",
  ],
  [
    "a degraded Argo Rollout",
    object("argoproj.io/v1alpha1", "Rollout", status({ observedGeneration: "1", phase: "Degraded" })),
    "failed",
    "RESOURCE_FAILED",
  ],
  [
    "a paused Argo Rollout",
    object("argoproj.io/v1alpha1", "Rollout", status({ observedGeneration: "1", phase: "Paused" })),
    "suspended",
  ],
  [
    "a paused ScaledObject",
    object("keda.sh/v1alpha1", "ScaledObject", conditions(["Paused", "True"], ["Ready", "True"])),
    "suspended",
  ],
  [
    "a certificate that failed",
    object("cert-manager.io/v1", "Certificate", conditions(["Issuing", "False", "Failed"])),
    "failed",
    "RESOURCE_FAILED",
  ],
  [
    "a certificate being issued",
    object("cert-manager.io/v1", "Certificate", conditions(["Issuing", "True"], ["Ready", "True"])),
    "progressing",
  ],
  [
    "a synced ExternalSecret",
    object("external-secrets.io/v1", "ExternalSecret", conditions(["Ready", "True"])),
    "healthy",
  ],
  ["a NodePool", object("karpenter.sh/v1", "NodePool", conditions(["Ready", "True"])), "healthy"],
  ["a NodeClaim on its way", object("karpenter.sh/v1", "NodeClaim", conditions(["Launched", "True"])), "progressing"],
  [
    "a canary that waits for a person",
    object("flagger.app/v1beta1", "Canary", status({ phase: "WaitingPromotion" })),
    "suspended",
  ],
  [
    "a canary that failed",
    object("flagger.app/v1beta1", "Canary", status({ phase: "Failed" })),
    "failed",
    "RESOURCE_FAILED",
  ],
  [
    "an unknown kind that is stalled",
    object("example.com/v1", "Thing", conditions(["Stalled", "True"])),
    "failed",
    "RESOURCE_FAILED",
  ],
  [
    "an unknown kind that reconciles",
    object("example.com/v1", "Thing", conditions(["Reconciling", "True"], ["Ready", "True"])),
    "progressing",
  ],
  [
    "an unknown kind that is not ready",
    object("example.com/v1", "Thing", conditions(["Ready", "Unknown"])),
    "progressing",
  ],
  ["an unknown kind that says nothing", object("example.com/v1", "Thing"), "healthy"],
];

const table = rows.map(([name, one, status, why]): Row => [name, one, status, why]);

describe("judge", () => {
  it.each(table)("%s", (_, one, expected, why) => {
    const found = verdict(one);
    expect(found.status).toBe(expected);
    if (why !== undefined) expect(found.why).toBe(why);
  });

  it.each([
    [
      "an autoscaler without target",
      object("autoscaling/v2", "HorizontalPodAutoscaler", conditions(["AbleToScale", "False", "FailedGetScale"])),
      "AUTOSCALER_INVALID",
      30,
    ],
    [
      "a disruption budget that cannot be counted",
      object("policy/v1", "PodDisruptionBudget", conditions(["DisruptionAllowed", "False", "SyncFailed"])),
      "RESOURCE_FAILED",
      30,
    ],
    ["a route whose backend is missing", route([parent("g1", "True", "False")]), "ROUTE_REJECTED", 30],
    [
      "a refused Gateway",
      object("gateway.networking.k8s.io/v1", "Gateway", conditions(["Accepted", "False"])),
      "ROUTE_REJECTED",
      30,
    ],
    [
      "a ScaledObject without target",
      object("keda.sh/v1alpha1", "ScaledObject", conditions(["Ready", "False"])),
      "AUTOSCALER_INVALID",
      30,
    ],
    [
      "an ExternalSecret without access",
      object("external-secrets.io/v1", "ExternalSecret", conditions(["Ready", "False"])),
      "RESOURCE_FAILED",
      30,
    ],
    ["a load balancer without address", service("LoadBalancer"), "LOAD_BALANCER_PENDING", 300],
  ])("bears %s for its grace, then fails", (_, one, why, grace) => {
    const first = verdict(one, 0);
    expect(first.status).toBe("progressing");
    const firstSeen = new Map(first.watching.map((key) => [key, at(0)]));
    expect(verdict(one, grace - 1, { firstSeen })).toMatchObject({
      status: "progressing",
      recheckAt: at(grace),
      suspect: { why },
    });
    expect(verdict(one, grace, { firstSeen })).toMatchObject({ status: "failed", why });
  });

  it("fails a StatefulSet on one doomed pod of four, and a DaemonSet too", () => {
    const owned = (name: string, shape: Part) =>
      pod({ name, owner: "x", labels: { "controller-revision-hash": "r2" }, container: shape });
    const bad = [
      owned("a", crashed(3)),
      pod({ name: "b", owner: "x", ready: true, labels: { "controller-revision-hash": "r2" } }),
    ];
    expect(
      verdict(sts({ currentRevision: "r1", updatedReplicas: 2, readyReplicas: 3 }), 5, { pods: bad }),
    ).toMatchObject({ status: "failed", why: "CRASH_LOOP" });
    expect(verdict(ds({ numberAvailable: 1 }), 5, { pods: bad })).toMatchObject({
      status: "failed",
      why: "CRASH_LOOP",
    });
    const old = [pod({ name: "a", owner: "x", labels: { "controller-revision-hash": "r1" }, container: crashed(3) })];
    expect(verdict(sts({ currentRevision: "r1", updatedReplicas: 0, readyReplicas: 3 }), 5, { pods: old }).status).toBe(
      "progressing",
    );
  });

  it("passes a DaemonSet that misses cordoned or lost nodes only, and names them", () => {
    const nodes = [node("n1"), node("n2", { cordoned: true, ready: false })];
    const own = [pod({ name: "a", owner: "x", ready: true, node: "n1" }), pod({ name: "b", owner: "x", node: "n2" })];
    const found = verdict(ds({ numberAvailable: 1, numberReady: 1 }), 5, { pods: own, nodes });
    expect(found.status).toBe("healthy");
    expect(found.warnings.join()).toContain("node n2");
    expect(verdict(ds({ numberAvailable: 1, numberReady: 1 }), 5, { pods: own, nodes: undefined }).status).toBe(
      "progressing",
    );
  });

  it("takes a claim that waits for its first pod for healthy", () => {
    const classes = [
      {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "gp3" },
        volumeBindingMode: "WaitForFirstConsumer",
      },
    ];
    const claim = object("v1", "PersistentVolumeClaim", {
      spec: { storageClassName: "gp3" },
      status: { phase: "Pending" },
    });
    expect(verdict(claim, 5, { classes }).status).toBe("healthy");
    const user = pod({ spec: { volumes: [{ persistentVolumeClaim: { claimName: "x" } }] } });
    expect(verdict(claim, 5, { classes, pods: [user] }).status).toBe("progressing");
  });

  it("waits for the address of an ALB Ingress", () => {
    const classes = [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: { name: "alb" },
        spec: { controller: "ingress.k8s.aws/alb" },
      },
    ];
    const ingress = object("networking.k8s.io/v1", "Ingress", { spec: { ingressClassName: "alb" } });
    const events = [event("x", "FailedDeployModel", "no subnets")];
    expect(verdict(ingress, 5, { classes, events })).toMatchObject({
      status: "progressing",
      message: "no address: FailedDeployModel: no subnets",
    });
  });

  it("lets a Job retry its pods, but not wait for an image that does not exist", () => {
    const job = object("batch/v1", "Job", status({ active: 1 }));
    const one = (container: Part) => ({ pods: [pod({ owner: "x", container })] });
    expect(verdict(job, 5, one(crashed(5))).status).toBe("progressing");
    expect(verdict(job, 5, one(waitingFor("InvalidImageName")))).toMatchObject({
      status: "failed",
      why: "IMAGE_INVALID",
    });
    expect(verdict(job, 5, {}, { jobPolicy: "started" }).status).toBe("healthy");
  });

  it("warns of a Service without pods, unless nobody has looked for pods", () => {
    const one = object("v1", "Service", { spec: { selector: { app: "web" } } });
    expect(verdict(one).warnings).toEqual(["its selector matches no pod"]);
    expect(verdict(one, 5, { arePodsUnknown: true }).warnings).toEqual([]);
    expect(verdict(one, 5, { pods: [pod({ labels: { app: "web" } })] }).warnings).toEqual([]);
  });

  it("follows a rule of one's own before anything else", () => {
    const rules = [
      {
        kind: "Database.example.com",
        healthy: { path: "status.conditions[type=Up].status", in: ["True"] },
        failed: { path: "status.phase", in: ["Broken"] },
      },
    ];
    const one = (fields: Part) => object("example.com/v1", "Database", status(fields));
    expect(verdict(one({ conditions: [{ type: "Up", status: "True" }] }), 5, { rules }).status).toBe("healthy");
    expect(verdict(one({ phase: "Broken" }), 5, { rules })).toMatchObject({
      status: "failed",
      message: "status.phase is Broken",
    });
    expect(verdict(one({}), 5, { rules }).status).toBe("progressing");
  });

  it("says what is missing", () => {
    expect(judgeAbsent({ apiVersion: "v1", kind: "ConfigMap", name: "a" }).status).toBe("missing");
    expect(isDoneWhenPresent({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" })).toBe(true);
    expect(isDoneWhenPresent({ apiVersion: "v1", kind: "Service" })).toBe(false);
  });
});
