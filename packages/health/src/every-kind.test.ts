import type { KubeObject } from "@eks-actions/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDoneWhenPresent, judge, judgedKinds } from "./judge.ts";
import {
  around,
  conditions,
  crashed,
  deployment,
  ds,
  event,
  node,
  object,
  parent,
  pod,
  replicaSet,
  route,
  START,
  service,
  status,
  sts,
} from "./scene.ts";
import { defaultBudgets, type Status, statuses } from "./verdict.ts";

type Part = Readonly<Record<string, unknown>>;
type Condition = readonly [type: string, status: string, reason?: string];
type Other = readonly [KubeObject, Status];

const gateway = (...list: readonly Condition[]) =>
  object("gateway.networking.k8s.io/v1", "Gateway", conditions(...list));
const grpc = (accepted: string) =>
  object("gateway.networking.k8s.io/v1", "GRPCRoute", {
    spec: { parentRefs: [{ name: "g" }] },
    status: { parents: [parent("g", accepted)] },
  });
const of =
  (apiVersion: string, kind: string) =>
  (...list: readonly Condition[]) =>
    object(apiVersion, kind, conditions(...list));
const phased = (apiVersion: string, kind: string, phase: string) =>
  object(apiVersion, kind, status({ observedGeneration: 1, phase }));
const alb = object("networking.k8s.io/v1", "Ingress", { spec: { ingressClassName: "alb" } });
const hpa = of("autoscaling/v2", "HorizontalPodAutoscaler");
const pdb = of("policy/v1", "PodDisruptionBudget");
const crd = of("apiextensions.k8s.io/v1", "CustomResourceDefinition");
const api = of("apiregistration.k8s.io/v1", "APIService");
const job = of("batch/v1", "Job");
const scaled = of("keda.sh/v1alpha1", "ScaledObject");
const certificate = of("cert-manager.io/v1", "Certificate");
const external = of("external-secrets.io/v1", "ExternalSecret");
const pool = of("karpenter.sh/v1", "NodePool");
const nodeClass = of("karpenter.k8s.aws/v1", "EC2NodeClass");
const claim = of("karpenter.sh/v1", "NodeClaim");
const aws = of("elbv2.k8s.aws/v1beta1", "TargetGroupBinding");
const auto = of("eks.amazonaws.com/v1", "TargetGroupBinding");
const quota = (fields: Part) => object("v1", "ResourceQuota", { spec: { hard: { pods: "2" } }, ...fields });
const set = (available: number) =>
  object("apps/v1", "ReplicaSet", {
    spec: { replicas: 2 },
    status: { observedGeneration: 1, availableReplicas: available, fullyLabeledReplicas: 2 },
  });

