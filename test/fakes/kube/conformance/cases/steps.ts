import { apply, apps, core, type Step, workload } from "../case.ts";

export const deployments = `${apps}/deployments`;
export const reasonOf = (type: string) => ["status", "conditions", { type }, "reason"] as const;
export const counts = [
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "observedGeneration",
  "terminatingReplicas",
].map((name) => ["status", name]);
export const healthy = (name: string, replicas: number, generation: number): Step => ({
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
export const image = (name: string, tag: string, query = "") =>
  apply(`${deployments}/${name}`, "one", workload("Deployment", name, { replicas: 4, image: tag }), 200, query, {
    only: [["metadata", "generation"]],
  });
export const job = (name: string, spec: object, labels: object = {}) => ({
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
export const podOf = (app: string) => `${core}/pods?labelSelector=app%3D${app}`;
