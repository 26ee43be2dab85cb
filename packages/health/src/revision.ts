import type { KubeObject } from "@eks-actions/manifest";
import { nodeStates } from "./nodes.ts";
import { isOwnedBy, isSince, textAt, timeAt } from "./read.ts";
import type { Around } from "./verdict.ts";

const REVISION = "deployment.kubernetes.io/revision";
const LOST = /^(Evicted|Preempting|Preempted|NodeShutdown|Terminated|NodeAffinity|NodeLost)$/;

/** The ReplicaSet that a Deployment rolls to: owner and revision agree. */
export function newestReplicaSet(deployment: KubeObject, around: Around): KubeObject | undefined {
  const revision = deployment.metadata.annotations?.[REVISION];
  return around.replicaSets.find(
    (set) =>
      isOwnedBy(set, deployment.metadata.uid) &&
      revision !== undefined &&
      set.metadata.annotations?.[REVISION] === revision,
  );
}

/** Pods of the revision that a workload rolls to. `undefined` while it is not known which those are. */
export function newPods(workload: KubeObject, around: Around): readonly KubeObject[] | undefined {
  const uid = workload.metadata.uid;
  switch (workload.kind) {
    case "Deployment": {
      const set = newestReplicaSet(workload, around);
      return set === undefined
        ? undefined
        : judged(
            around.pods.filter((pod) => isOwnedBy(pod, set.metadata.uid)),
            around,
          );
    }
    case "StatefulSet": {
      const revision = textAt(workload, "status", "updateRevision");
      return judged(
        around.pods.filter(
          (pod) => isOwnedBy(pod, uid) && pod.metadata.labels?.["controller-revision-hash"] === revision,
        ),
        around,
      );
    }
    case "DaemonSet":
      return judged(
        around.pods.filter((pod) => isOwnedBy(pod, uid) && isOfGeneration(pod, workload, around)),
        around,
      );
    default:
      return judged(
        around.pods.filter((pod) => isOwnedBy(pod, uid)),
        around,
      );
  }
}

// The DaemonSet controller writes the template's generation on its pods; without it the time of birth decides.
function isOfGeneration(pod: KubeObject, workload: KubeObject, around: Around): boolean {
  const wanted = workload.metadata.annotations?.["deprecated.daemonset.template.generation"];
  const own = pod.metadata.labels?.["pod-template-generation"];
  if (wanted !== undefined && own !== undefined) return wanted === own;
  return isSince(timeAt(pod, "metadata", "creationTimestamp"), around.startedAt);
}

/** Without pods that are going away, that stand on a lost node, or that the cluster itself took away. */
function judged(pods: readonly KubeObject[], around: Around): readonly KubeObject[] {
  const nodes = around.nodes === undefined ? undefined : nodeStates(around.nodes);
  return pods.filter((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    if (LOST.test(textAt(pod, "status", "reason"))) return false;
    const node = textAt(pod, "spec", "nodeName");
    return nodes === undefined || node === "" || nodes.get(node)?.ready === true;
  });
}
