import { apply, apps, type Case, core, del, get, merge, workload } from "../case.ts";
import { counts, deployments, healthy, image, podOf, reasonOf } from "./steps.ts";

export const deploymentCases: readonly Case[] = [
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
          // The sum of two ReplicaSets' statuses, one of which may be behind: 5 pods, and never all 8.
          { path: ["status", "replicas"], max: 7 },
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
          // A busy server may count the pod only after the deadline.
          [["status", "updatedReplicas"], 1],
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
