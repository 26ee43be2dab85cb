import type { JsonObject } from "../../json.ts";
import { apps, batch, type Case, configMap, core, del, get, post, type Step, workload } from "../case.ts";

const refused = (path: string, body: unknown, status = 422): Step => post(`${path}?dryRun=All`, body, status);

const pod = (spec: object, container: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "main", image: "web:1", ...container }], ...spec },
});
const refusedPods = (...specs: readonly object[]) => specs.map((spec) => refused(`${core}/pods`, pod(spec)));
const refusedContainers = (...containers: readonly object[]) =>
  containers.map((container) => refused(`${core}/pods`, pod({}, container)));

const volume = (source: object) => ({ volumes: [{ name: "v", ...source }] });
const resources = (amounts: object) => ({ resources: amounts });
const env = (variable: object) => ({ env: [{ name: "A", ...variable }] });
const port = (fields: object) => ({ ports: [{ containerPort: 80, ...fields }] });
const toleration = (fields: object) => ({ tolerations: [fields] });
const rule = "requiredDuringSchedulingIgnoredDuringExecution";

const of = (kind: string, change: object): JsonObject => {
  const object = workload(kind, "x", kind === "DaemonSet" ? {} : { replicas: 0 });
  return { ...object, spec: { ...(object["spec"] as object), ...change } };
};
const rolling = (rollingUpdate: object) => ({ strategy: { rollingUpdate } });
const service = (spec: object, name = "s") => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
const servicePort = (fields: object, more: object = {}) => service({ ports: [{ port: 80, ...fields }], ...more });
const ingress = (spec: object) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "i" },
  spec,
});
const budget = (spec: object) => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "b" },
  spec: { selector: {}, ...spec },
});
const scaler = (spec: object) => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "h" },
  spec,
});
const cronJob = (spec: object, name = "c") => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name },
  spec: {
    schedule: "* * * * *",
    jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "m", image: "a" }] } } } },
    ...spec,
  },
});
const secret = (fields: object) => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, ...fields });
const claim = (mode: string, storage: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "c" },
  spec: { accessModes: [mode], resources: { requests: { storage } } },
});
const owner = (name: string, fields: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name,
  uid: "u",
  ...fields,
});

