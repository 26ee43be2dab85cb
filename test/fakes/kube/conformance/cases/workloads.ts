import { apply, apps, batch, type Case, core, del, get, merge, post, type Step, workload } from "../case.ts";

const deployments = `${apps}/deployments`;
const reasonOf = (type: string) => ["status", "conditions", { type }, "reason"] as const;
const counts = [
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "observedGeneration",
  "terminatingReplicas",
].map((name) => ["status", name]);
const healthy = (name: string, replicas: number, generation: number): Step => ({
  do: "settle",
  path: `${deployments}/${name}`,
  until: [
    [["status", "observedGeneration"], generation],
    [["status", "updatedReplicas"], replicas],
    [["status", "availableReplicas"], replicas],
    [["status", "replicas"], replicas],
    [["status", "terminatingReplicas"], 0],
  ],
  compare: [...counts, ["metadata", "annotations"]],
});
const image = (name: string, tag: string, query = "") =>
  apply(`${deployments}/${name}`, "one", workload("Deployment", name, { replicas: 4, image: tag }), 200, query, {
    only: [["metadata", "generation"]],
  });
const job = (name: string, spec: object, labels: object = {}) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    template: {
      metadata: { labels },
      spec: { restartPolicy: "Never", containers: [{ name: "main", image: "job:1" }] },
    },
    ...spec,
  },
});
const podOf = (app: string) => `${core}/pods?labelSelector=app%3D${app}`;

