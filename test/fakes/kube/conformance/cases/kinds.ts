import { apply, apps, type Case, core, workload } from "../case.ts";

// Of these managers only: the controllers come when they come.
const owners = ["one", "two", "mesh", "handover", "scaler"].map((manager) => [
  "metadata",
  "managedFields",
  { manager },
]);

export const kindCases: readonly Case[] = [
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