/** What people get wrong in manifests, kind by kind: nothing of it may pass here that a cluster refuses. */
export const refusalCases: readonly Case[] = [
  {
    area: "errors",
    name: "422 for pods that no node could run",
    steps: [
      ...refusedPods(
        { activeDeadlineSeconds: 0 },
        { dnsPolicy: "Bad" },
        { nodeSelector: { "bad key": "x" } },
        toleration({ key: "a", operator: "Exists", value: "b" }),
        toleration({ operator: "Equal" }),
        toleration({ key: "a", effect: "Nope" }),
        toleration({ key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 5 }),
        { securityContext: { runAsUser: -1 } },
        { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "a", whenUnsatisfiable: "DoNotSchedule" }] },
        { affinity: { nodeAffinity: { [rule]: { nodeSelectorTerms: [] } } } },
        { affinity: { podAntiAffinity: { [rule]: [{ labelSelector: {} }] } } },
        { initContainers: [{ name: "i", image: "x", readinessProbe: { tcpSocket: { port: 1 } } }] },
        { hostAliases: [{ ip: "x" }] },
        volume({ emptyDir: {}, configMap: { name: "c" } }),
        volume({ secret: { secretName: "s", defaultMode: 9999 } }),
        volume({ hostPath: { path: "" } }),
      ),
      refused(`${core}/pods`, pod({ hostNetwork: true }, port({ hostPort: 81 }))),
      refused(`${core}/pods`, pod({ priorityClassName: "nope" }), 403),
      post(`${core}/pods?dryRun=All`, pod({ terminationGracePeriodSeconds: -5 }), 201, {
        only: [["spec", "terminationGracePeriodSeconds"]],
      }),
      post(`${core}/pods?dryRun=All`, pod({ priorityClassName: "system-cluster-critical" }), 201, {
        only: [
          ["spec", "priority"],
          ["spec", "preemptionPolicy"],
        ],
      }),
    ],
  },
  {
    area: "errors",
    name: "422 for containers that no node could run",
    steps: [
      ...refusedContainers(
        resources({ requests: { foo: "1" } }),
        resources({ requests: { "nvidia.com/gpu": "1" }, limits: { "nvidia.com/gpu": "2" } }),
        resources({ limits: { "nvidia.com/gpu": "0.5" } }),
        env({ name: "A=B", value: "x" }),
        env({ valueFrom: { fieldRef: { fieldPath: "spec.nope" } } }),
        env({ valueFrom: {} }),
        port({ name: "TOOLONGNAMEFORAPORT" }),
        port({ name: "-a--b" }),
        port({ protocol: "HTTP" }),
        { readinessProbe: { httpGet: { path: "/" } } },
        { livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } },
        { livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: -1 } },
        { readinessProbe: { httpGet: { port: "no such_port!" } } },
        { imagePullPolicy: "Maybe" },
        { lifecycle: { preStop: {} } },
        { securityContext: { privileged: true, allowPrivilegeEscalation: false } },
      ),
      refused(`${core}/pods`, pod({}, resources({ requests: { cpu: "1x" } })), 400),
    ],
  },
  {
    area: "errors",
    name: "422 for workloads that could not be rolled out",
    steps: [
      refused(`${apps}/deployments`, of("Deployment", { strategy: { type: "Nope" } })),
      refused(`${apps}/deployments`, of("Deployment", rolling({ maxUnavailable: "150%" }))),
      refused(`${apps}/deployments`, of("Deployment", rolling({ maxSurge: "x%" }))),
      refused(`${apps}/deployments`, of("Deployment", rolling({ maxSurge: -1 }))),
      post(`${apps}/deployments?dryRun=All`, of("Deployment", rolling({ maxSurge: "150%" })), 201, { only: [] }),
      refused(
        `${apps}/deployments`,
        of("Deployment", { selector: { matchExpressions: [{ key: "app", operator: "In", values: [] }] } }),
      ),
      refused(`${apps}/deployments`, workload("Deployment", "x", { pod: { activeDeadlineSeconds: 5 } })),
      refused(`${apps}/statefulsets`, workload("StatefulSet", "x", { pod: { activeDeadlineSeconds: 5 } })),
      refused(`${apps}/daemonsets`, workload("DaemonSet", "x", { pod: { activeDeadlineSeconds: 5 } })),
      refused(`${apps}/statefulsets`, of("StatefulSet", { updateStrategy: { type: "Nope" } })),
      refused(`${apps}/statefulsets`, of("StatefulSet", { podManagementPolicy: "Nope" })),
      refused(
        `${apps}/daemonsets`,
        of("DaemonSet", { updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } }),
      ),
      refused(`${batch}/cronjobs`, cronJob({ schedule: "nope" })),
      refused(`${batch}/cronjobs`, cronJob({ concurrencyPolicy: "Nope" })),
      refused(`${batch}/cronjobs`, cronJob({ timeZone: "Mars/Base" })),
      refused(`${batch}/cronjobs`, cronJob({}, "c".repeat(53))),
      refused("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", budget({ minAvailable: 1, maxUnavailable: 1 })),
      refused("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", budget({ minAvailable: "150%" })),
      refused("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", budget({ maxUnavailable: -1 })),
      refused(
        "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
        scaler({ maxReplicas: 0, scaleTargetRef: { kind: "Deployment", name: "d" } }),
      ),
      refused(
        "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
        scaler({ maxReplicas: 2, scaleTargetRef: {} }),
      ),
    ],
  },
  {
    area: "errors",
    name: "422 for Services and Ingresses that lead nowhere",
    steps: [
      // A dry run asks for no node port, and so finds nothing wrong with it.
      post(`${core}/services`, servicePort({ nodePort: 80 }, { type: "NodePort" }), 422),
      refused(`${core}/services`, servicePort({ nodePort: 30_000 })),
      refused(`${core}/services`, servicePort({ targetPort: "Bad_Port" })),
      refused(`${core}/services`, service({ type: "ExternalName" })),
      refused(`${core}/services`, servicePort({}, { clusterIP: "nope" })),
      refused(`${core}/services`, servicePort({}, { sessionAffinity: "Nope" })),
      refused(`${core}/services`, servicePort({}, { externalTrafficPolicy: "Local" })),
      post(`${core}/services?dryRun=All`, service({ ports: [{ port: 80 }] }, "1-digit"), 201, { only: [] }),
      refused(`${core}/services`, service({ ports: [{ port: 80 }] }, "Upper")),
      refused(
        "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
        ingress({ rules: [{ host: "Bad_Host", http: { paths: [] } }] }),
      ),
      refused(
        "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
        ingress({ defaultBackend: { service: { name: "s", port: {} } } }),
      ),
    ],
  },
  {
    area: "errors",
    name: "422 for data and metadata that cannot be kept",
    steps: [
      refused(`${core}/secrets`, secret({ data: { a: "not base64!" } }), 400),
      refused(`${core}/secrets`, secret({ type: "kubernetes.io/tls", data: {} })),
      refused(`${core}/secrets`, secret({ type: "kubernetes.io/service-account-token" })),
      refused(`${core}/persistentvolumeclaims`, claim("Nope", "1Gi")),
      refused(`${core}/persistentvolumeclaims`, claim("ReadWriteOnce", "-1Gi")),
      refused("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "Bad.Name" } }),
      refused(`${core}/configmaps`, configMap("x", { k: "x".repeat(1_048_577) })),
      refused(`${core}/configmaps`, configMap("x", {}, { finalizers: ["nodomain"] })),
      refused(`${core}/configmaps`, configMap("x", {}, { ownerReferences: [owner("a", { uid: "" })] })),
      refused(
        `${core}/configmaps`,
        configMap("x", {}, { ownerReferences: ["a", "b"].map((name) => owner(name, { controller: true })) }),
      ),
      del("/api/v1/namespaces/default", 403),
      del("/api/v1/namespaces/kube-system", 403),
    ],
  },
  {
    area: "errors",
    name: "400 and 422 for options that mean nothing",
    steps: [
      get(`${core}/configmaps?resourceVersion=abc`, 400),
      get(`${core}/configmaps?timeoutSeconds=abc`, 400),
      get(`${core}/configmaps?resourceVersionMatch=Exact`, 422),
      get(`${core}/configmaps?resourceVersionMatch=Foo&resourceVersion=1`, 422),
      get(`${core}/configmaps?sendInitialEvents=true`, 422),
      post(`${core}/configmaps?fieldManager=${"x".repeat(129)}`, configMap("x", {}), 422),
      post(`${core}/configmaps?fieldManager=a%00b`, configMap("x", {}), 422),
      {
        ...del(`${core}/configmaps/kube-root-ca.crt`, 422),
        body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Orphan", orphanDependents: true },
      },
    ],
  },
];
