import { apply, apps, type Case, configMap, core, get, jsonPatch, merge, post, put, workload } from "../case.ts";

const cm = `${core}/configmaps/a`;
const deployment = `${apps}/deployments/web`;
const base = workload("Deployment", "web", { replicas: 0 });
const container = (fields: object) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { template: { spec: { containers: [{ name: "main", ...fields }] } } },
});
const rich = workload("Deployment", "web", {
  replicas: 0,
  container: {
    ports: [{ containerPort: 80 }, { containerPort: 81, protocol: "UDP", name: "dns" }],
    env: [
      { name: "A", value: "1" },
      { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "C", value: "" },
    ],
    args: ["x", "y"],
    resources: { requests: { cpu: "0.5", memory: "1024Mi" }, limits: { cpu: 1 } },
    readinessProbe: { httpGet: { path: "/", port: 80 } },
    livenessProbe: { exec: { command: ["true"] }, initialDelaySeconds: 0 },
    lifecycle: { preStop: { exec: { command: ["sleep", "1"] } } },
    volumeMounts: [{ name: "v", mountPath: "/v" }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  },
  pod: {
    initContainers: [
      { name: "init", image: "init@sha256:0000000000000000000000000000000000000000000000000000000000000000" },
    ],
    volumes: [
      { name: "v", emptyDir: {} },
      { name: "s", secret: { secretName: "s" } },
      { name: "c", configMap: { name: "c" } },
      { name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      { name: "h", hostPath: { path: "/h" } },
    ],
    serviceAccountName: "runner",
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: "zone", labelSelector: { matchLabels: { a: "b" } } } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { a: "b" } },
      },
    ],
    tolerations: [{ key: "a", operator: "Exists" }],
    nodeSelector: { a: "b" },
    imagePullSecrets: [{ name: "x" }],
    securityContext: { runAsNonRoot: true },
    terminationGracePeriodSeconds: 0,
  },
  spec: { paused: false, minReadySeconds: 0, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
});

// Of these managers only: the controllers come when they come.
const owners = ["one", "two", "mesh", "handover", "scaler"].map((manager) => [
  "metadata",
  "managedFields",
  { manager },
]);

