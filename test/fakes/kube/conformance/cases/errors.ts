import { apply, apps, batch, type Case, configMap, core, del, get, merge, post, put, workload } from "../case.ts";

const maps = `${core}/configmaps`;
const deployments = `${apps}/deployments`;
const spec = (name: string, change: object) => {
  const object = workload("Deployment", name, { replicas: 0 });
  return { ...object, spec: { ...(object["spec"] as object), ...change } };
};
const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const review = (resourceAttributes: object) => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: "SelfSubjectAccessReview",
  spec: { resourceAttributes },
});

const rbac = "rbac.authorization.k8s.io";
const role = (name: string) => `/apis/${rbac}/v1/namespaces/{ns}/roles/${name}`;
const binding = (name: string) => `/apis/${rbac}/v1/namespaces/{ns}/rolebindings/${name}`;
const roleWith = (name: string, verbs: string[]) => ({
  apiVersion: `${rbac}/v1`,
  kind: "Role",
  metadata: { name },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs }],
});
const bindingTo = (name: string, kind: string, target: string) => ({
  apiVersion: `${rbac}/v1`,
  kind: "RoleBinding",
  metadata: { name },
  roleRef: { apiGroup: rbac, kind, name: target },
  subjects: [{ kind: "User", apiGroup: rbac, name: "somebody" }],
});

