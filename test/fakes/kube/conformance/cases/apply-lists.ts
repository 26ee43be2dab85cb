import { apply, apps, type Case, merge, workload } from "../case.ts";

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

export const applyListCases: readonly Case[] = [
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
];
