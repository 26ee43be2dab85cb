import { apply, apps, type Case, core, get, merge, post, workload } from "../case.ts";
import { counts, deployments, healthy, podOf, reasonOf } from "./steps.ts";

export const podCases: readonly Case[] = [
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
        // Which of the conditions comes first depends on who was faster.
        compare: [
          ...counts,
          ...["Available", "Progressing", "ReplicaFailure"].map((type) => ["status", "conditions", { type }]),
        ],
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
    name: "events tell what happened",
    steps: [
      apply(`${deployments}/web`, "one", workload("Deployment", "web", { replicas: 1 }), 201, "", { only: [] }),
      healthy("web", 1, 1),
      merge(`${deployments}/web/scale`, { spec: { replicas: 0 } }, 200, { only: [] }),
      { do: "events", reasons: ["ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete", "Scheduled"], lines: 5 },
      apply(
        `${deployments}/big`,
        "one",
        workload("Deployment", "big", { replicas: 1, pod: { nodeSelector: { none: "such" } } }),
        201,
        "",
        { only: [] },
      ),
      { do: "events", reasons: ["FailedScheduling"], lines: 1 },
      ...["never-ready", "imagepull", "crashloop", "config-error"].map((behaviour) =>
        apply(
          `${deployments}/${behaviour}`,
          "one",
          workload("Deployment", behaviour, { replicas: 1, labels: { "sim.test/behaviour": behaviour } }),
          201,
          "",
          { only: [] },
        ),
      ),
      { do: "events", reasons: ["Unhealthy", "Failed", "BackOff"], lines: 5 },
    ],
  },
  {
    area: "workloads",
    name: "pods that cannot be created are told by events and conditions",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", { replicas: 1, pod: { serviceAccountName: "nope" } }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: `${deployments}/web`,
        until: [[reasonOf("ReplicaFailure"), "FailedCreate"]],
        compare: [["status", "conditions"]],
      },
      { do: "events", reasons: ["FailedCreate"], lines: 1 },
    ],
  },
  {
    area: "workloads",
    name: "init containers run first, sidecars go on, a broken one holds the pod",
    steps: [
      apply(
        `${deployments}/web`,
        "one",
        workload("Deployment", "web", {
          replicas: 1,
          pod: {
            initContainers: [
              { name: "migrate", image: "m:1" },
              { name: "proxy", image: "p:1", restartPolicy: "Always" },
            ],
          },
        }),
        201,
        "",
        { only: [["spec", "template", "spec", "initContainers"]] },
      ),
      healthy("web", 1, 1),
      get(podOf("web"), 200, { only: [["items", 0, "status", "initContainerStatuses"]] }),
      apply(
        `${deployments}/bad`,
        "one",
        workload("Deployment", "bad", {
          replicas: 1,
          labels: { "sim.test/behaviour": "init-crash" },
          pod: { initContainers: [{ name: "migrate", image: "m:1" }] },
        }),
        201,
        "",
        { only: [] },
      ),
      {
        do: "settle",
        path: podOf("bad"),
        until: [
          [["items", 0, "status", "initContainerStatuses", 0, "restartCount"], 1],
          [["items", 0, "status", "initContainerStatuses", 0, "state", "waiting", "reason"], "CrashLoopBackOff"],
        ],
        compare: [
          ["items", 0, "status", "initContainerStatuses"],
          ["items", 0, "status", "containerStatuses"],
          ["items", 0, "status", "phase"],
          ["items", 0, "status", "conditions"],
        ],
      },
    ],
  },
];