export const applyCases: readonly Case[] = [
  {
    area: "apply",
    name: "creates by apply and owns what the configuration names",
    steps: [apply(cm, "one", configMap("a", { x: "1" }, { labels: { l: "1" } }), 201), get(cm)],
  },
  {
    area: "apply",
    name: "an apply that changes nothing keeps the resourceVersion",
    steps: [
      apply(deployment, "one", base, 201, "", { only: [...owners] }),
      get(deployment, 200, { only: [] }),
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "one", configMap("a", { x: "1" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "two managers own fields side by side and share equal values",
    steps: [
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "two", configMap("a", { y: "2" })),
      apply(cm, "three", configMap("a", { x: "1" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "names each conflicting field and manager, and takes them by force",
    steps: [
      apply(cm, "one", configMap("a", { x: "1", y: "1" }), 201),
      apply(cm, "two", configMap("a", { x: "2" }), 409),
      apply(cm, "two", configMap("a", { x: "2", y: "2" }), 409),
      apply(cm, "three", configMap("a", { z: "1" })),
      apply(cm, "two", configMap("a", { x: "2", z: "2" }), 409),
      apply(cm, "two", configMap("a", { x: "2", z: "2" }), 200, "&force=true"),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "a conflict with an update names its version and time",
    steps: [
      post(`${core}/configmaps`, configMap("a", { x: "1" })),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      merge(`${cm}?fieldManager=editor`, { data: { x: "3" } }),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&force=true"),
    ],
  },
  {
    area: "apply",
    name: "a field left out is removed when nobody else owns it",
    steps: [
      apply(cm, "one", configMap("a", { x: "1", y: "1" }, { labels: { l: "1", m: "1" } }), 201),
      apply(cm, "two", configMap("a", { y: "1" })),
      apply(cm, "one", configMap("a", { z: "1" }, { labels: { m: "1" } })),
      apply(cm, "one", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "fields that an update made stay when an applier never owned them",
    steps: [
      post(`${core}/configmaps`, configMap("a", { x: "1" })),
      apply(cm, "one", configMap("a", { y: "1" })),
      apply(cm, "one", configMap("a", { z: "1" })),
      put(cm, configMap("a", { x: "9" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "a whole Deployment gets its defaults and its owners",
    steps: [apply(deployment, "one", rich, 201), apply(deployment, "one", rich, 200, "", { only: [["spec"]] })],
  },
  {
    area: "apply",
    name: "list items are merged and removed by their keys",
    steps: [
      apply(deployment, "one", rich, 201, "", { only: [["metadata", "generation"]] }),
      apply(
        deployment,
        "two",
        container({ env: [{ name: "Z", value: "1" }], ports: [{ containerPort: 9000 }] }),
        200,
        "",
        { only: [["spec"], ["metadata", "generation"]] },
      ),
      apply(deployment, "two", container({ env: [{ name: "A", value: "2" }] }), 409),
      apply(
        deployment,
        "two",
        container({
          env: [
            { name: "Y", value: "1" },
            { name: "A", value: "2" },
          ],
        }),
        200,
        "&force=true",
        {
          only: [["spec", "template", "spec", "containers"], ...owners],
        },
      ),
      apply(deployment, "two", container({ image: "web:1" }), 200, "", {
        only: [["spec", "template", "spec", "containers"], ...owners],
      }),
    ],
  },
  {
    area: "apply",
    name: "a sidecar container of another manager stays, its removal is its own",
    steps: [
      apply(deployment, "one", base, 201, "", { only: [] }),
      apply(
        deployment,
        "mesh",
        { ...container({}), spec: { template: { spec: { containers: [{ name: "proxy", image: "proxy:1" }] } } } },
        200,
        "",
        { only: [["spec", "template", "spec", "containers"]] },
      ),
      apply(deployment, "one", workload("Deployment", "web", { replicas: 0, image: "web:2" }), 200, "", {
        only: [["spec", "template", "spec", "containers"]],
      }),
      apply(deployment, "mesh", { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } }, 200, "", {
        only: [["spec", "template", "spec", "containers"], ...owners],
      }),
    ],
  },
  {
    area: "apply",
    name: "atomic lists are replaced as a whole",
    steps: [
      apply(deployment, "one", rich, 201, "", { only: [] }),
      apply(deployment, "two", container({ args: ["z"] }), 409),
      apply(deployment, "two", container({ args: ["z"] }), 200, "&force=true", {
        only: [["spec", "template", "spec", "containers", 0, "args"], ...owners],
      }),
      apply(deployment, "two", container({ args: [] }), 200, "", {
        only: [["spec", "template", "spec", "containers", 0, "args"], ...owners],
      }),
    ],
  },
  {
    area: "apply",
    name: "replicas handed over to a scaler are not reset",
    steps: [
      apply(deployment, "one", base, 201, "", { only: [] }),
      merge(`${deployment}/scale?fieldManager=scaler`, { spec: { replicas: 0 } }, 200),
      apply(
        deployment,
        "handover",
        { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 0 } },
        200,
        "",
        { only: [...owners] },
      ),
      apply(deployment, "one", workload("Deployment", "web"), 200, "", {
        only: [["spec", "replicas"], ...owners],
      }),
    ],
  },
  {
    area: "apply",
    name: "a dry run shows the result and leaves no trace",
    steps: [
      apply(cm, "one", configMap("a", { x: "1" }), 201, "&dryRun=All", {
        only: [["data"], ...owners],
      }),
      get(cm, 404),
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&dryRun=All"),
      get(cm),
      apply(deployment, "one", { ...base, spec: { replicas: 1 } }, 422, "&dryRun=All"),
      post(`${core}/configmaps?dryRun=All`, configMap("b", {}), 201, { only: [["data"]] }),
      get(`${core}/configmaps/b`, 404),
    ],
  },
  {
    area: "apply",
    name: "unknown, duplicate and mistyped fields are refused",
    steps: [
      apply(cm, "one", { ...configMap("a", {}), extra: 1 }, 500, "&fieldValidation=Strict"),
      apply(cm, "one", configMap("a", { x: 5 }), 500, "&fieldValidation=Strict"),
      apply(deployment, "one", { ...base, spec: { replicass: 1 } }, 500),
      apply(deployment, "one", { ...base, spec: { replicas: "two" } }, 500),
      {
        ...apply(cm, "one", undefined, 400, "&fieldValidation=Strict"),
        raw: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","x":"2"}}',
      },
      { ...apply(cm, "one", undefined, 400), raw: "{bad" },
      post(`${core}/configmaps?fieldValidation=Strict`, { ...configMap("a", {}), extra: 1 }, 400),
      post(`${core}/configmaps?fieldValidation=Warn`, { ...configMap("a", {}), extra: 1 }, 201),
      post(`${core}/configmaps?fieldValidation=Ignore`, { ...configMap("b", {}), extra: 1 }, 201),
      {
        ...post(`${core}/configmaps?fieldValidation=Strict`, undefined, 400),
        raw: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"x":"1","x":"2"}}',
      },
      post(
        `${apps}/deployments?fieldValidation=Strict`,
        { ...base, spec: { ...(base["spec"] as object), foo: { bar: 1 } } },
        400,
      ),
      post(`${apps}/deployments`, { ...base, spec: { replicas: "two" } }, 400),
    ],
  },
  {
    area: "apply",
    name: "status is applied and owned apart from the rest",
    steps: [
      apply(deployment, "one", { ...base, spec: { ...(base["spec"] as object), paused: true } }, 201, "", { only: [] }),
      apply(
        `${deployment}/status`,
        "controller",
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "web" },
          status: { conditions: [{ type: "Custom", status: "True" }] },
        },
        200,
        "",
        { only: [["spec", "replicas"]] },
      ),
      apply(
        deployment,
        "one",
        { ...base, spec: { ...(base["spec"] as object), paused: true }, status: { replicas: 9 } },
        200,
        "",
        { only: [["spec", "paused"]] },
      ),
      apply(
        `${deployment.replace("web", "nope")}/status`,
        "controller",
        { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "nope" }, status: {} },
        404,
      ),
    ],
  },
  {
    area: "apply",
    name: "managed fields can be rewritten by a patch, as a migration from client-side apply does",
    steps: [
      post(`${core}/configmaps?fieldManager=kubectl-client-side-apply`, configMap("a", { x: "1", y: "1" })),
      jsonPatch(cm, [
        { op: "replace", path: "/metadata/managedFields/0/manager", value: "one" },
        { op: "replace", path: "/metadata/managedFields/0/operation", value: "Apply" },
      ]),
      apply(cm, "one", configMap("a", { x: "1" })),
      merge(cm, { metadata: { managedFields: [{}] } }),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&force=true"),
    ],
  },
  {
    area: "apply",
    name: "Services, Secrets and other kinds with defaults",
    steps: [
      apply(
        `${core}/services/s`,
        "one",
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "s" },
          spec: { selector: { app: "x" }, ports: [{ port: 80 }, { port: 81, name: "b", targetPort: "http" }] },
        },
        422,
      ),
      apply(
        `${core}/services/s`,
        "one",
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "s" },
          spec: {
            selector: { app: "x" },
            ports: [
              { port: 80, name: "a" },
              { port: 81, name: "b", targetPort: "http" },
            ],
          },
        },
        201,
      ),
      apply(
        `${core}/services/l`,
        "one",
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "l" },
          spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
        },
        201,
      ),
      apply(
        `${core}/services/h`,
        "one",
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "h" },
          spec: { clusterIP: "None", selector: { app: "x" } },
        },
        201,
      ),
      apply(
        `${core}/secrets/x`,
        "one",
        { apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, stringData: { a: "text" } },
        201,
      ),
      apply(`${core}/secrets/x`, "one", {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "x" },
        data: { a: "dGV4dA==" },
      }),
      apply(
        `${core}/serviceaccounts/runner`,
        "one",
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "runner" } },
        201,
      ),
      apply(
        "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies/n",
        "one",
        {
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          metadata: { name: "n" },
          spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] },
        },
        201,
      ),
      apply(
        "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/i",
        "one",
        {
          apiVersion: "networking.k8s.io/v1",
          kind: "Ingress",
          metadata: { name: "i" },
          spec: {
            rules: [
              {
                host: "a.example",
                http: {
                  paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } }],
                },
              },
            ],
          },
        },
        201,
      ),
      apply(
        "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers/h",
        "one",
        {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: "h" },
          spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 3 },
        },
        201,
        "",
        { only: [["spec"], ...owners] },
      ),
      apply(
        "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/p",
        "one",
        {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata: { name: "p" },
          spec: { minAvailable: 1, selector: { matchLabels: { app: "x" } } },
        },
        201,
        "",
        { only: [["spec"], ["metadata", "generation"]] },
      ),
      apply(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/r",
        "one",
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "Role",
          metadata: { name: "r" },
          rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
        },
        201,
      ),
      apply(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings/r",
        "one",
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "r" },
          roleRef: { kind: "Role", name: "r", apiGroup: "rbac.authorization.k8s.io" },
          subjects: [{ kind: "ServiceAccount", name: "runner", namespace: "{ns}" }],
        },
        201,
      ),
      apply(
        "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/l",
        "one",
        {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { name: "l" },
          spec: { holderIdentity: "me", leaseDurationSeconds: 60 },
        },
        201,
      ),
      apply(
        `${core}/persistentvolumeclaims/c`,
        "one",
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "c" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } } },
        },
        201,
        "",
        { only: [["spec"], ["status"], ...owners] },
      ),
      apply(
        `${apps}/statefulsets/d`,
        "one",
        workload("StatefulSet", "d", {
          replicas: 0,
          spec: {
            serviceName: "d",
            volumeClaimTemplates: [
              {
                metadata: { name: "v" },
                spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
              },
            ],
          },
        }),
        201,
      ),
      apply(
        `${apps}/daemonsets/d`,
        "one",
        workload("DaemonSet", "d", { pod: { nodeSelector: { none: "such" } } }),
        201,
      ),
      apply(
        "/apis/batch/v1/namespaces/{ns}/cronjobs/c",
        "one",
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "c" },
          spec: {
            schedule: "0 0 1 1 *",
            suspend: true,
            jobTemplate: {
              spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "job:1" }] } } },
            },
          },
        },
        201,
      ),
      apply(
        "/apis/batch/v1/namespaces/{ns}/jobs/j",
        "one",
        {
          apiVersion: "batch/v1",
          kind: "Job",
          metadata: { name: "j" },
          spec: {
            suspend: true,
            template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "job:1" }] } },
          },
        },
        201,
      ),
      apply(
        `${core}/resourcequotas/q`,
        "one",
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "q" },
          spec: { hard: { pods: "100", "requests.cpu": "1000m" } },
        },
        201,
      ),
      apply(
        `${core}/pods/p`,
        "one",
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "p" },
          spec: {
            nodeSelector: { none: "such" },
            serviceAccountName: "runner",
            containers: [{ name: "main", image: "web:1", resources: { limits: { cpu: "1", memory: "1Gi" } } }],
          },
        },
        201,
      ),
    ],
  },
];
