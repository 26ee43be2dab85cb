import { isDoneWhenPresent } from "@eks-actions/health";
import { at, isRecord, type KubeObject } from "@eks-actions/manifest";

/**
 * An object as the gate needs it: the server's bookkeeping is half of what it answers, and the content of configuration
 * is never judged.
 */
export function slimObject(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const { apiVersion, kind } = object;
  return isDoneWhenPresent(object) ? { apiVersion, kind, metadata } : { ...object, metadata };
}

/** A pod as verdicts need it: thousands are kept, and their specs are most of their size. */
export function slimPod(pod: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, ownerReferences } =
    pod.metadata;
  const spec = isRecord(pod["spec"]) ? pod["spec"] : {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, ownerReferences },
    spec: {
      nodeName: spec["nodeName"],
      restartPolicy: spec["restartPolicy"],
      readinessGates: spec["readinessGates"],
      containers: slimContainers(spec["containers"]),
      initContainers: slimContainers(spec["initContainers"]),
      volumes: claims(spec["volumes"]),
    },
    status: pod["status"],
  };
}

function slimContainers(list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown) => ({
    name: at(item, ["name"]),
    image: at(item, ["image"]),
    restartPolicy: at(item, ["restartPolicy"]),
  }));
}

function claims(list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  return list.filter((item: unknown) => at(item, ["persistentVolumeClaim"]) !== undefined);
}