export const errorCases: readonly Case[] = [
  {
    area: "errors",
    name: "400 for what cannot be read",
    steps: [
      { ...post(maps, undefined, 400), raw: "{bad" },
      post(maps, { apiVersion: "v2", kind: "ConfigMap", metadata: { name: "a" } }, 400),
      post(maps, { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }, 400),
      post(maps, configMap("a", {}, { namespace: "elsewhere" }), 400),
      apply(`${maps}/a`, "one", { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }, 400),
      apply(`${maps}/a`, "one", configMap("b", {}), 400),
      apply(`${maps}/a`, "one", configMap("a", {}, { managedFields: [{ manager: "x" }] }), 400),
      apply(`${maps}/a`, "one", configMap("a", {}, { namespace: "elsewhere" }), 400),
      post(deployments, spec("x", { replicas: "two" }), 400),
      { ...merge(`${maps}/kube-root-ca.crt`, undefined, 400), raw: "{bad" },
    ],
  },
  {
    area: "errors",
    name: "401 and 403 for who may not",
    steps: [
      get(maps, 401, { as: "stranger" }),
      get(maps, 403, { as: "nobody" }),
      get("/api/v1/namespaces/kube-system/configmaps", 403, { as: "ci" }),
      get("/api/v1/namespaces/kube-system/configmaps/x", 403, { as: "ci" }),
      get("/api/v1/secrets", 403, { as: "ci" }),
      merge("/apis/apps/v1/namespaces/kube-system/deployments/x/scale", {}, 403, { as: "ci" }),
      post("/apis/apps/v1/namespaces/kube-system/deployments", workload("Deployment", "x"), 403, { as: "ci" }),
      get("/api/v1/namespaces/kube-system/secrets?watch=1", 403, { as: "ci" }),
      get(maps, 200, { as: "ci", only: [["kind"]] }),
      apply(`${maps}/a`, "one", configMap("a", { x: "1" }), 201, "", { as: "ci" }),
      get("/api/v1/nodes", 200, { as: "ci", only: [["kind"]] }),
      post(reviews, review({ verb: "get", resource: "pods", namespace: "{ns}" }), 201, {
        as: "ci",
        only: [["status", "allowed"], ["kind"]],
      }),
      post(reviews, review({ verb: "get", resource: "pods", namespace: "kube-system" }), 201, {
        as: "ci",
        only: [["status", "allowed"]],
      }),
      post(reviews, review({ verb: "get", resource: "pods", namespace: "kube-system" }), 201, {
        only: [["status", "allowed"]],
      }),
    ],
  },
  {
    area: "errors",
    name: "nobody grants what he does not hold",
    steps: [
      apply(role("r"), "one", roleWith("r", ["get"]), 201, "", { as: "ci", only: [["rules"]] }),
      apply(role("s"), "one", roleWith("s", ["get", "deletecollection"]), 403, "", { as: "ci" }),
      apply(role("s"), "one", roleWith("s", ["get", "deletecollection"]), 201, "", { only: [] }),
      apply(binding("b"), "one", bindingTo("b", "Role", "r"), 201, "", { as: "ci", only: [["roleRef"]] }),
      apply(binding("c"), "one", bindingTo("c", "Role", "s"), 403, "", { as: "ci" }),
    ],
  },
  {
    area: "errors",
    name: "404 and 405 for what is not there",
    steps: [
      get(`${maps}/nope`, 404),
      get(`${core}/widgets`, 404),
      get("/apis/apps/v1/namespaces/{ns}/deployments/nope", 404),
      get("/apis/nope/v1/namespaces/{ns}/things", 404),
      get("/apis/nope/v1", 404),
      get("/foo", 404),
      get(`${core}/pods/nope/log`, 404),
      post("/api/v1/namespaces/{ns}-none/configmaps", configMap("a", {}), 404),
      apply("/api/v1/namespaces/{ns}-none/configmaps/a", "one", configMap("a", {}), 404),
      post(`${maps}/a`, configMap("a", {}), 405),
      put(maps, configMap("a", {}), 405),
      merge(maps, {}, 405),
      del("/api/v1/namespaces", 405),
      get(`${deployments}/nope/scale`, 404),
    ],
  },
  {
    area: "errors",
    name: "415 for unknown media types",
    steps: [
      { ...merge(`${maps}/a`, {}, 415), type: "application/foo" },
      { ...post(maps, undefined, 415), raw: "x", type: "text/plain" },
    ],
  },
  {
    area: "errors",
    name: "422 for options",
    steps: [
      { ...apply(`${maps}/a`, "", configMap("a", {}), 422) },
      post(`${maps}?dryRun=Foo`, configMap("a", {}), 422),
      post(`${maps}?fieldValidation=Foo`, configMap("a", {}), 422),
      merge(`${maps}/kube-root-ca.crt?force=true`, {}, 422),
    ],
  },
  {
    area: "errors",
    name: "422 for names, labels and data",
    steps: [
      post(maps, configMap("A_b", {}), 422),
      post(maps, configMap("a", {}, { labels: { "a b": "1" } }), 422),
      post(maps, configMap("a", {}, { labels: { a: "b c" } }), 422),
      post(maps, configMap("a", {}, { labels: { a: "x".repeat(64) } }), 422),
      post(maps, configMap("a", {}, { labels: { ["x".repeat(64)]: "1" } }), 422),
      post(maps, configMap("a", {}, { labels: { "A.b_/c": "1" } }), 422),
      post(maps, configMap("a", {}, { annotations: { "a b": "1" } }), 422),
      post(maps, configMap("x".repeat(254), {}), 422),
      post(maps, configMap("a", { "a b": "1" }), 422),
      post(
        `${core}/services`,
        { apiVersion: "v1", kind: "Service", metadata: { name: "A" }, spec: { ports: [{ port: 80 }] } },
        422,
        { only: [["reason"], ["details", "causes", 0, "field"]] },
      ),
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a.b" } }, 422),
    ],
  },
  {
    area: "errors",
    name: "422 for a Deployment that cannot run",
    steps: [
      post(deployments, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" } }, 422),
      post(deployments, spec("x", { replicas: -1 }), 422),
      post(deployments, workload("Deployment", "x", { container: { name: "x".repeat(64) } }), 422),
      post(
        deployments,
        workload("Deployment", "x", {
          container: { env: [{ name: "" }, { name: "A", valueFrom: { secretKeyRef: { name: "s", key: "" } } }] },
        }),
        422,
      ),
      post(
        deployments,
        workload("Deployment", "x", {
          pod: { volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/" } }, { name: "v" }] },
        }),
        422,
      ),
      post(deployments, spec("x", { selector: { matchLabels: { app: "y" } } }), 422),
      post(deployments, workload("Deployment", "x", { container: { name: "C C", image: "" } }), 422),
      post(
        deployments,
        workload("Deployment", "x", {
          pod: {
            containers: [
              { name: "d", image: "x", ports: [{ containerPort: 99999 }] },
              { name: "d", image: "y" },
            ],
          },
        }),
        422,
      ),
      post(
        deployments,
        workload("Deployment", "x", { container: { volumeMounts: [{ name: "v", mountPath: "/v" }] } }),
        422,
      ),
      post(
        deployments,
        workload("Deployment", "x", { container: { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } } }),
        422,
      ),
      post(deployments, workload("Deployment", "x", { container: { readinessProbe: {} } }), 422),
      post(deployments, workload("Deployment", "x", { pod: { restartPolicy: "Never" } }), 422),
      post(deployments, spec("x", { strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } } }), 422),
      post(deployments, spec("x", { progressDeadlineSeconds: 5, minReadySeconds: 10 }), 422),
    ],
  },
  {
    area: "errors",
    name: "422 for what is immutable",
    steps: [
      post(deployments, workload("Deployment", "x", { replicas: 0 }), 201, { only: [] }),
      apply(
        `${deployments}/x`,
        "one",
        spec("x", {
          selector: { matchLabels: { app: "y" } },
          template: { metadata: { labels: { app: "y" } }, spec: { containers: [{ name: "main", image: "web:1" }] } },
        }),
        422,
        "&force=true",
      ),
      post(`${apps}/statefulsets`, workload("StatefulSet", "s", { replicas: 0, spec: { serviceName: "a" } }), 201, {
        only: [],
      }),
      merge(`${apps}/statefulsets/s`, { spec: { serviceName: "b" } }, 422),
      post(`${apps}/daemonsets`, workload("DaemonSet", "d", { pod: { nodeSelector: { none: "such" } } }), 201, {
        only: [],
      }),
      merge(
        `${apps}/daemonsets/d`,
        { spec: { selector: { matchLabels: { app: "d", b: "c" } }, template: { metadata: { labels: { b: "c" } } } } },
        422,
      ),
      post(
        `${batch}/jobs`,
        {
          apiVersion: "batch/v1",
          kind: "Job",
          metadata: { name: "j" },
          spec: {
            parallelism: 0,
            template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "job:1" }] } },
          },
        },
        201,
        { only: [] },
      ),
      merge(`${batch}/jobs/j`, { spec: { template: { spec: { restartPolicy: "OnFailure" } } } }, 422, {
        only: [["reason"], ["details", "causes", 0, "field"], ["details", "causes", 0, "reason"]],
      }),
      post(
        `${core}/services`,
        { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
        201,
        { only: [] },
      ),
      merge(`${core}/services/s`, { spec: { clusterIP: "10.96.0.99", clusterIPs: ["10.96.0.99"] } }, 422),
      post(maps, { ...configMap("c", { x: "1" }), immutable: true }, 201, { only: [] }),
      merge(`${maps}/c`, { data: { x: "2" } }, 422),
      post(`${core}/secrets`, { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, type: "a/b" }, 201, {
        only: [],
      }),
      merge(`${core}/secrets/s`, { type: "c/d" }, 422),
      post(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings",
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "r" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        },
        201,
        { only: [] },
      ),
      merge(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings/r",
        { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" } },
        422,
      ),
    ],
  },
  {
    area: "errors",
    name: "422 for other kinds",
    steps: [
      post(
        `${core}/pods`,
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "p" },
          spec: { containers: [{ name: "main", image: " web" }] },
        },
        422,
      ),
      post(
        `${core}/services`,
        { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 0 }] } },
        422,
      ),
      post(
        `${core}/services`,
        { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { type: "Foo", ports: [{ port: 80 }] } },
        422,
      ),
      post(
        "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
        { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "i" }, spec: {} },
        422,
      ),
      post(
        `${batch}/jobs`,
        {
          apiVersion: "batch/v1",
          kind: "Job",
          metadata: { name: "j" },
          spec: { template: { spec: { containers: [{ name: "main", image: "job:1" }] } } },
        },
        422,
      ),
      post(
        "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
        {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: "h" },
          spec: {
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
            minReplicas: 5,
            maxReplicas: 3,
          },
        },
        422,
      ),
      post(
        `${core}/pods`,
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "p" },
          spec: { containers: [{ name: "main", image: "x" }], serviceAccountName: "nope" },
        },
        403,
      ),
      post(
        "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
        {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata: { name: "p" },
          spec: { minAvailable: 1, maxUnavailable: 1 },
        },
        422,
        { only: [["reason"], ["details", "causes", 0, "field"]] },
      ),
    ],
  },
];