export const workloadCases: readonly Case[] = [
  {
    area: "workloads",
    name: "a Deployment becomes available, with its ReplicaSet and pods",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 2 }), 201, "", { only: [] }),
      healthy("web", 2, 1),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [[reasonOf("Progressing"), "NewReplicaSetAvailable"]],
        compare: [["status", "conditions"]],
      },
      get(`${apps}/replicasets`, 200, {
        only: [
          ["items", 0, "spec"],
          ["items", 0, "status"],
          ["items", 0, "metadata", "annotations"],
          ["items", 0, "metadata", "labels"],
          ["items", 0, "metadata", "ownerReferences"],
        ],
      }),
      get(podOf("web"), 200, {
        only: [
          ["items", 0, "metadata", "labels"],
          ["items", 0, "metadata", "ownerReferences"],
          ["items", 0, "status", "phase"],
          ["items", 0, "status", "qosClass"],
          ["items", 0, "status", "containerStatuses"],
          ["items", 0, "spec", "tolerations"],
          ["items", 0, "spec", "containers"],
          ["items", 0, "spec", "volumes"],
        ],
      }),
    ],
  },
  {
    area: "workloads",
    name: "a rollout keeps to maxSurge and maxUnavailable",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 4, annotations: { "sim.test/after": "100ms" } }),
        201,
        "",
        { only: [] },
      ),
      healthy("web", 4, 1),
      {
        do: "pace",
        path: `${deployments}?watch=1&fieldSelector=metadata.name%3Dweb`,
        during: [
          apply(
            `${deployments}/web`,
            "one",
            workload("Deployment", "web", { replicas: 4, image: "web:2", annotations: { "sim.test/after": "100ms" } }),
            200,
            "",
            { only: [] },
          ),
        ],
        until: [
          [["status", "observedGeneration"], 2],
          [["status", "updatedReplicas"], 4],
          [["status", "availableReplicas"], 4],
          [["status", "replicas"], 4],
        ],
        bounds: [
          { path: ["status", "replicas"], max: 5 },
          { path: ["status", "availableReplicas"], min: 3 },
        ],
      },
      healthy("web", 4, 2),
    ],
  },
  {
    area: "workloads",
    name: "a rollout goes back to a prior revision",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 4 }), 201, "", { only: [] }),
      healthy("web", 4, 1),
      image("web", "web:2"),
      healthy("web", 4, 2),
      image("web", "web:1"),
      healthy("web", 4, 3),
      get(`${apps}/replicasets`, 200, {
        only: [
          ["items", 0, "kind"],
          ["items", 1, "kind"],
          ["items", 2],
        ],
      }),
    ],
  },
  {
    area: "workloads",
    name: "a rollout stalls at its deadline",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", {
          replicas: 1,
          labels: { "sim.test/behaviour": "never-ready" },
          spec: { progressDeadlineSeconds: 2 },
        }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [
          [reasonOf("Available"), "MinimumReplicasUnavailable"],
          [reasonOf("Progressing"), "ProgressDeadlineExceeded"],
        ],
        compare: [["status"]],
      },
    ],
  },
  {
    area: "workloads",
    name: "a bad image leaves the old pods in place",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 4 }), 201, "", { only: [] }),
      healthy("web", 4, 1),
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", {
          replicas: 4,
          image: "web:none",
          labels: { "sim.test/behaviour": "imagepull" },
        }),
        200,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [
          [["status", "observedGeneration"], 2],
          [["status", "updatedReplicas"], 2],
          [["status", "availableReplicas"], 3],
          [["status", "replicas"], 5],
          [["status", "terminatingReplicas"], 0],
        ],
        compare: [...counts, reasonOf("Available"), reasonOf("Progressing")],
      },
      {
        do: "settle",
        path: `${core}/pods?labelSelector=sim.test/behaviour`,
        until: [
          [["items", 0, "status", "containerStatuses", 0, "state", "waiting", "reason"], "ImagePullBackOff"],
          [["items", 1, "status", "containerStatuses", 0, "state", "waiting", "reason"], "ImagePullBackOff"],
        ],
        compare: [
          ["items", 0, "status", "containerStatuses"],
          ["items", 0, "status", "phase"],
        ],
      },
    ],
  },
  {
    area: "workloads",
    name: "a crash loop counts its restarts",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 1, labels: { "sim.test/behaviour": "crashloop" } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("web"),
        until: [
          [["items", 0, "status", "containerStatuses", 0, "restartCount"], 2],
          [["items", 0, "status", "containerStatuses", 0, "state", "waiting", "reason"], "CrashLoopBackOff"],
        ],
        compare: [
          ["items", 0, "status", "containerStatuses"],
          ["items", 0, "status", "phase"],
        ],
      },
    ],
  },
  {
    area: "workloads",
    name: "a quota stops the pods that exceed it",
    steps: [
      post(
        `${core}/resourcequotas`,
        { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard: { pods: "1" } } },
        201,
        { only: [] },
      ),
      { do: "settle", path: `${core}/resourcequotas/q`, until: [[["status", "used", "pods"], "0"]] },
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 2 }), 201, "", { only: [] }),
      {
        do: "settle",
        path: `${apps}/replicasets`,
        until: [[["items", 0, "status", "conditions", 0, "reason"], "FailedCreate"]],
        compare: [["items", 0, "status", "conditions"]],
      },
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [
          [["status", "readyReplicas"], 1],
          [reasonOf("ReplicaFailure"), "FailedCreate"],
        ],
        compare: [["status"]],
      },
      {
        do: "settle",
        path: `${core}/resourcequotas/q`,
        until: [[["status", "used", "pods"], "1"]],
        compare: [["status"]],
      },
      post(
        `${core}/pods`,
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "p" },
          spec: { containers: [{ name: "main", image: "x:1" }] },
        },
        403,
      ),
    ],
  },
  {
    area: "workloads",
    name: "pods that fit nowhere say why",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 1, container: { resources: { requests: { cpu: "1000" } } } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("web"),
        until: [[["items", 0, "status", "conditions", { type: "PodScheduled" }, "reason"], "Unschedulable"]],
        compare: [["items", 0, "status"]],
      },
      apply(
        `${deployments}/pin`,
        "one",
        workload("Deployment", "pin", { replicas: 1, pod: { nodeSelector: { none: "such" } } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("pin"),
        until: [[["items", 0, "status", "conditions", { type: "PodScheduled" }, "reason"], "Unschedulable"]],
        compare: [["items", 0, "status"]],
      },
    ],
  },
  {
    area: "workloads",
    name: "Recreate and paused Deployments",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 2, spec: { strategy: { type: "Recreate" } } }),
        201,
        "",
        { only: [["spec", "strategy"]] },
      ),
      healthy("web", 2, 1),
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 2, image: "web:2", spec: { strategy: { type: "Recreate" } } }),
        200,
        "",
        { only: [] },
      ),
      healthy("web", 2, 2),
      merge(`${deployments}/web`, { spec: { paused: true } }, 200, { only: [] }),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [
          [["status", "observedGeneration"], 3],
          [reasonOf("Progressing"), "DeploymentPaused"],
        ],
        compare: [["status", "conditions"]],
      },
      merge(`${deployments}/web/scale`, { spec: { replicas: 3 } }, 200, { only: [["spec"]] }),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [[["status", "availableReplicas"], 3]],
        compare: [["spec", "replicas"]],
      },
    ],
  },
  {
    area: "workloads",
    name: "a StatefulSet grows, updates and shrinks in order",
    steps: [
      apply(
        `${apps}/statefulsets/db`,
        "one",
        workload("StatefulSet", "db", { replicas: 3, spec: { serviceName: "db" } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${apps}/statefulsets/db`,
        until: [[["status", "availableReplicas"], 3]],
        compare: [["status"]],
      },
      get(`${core}/pods/db-1`, 200, {
        only: [
          ["metadata", "labels"],
          ["spec", "hostname"],
          ["spec", "subdomain"],
          ["metadata", "ownerReferences"],
        ],
      }),
      apply(
        `${apps}/statefulsets/db`,
        "one",
        workload("StatefulSet", "db", {
          replicas: 3,
          image: "web:2",
          spec: { serviceName: "db", updateStrategy: { rollingUpdate: { partition: 2 } } },
        }),
        200,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${apps}/statefulsets/db`,
        until: [
          [["status", "observedGeneration"], 2],
          [["status", "updatedReplicas"], 1],
          [["status", "availableReplicas"], 3],
        ],
        compare: [["status"]],
      },
      get(`${core}/pods/db-1`, 200, { only: [["spec", "containers", 0, "image"]] }),
      get(`${core}/pods/db-2`, 200, { only: [["spec", "containers", 0, "image"]] }),
      merge(`${apps}/statefulsets/db`, { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } }, 200, {
        only: [],
      }),
      {
        do: "settle",
        path: `${apps}/statefulsets/db`,
        until: [
          [["status", "observedGeneration"], 3],
          [["status", "updatedReplicas"], 3],
          [["status", "availableReplicas"], 3],
          [["status", "currentReplicas"], 3],
        ],
        compare: [["status"]],
      },
      merge(`${apps}/statefulsets/db`, { spec: { replicas: 1 } }, 200, { only: [] }),
      { do: "settle", path: `${apps}/statefulsets/db`, until: [[["status", "replicas"], 1]], compare: [["status"]] },
      get(`${core}/pods/db-0`, 200, { only: [["kind"]] }),
      get(`${core}/pods/db-1`, 404),
    ],
  },
  {
    area: "workloads",
    name: "a StatefulSet stops at the first pod that is not ready",
    steps: [
      apply(
        `${apps}/statefulsets/db`,
        "one",
        workload("StatefulSet", "db", {
          replicas: 2,
          labels: { "sim.test/behaviour": "never-ready" },
          spec: { serviceName: "db" },
        }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${core}/pods/db-0`,
        until: [[["status", "phase"], "Running"]],
        compare: [["status", "containerStatuses"]],
      },
      {
        do: "settle",
        path: `${apps}/statefulsets/db`,
        until: [
          [["status", "replicas"], 1],
          [["status", "observedGeneration"], 1],
        ],
        compare: [["status"]],
      },
      get(`${core}/pods/db-1`, 404),
    ],
  },
  {
    area: "workloads",
    name: "a DaemonSet runs once per node and updates one by one",
    steps: [
      apply(
        `${apps}/daemonsets/agent`,
        "one",
        workload("DaemonSet", "agent", { pod: { nodeSelector: { "kubernetes.io/hostname": "node-1" } } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${apps}/daemonsets/agent`,
        until: [[["status", "numberAvailable"], 1]],
        compare: [["status"]],
      },
      get(podOf("agent"), 200, {
        only: [
          ["items", 0, "spec", "tolerations"],
          ["items", 0, "spec", "affinity"],
          ["items", 0, "metadata", "labels"],
          ["items", 1],
        ],
      }),
      apply(
        `${apps}/daemonsets/agent`,
        "one",
        workload("DaemonSet", "agent", {
          image: "web:2",
          pod: { nodeSelector: { "kubernetes.io/hostname": "node-1" } },
        }),
        200,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${apps}/daemonsets/agent`,
        until: [
          [["status", "observedGeneration"], 2],
          [["status", "updatedNumberScheduled"], 1],
          [["status", "numberAvailable"], 1],
        ],
        compare: [["status"]],
      },
    ],
  },
  {
    area: "workloads",
    name: "a Job completes",
    steps: [
      post(`${batch}/jobs`, job("j", { completions: 2, parallelism: 2 }), 201),
      {
        do: "settle",
        path: `${batch}/jobs/j`,
        until: [
          [["status", "succeeded"], 2],
          [["status", "conditions", { type: "Complete" }, "status"], "True"],
        ],
        compare: [["status"]],
      },
      del(`${batch}/jobs/j?propagationPolicy=Background`, 200, { only: [["kind"]] }),
      { do: "gone", path: `${batch}/jobs/j` },
    ],
  },
  {
    area: "workloads",
    name: "a Job fails at its backoff limit",
    steps: [
      post(`${batch}/jobs`, job("j", { backoffLimit: 0 }, { "sim.test/behaviour": "fail" }), 201, { only: [] }),
      {
        do: "settle",
        path: `${batch}/jobs/j`,
        until: [[["status", "conditions", { type: "Failed" }, "status"], "True"]],
        compare: [["status"]],
      },
      post(`${batch}/jobs`, job("k", { suspend: true }), 201, { only: [] }),
      {
        do: "settle",
        path: `${batch}/jobs/k`,
        until: [[["status", "conditions", { type: "Suspended" }, "status"], "True"]],
        compare: [["status"]],
      },
      del(`${batch}/jobs/k`, 200, { only: [["kind"]] }),
    ],
  },
  {
    area: "workloads",
    name: "a disruption budget blocks an eviction",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 2 }), 201, "", { only: [] }),
      healthy("web", 2, 1),
      post(
        "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
        {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata: { name: "web" },
          spec: { minAvailable: 2, selector: { matchLabels: { app: "web" } } },
        },
        201,
        { only: [] },
      ),
      {
        do: "settle",
        path: "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/web",
        until: [[["status", "currentHealthy"], 2]],
        compare: [["status"]],
      },
      get(podOf("web"), 200, { only: [], save: { pod: ["items", 0, "metadata", "name"] } }),
      post(
        `${core}/pods/{pod}/eviction`,
        { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "{pod}" } },
        429,
      ),
      merge("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/web", { spec: { minAvailable: 1 } }, 200, {
        only: [],
      }),
      {
        do: "settle",
        path: "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/web",
        until: [[["status", "disruptionsAllowed"], 1]],
        compare: [["status"]],
      },
      post(
        `${core}/pods/{pod}/eviction`,
        { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "{pod}" } },
        201,
      ),
      { do: "gone", path: `${core}/pods/{pod}` },
      healthy("web", 2, 1),
    ],
  },
  {
    area: "workloads",
    name: "a Service gets its endpoints",
    steps: [
      apply(
        `${core}/services/web`,
        "one",
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "web" },
          spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
        },
        201,
        "",
        { only: [] },
      ),
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 1 }), 201, "", { only: [] }),
      {
        do: "settle",
        path: "/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices",
        until: [[["items", 0, "endpoints", 0, "conditions", "ready"], true]],
        compare: [
          ["items", 0, "endpoints", 0, "conditions"],
          ["items", 0, "ports"],
          ["items", 0, "addressType"],
          ["items", 0, "metadata", "ownerReferences"],
        ],
      },
    ],
  },
  {
    area: "workloads",
    name: "logs of a container, and of its run before",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", {
          replicas: 1,
          labels: { "sim.test/behaviour": "crashloop" },
          annotations: { "sim.test/previous-log": "one\ntwo\nthree" },
        }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("web"),
        until: [[["items", 0, "status", "containerStatuses", 0, "restartCount"], 1]],
        save: { pod: ["items", 0, "metadata", "name"] },
      },
      get(`${core}/pods/{pod}/log?previous=true&container=main`, 200),
      get(`${core}/pods/{pod}/log?previous=true&container=main&tailLines=1`, 200),
      get(`${core}/pods/{pod}/log?container=nope`, 400),
      apply(
        `${deployments}/bad`,
        "one",
        workload("Deployment", "bad", { replicas: 1, labels: { "sim.test/behaviour": "imagepull" } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("bad"),
        until: [[["items", 0, "status", "containerStatuses", 0, "state", "waiting", "reason"], "ImagePullBackOff"]],
        save: { pod: ["items", 0, "metadata", "name"] },
      },
      get(`${core}/pods/{pod}/log`, 400),
      get(`${core}/pods/{pod}/log?previous=true`, 400),
    ],
  },
  {
    area: "workloads",
    name: "a deleted Deployment takes its pods along",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 1 }), 201, "", { only: [] }),
      healthy("web", 1, 1),
      del(`${deployments}/web`, 200, { only: [["kind"], ["status"]] }),
      { do: "settle", path: `${core}/pods`, until: [[["items", 0], null]] },
      { do: "settle", path: `${apps}/replicasets`, until: [[["items", 0], null]] },
    ],
  },
];
