import { apply, apps, batch, type Case, core, del, get, merge, post, workload } from "../case.ts";
import { deployments, healthy, job, podOf } from "./steps.ts";

export const workloadCases: readonly Case[] = [
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
];