/** Of each kind that has a rule, what is healthy, and what is not. */
const kinds: Readonly<Record<string, readonly [healthy: KubeObject, ...others: Other[]]>> = {
  "apps/Deployment": [deployment(), [deployment({ readyReplicas: 1 }), "progressing"]],
  "apps/StatefulSet": [sts({}), [sts({ updatedReplicas: 1 }), "progressing"]],
  "apps/DaemonSet": [ds({}), [ds({ numberAvailable: 1 }), "progressing"]],
  "apps/ReplicaSet": [set(2), [set(1), "progressing"]],
  "batch/Job": [job(["Complete", "True"]), [job(["Failed", "True"]), "failed"], [job(), "progressing"]],
  "/Pod": [pod({ ready: true }), [pod(), "progressing"], [phased("v1", "Pod", "Failed"), "failed"]],
  "/PersistentVolumeClaim": [
    phased("v1", "PersistentVolumeClaim", "Bound"),
    [phased("v1", "PersistentVolumeClaim", "Pending"), "progressing"],
    [phased("v1", "PersistentVolumeClaim", "Lost"), "failed"],
  ],
  "/Service": [
    service("LoadBalancer", { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } }),
    [service("LoadBalancer"), "progressing"],
  ],
  "networking.k8s.io/Ingress": [
    { ...alb, status: { loadBalancer: { ingress: [{ hostname: "a.example" }] } } },
    [alb, "progressing"],
  ],
  "autoscaling/HorizontalPodAutoscaler": [
    hpa(["AbleToScale", "True"]),
    [hpa(["AbleToScale", "False", "FailedGetScale"]), "progressing"],
    [hpa(["ScalingActive", "False", "InvalidSelector"]), "progressing"],
  ],
  "policy/PodDisruptionBudget": [
    pdb(["DisruptionAllowed", "True"]),
    [pdb(["DisruptionAllowed", "False", "SyncFailed"]), "progressing"],
  ],
  "apiextensions.k8s.io/CustomResourceDefinition": [
    crd(["Established", "True"]),
    [crd(), "progressing"],
    [crd(["NamesAccepted", "False"]), "failed"],
  ],
  "apiregistration.k8s.io/APIService": [api(["Available", "True"]), [api(["Available", "False"]), "progressing"]],
  "/Namespace": [phased("v1", "Namespace", "Active"), [object("v1", "Namespace"), "progressing"]],
  "/ResourceQuota": [
    quota({ status: { hard: { pods: "2" } } }),
    [quota({ status: { hard: { pods: "1" } } }), "progressing"],
  ],
  "gateway.networking.k8s.io/Gateway": [
    gateway(["Accepted", "True"], ["Programmed", "True"]),
    [gateway(["Accepted", "True"]), "progressing"],
    [gateway(["Accepted", "False"]), "progressing"],
  ],
  "gateway.networking.k8s.io/HTTPRoute": [
    route([parent("g1", "True"), parent("g2", "True")]),
    [route([parent("g1", "True"), parent("g2", "False")]), "progressing"],
    [route([]), "progressing"],
  ],
  "gateway.networking.k8s.io/GRPCRoute": [grpc("True"), [grpc("False"), "progressing"]],
  "argoproj.io/Rollout": [
    phased("argoproj.io/v1alpha1", "Rollout", "Healthy"),
    [phased("argoproj.io/v1alpha1", "Rollout", "Degraded"), "failed"],
    [phased("argoproj.io/v1alpha1", "Rollout", "Paused"), "suspended"],
    [phased("argoproj.io/v1alpha1", "Rollout", "Progressing"), "progressing"],
    [of("argoproj.io/v1alpha1", "Rollout")(["InvalidSpec", "True"]), "failed"],
    [of("argoproj.io/v1alpha1", "Rollout")(["Progressing", "False", "ProgressDeadlineExceeded"]), "failed"],
  ],
  "elbv2.k8s.aws/TargetGroupBinding": [aws(["Ready", "True"]), [aws(["Ready", "False"]), "progressing"]],
  "eks.amazonaws.com/TargetGroupBinding": [
    auto(),
    [object("eks.amazonaws.com/v1", "TargetGroupBinding"), "progressing"],
  ],
  "keda.sh/ScaledObject": [
    scaled(["Ready", "True"]),
    [scaled(["Ready", "False"]), "progressing"],
    [scaled(["Paused", "True"]), "suspended"],
  ],
  "cert-manager.io/Certificate": [
    certificate(["Ready", "True"]),
    [certificate(["Ready", "False"]), "progressing"],
    [certificate(["Issuing", "False", "Failed"]), "failed"],
  ],
  "external-secrets.io/ExternalSecret": [external(["Ready", "True"]), [external(["Ready", "False"]), "progressing"]],
  "karpenter.sh/NodePool": [
    pool(["Ready", "True"], ["NodeClassReady", "True"]),
    [pool(["NodeClassReady", "False"]), "progressing"],
    [pool(["Ready", "True"], ["ValidationSucceeded", "False"]), "progressing"],
  ],
  "karpenter.k8s.aws/EC2NodeClass": [
    nodeClass(["Ready", "True"]),
    [nodeClass(["SubnetsReady", "False"]), "progressing"],
    [nodeClass(["SecurityGroupsReady", "False"]), "progressing"],
  ],
  "karpenter.sh/NodeClaim": [
    claim(["Ready", "True"]),
    [claim(["Launched", "True"], ["Registered", "True"]), "progressing"],
    [claim(["Disrupting", "True"], ["Ready", "True"]), "suspended"],
  ],
  "flagger.app/Canary": [
    phased("flagger.app/v1beta1", "Canary", "Initialized"),
    [phased("flagger.app/v1beta1", "Canary", "Failed"), "failed"],
    [phased("flagger.app/v1beta1", "Canary", "Waiting"), "suspended"],
    [phased("flagger.app/v1beta1", "Canary", "Promoting"), "progressing"],
    [phased("flagger.app/v1beta1", "Canary", "Terminated"), "terminating"],
  ],
};

const classes = [
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "alb", annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
    spec: { controller: "ingress.k8s.aws/alb" },
  },
];
const verdict = (one: KubeObject) => judge(one, around({ classes }), defaultBudgets, START + 1000);

describe("every kind with a rule of its own", () => {
  it("stands in the table of these tests", () => {
    expect(Object.keys(kinds).sort()).toEqual([...judgedKinds].sort());
  });

  it.each(Object.entries(kinds))("%s is healthy and otherwise as its controller says", (_, [good, ...others]) => {
    expect(verdict(good)).toMatchObject({ status: "healthy", why: "OK" });
    expect(others.map(([one]) => verdict(one).status)).toEqual(others.map(([, expected]) => expected));
  });

  it.each(Object.entries(kinds))("%s that is being deleted names what holds it", (_, [good]) => {
    const metadata = { ...good.metadata, deletionTimestamp: "2026-11-23T10:00:00Z", finalizers: ["a.example/b"] };
    expect(verdict({ ...good, metadata })).toMatchObject({
      status: "terminating",
      message: "being deleted, held by a.example/b",
    });
  });

  it("an Ingress without a class is judged by the default class", () => {
    expect(verdict(object("networking.k8s.io/v1", "Ingress", { spec: {} })).status).toBe("progressing");
  });
});

describe("kinds that are done when present", () => {
  it.each([
    ["v1", "ConfigMap"],
    ["v1", "Secret"],
    ["v1", "ServiceAccount"],
    ["rbac.authorization.k8s.io/v1", "Role"],
    ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
    ["networking.k8s.io/v1", "NetworkPolicy"],
    ["networking.k8s.io/v1", "IngressClass"],
    ["storage.k8s.io/v1", "StorageClass"],
    ["scheduling.k8s.io/v1", "PriorityClass"],
    ["batch/v1", "CronJob"],
    ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
  ])("%s %s", (apiVersion, kind) => {
    expect(isDoneWhenPresent({ apiVersion, kind })).toBe(true);
    expect(verdict(object(apiVersion, kind))).toMatchObject({ status: "healthy", sure: "certain" });
  });
});

describe("whatever a controller, a person or a version of tomorrow writes", () => {
  const anything = fc.jsonValue({ maxDepth: 4 });
  const entry = fc.record(
    {
      type: fc.constantFrom("Ready", "Accepted", "Programmed", "Progressing", "Failed", "PodScheduled", "Stalled"),
      status: fc.oneof(fc.constantFrom("True", "False", "Unknown"), anything),
      reason: anything,
      message: anything,
      lastTransitionTime: fc.oneof(fc.constant("2026-11-23T10:00:00Z"), anything),
      observedGeneration: anything,
    },
    { requiredKeys: [] },
  );
  const list = fc.oneof(fc.array(entry, { maxLength: 3 }), anything);
  const fields = fc.dictionary(
    fc.constantFrom(
      "conditions",
      "observedGeneration",
      "phase",
      "replicas",
      "parents",
      "listeners",
      "loadBalancer",
      "containerStatuses",
      "initContainerStatuses",
      "hard",
      "updateRevision",
    ),
    list,
    { maxKeys: 5 },
  );
  const spec = fc.dictionary(
    fc.constantFrom("replicas", "strategy", "updateStrategy", "selector", "parentRefs", "hard", "type", "template"),
    anything,
    { maxKeys: 5 },
  );
  const keys = fc.constantFrom(...judgedKinds, "example.com/Thing");
  const surroundings = fc.record({
    pods: fc.array(fields, { maxLength: 2 }),
    events: fc.array(spec, { maxLength: 2 }),
  });

  it("a verdict is given, of a known status, on one short line", () => {
    fc.assert(
      fc.property(keys, fields, spec, surroundings, (key, written, asked, { pods, events }) => {
        const [group = "", kind = ""] = key.split("/");
        const one = object(group === "" ? "v1" : `${group}/v1`, kind, { spec: asked, status: written });
        const found = judge(
          one,
          around({
            pods: pods.map((part, i) => ({ ...pod({ name: `p${i}`, owner: "x" }), status: part })),
            replicaSets: [replicaSet("2", "x")],
            events: events.map((part) => ({ ...event("x", "Failed", "m"), ...part })),
            nodes: [{ ...node("n1"), status: written }],
            classes,
          }),
          defaultBudgets,
          START + 60_000,
        );
        expect(statuses).toContain(found.status);
        expect(found.message.length).toBeLessThanOrEqual(300);
        expect(found.message).not.toContain("\n");
      }),
      { numRuns: 600 },
    );
  });

  it("a pod that crashes is told from any other text of a runtime", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (message, exitCode) => {
        const container = crashed(3, { exitCode, reason: "Error", message });
        const found = judge(
          deployment({ readyReplicas: 0 }),
          around({ pods: [pod({ container })] }),
          defaultBudgets,
          START + 5_000,
        );
        expect(found).toMatchObject({ status: "failed", why: "CRASH_LOOP" });
      }),
    );
  });
});
