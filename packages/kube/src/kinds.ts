import type { ResourceType } from "./resource.ts";

/** `Kind plural`, cluster-scoped ones with a trailing `*`. Stable in every Kubernetes that EKS offers. */
const STABLE: Readonly<Record<string, string>> = {
  v1: `ConfigMap configmaps, Endpoints endpoints, Event events, LimitRange limitranges, Namespace namespaces*,
    Node nodes*, PersistentVolume persistentvolumes*, PersistentVolumeClaim persistentvolumeclaims, Pod pods,
    PodTemplate podtemplates, ReplicationController replicationcontrollers, ResourceQuota resourcequotas,
    Secret secrets, Service services, ServiceAccount serviceaccounts`,
  "apps/v1": `ControllerRevision controllerrevisions, DaemonSet daemonsets, Deployment deployments,
    ReplicaSet replicasets, StatefulSet statefulsets`,
  "batch/v1": "CronJob cronjobs, Job jobs",
  "autoscaling/v1": "HorizontalPodAutoscaler horizontalpodautoscalers",
  "autoscaling/v2": "HorizontalPodAutoscaler horizontalpodautoscalers",
  "policy/v1": "PodDisruptionBudget poddisruptionbudgets",
  "networking.k8s.io/v1": "Ingress ingresses, IngressClass ingressclasses*, NetworkPolicy networkpolicies",
  "rbac.authorization.k8s.io/v1": `ClusterRole clusterroles*, ClusterRoleBinding clusterrolebindings*, Role roles,
    RoleBinding rolebindings`,
  "storage.k8s.io/v1": "CSIDriver csidrivers*, StorageClass storageclasses*, VolumeAttachment volumeattachments*",
  "coordination.k8s.io/v1": "Lease leases",
  "scheduling.k8s.io/v1": "PriorityClass priorityclasses*",
  "discovery.k8s.io/v1": "EndpointSlice endpointslices",
  "events.k8s.io/v1": "Event events",
  "node.k8s.io/v1": "RuntimeClass runtimeclasses*",
  "apiextensions.k8s.io/v1": "CustomResourceDefinition customresourcedefinitions*",
  "apiregistration.k8s.io/v1": "APIService apiservices*",
  "admissionregistration.k8s.io/v1": `MutatingWebhookConfiguration mutatingwebhookconfigurations*,
    ValidatingAdmissionPolicy validatingadmissionpolicies*,
    ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings*,
    ValidatingWebhookConfiguration validatingwebhookconfigurations*`,
};

const byKey: ReadonlyMap<string, ResourceType> = new Map(
  Object.entries(STABLE).flatMap(([apiVersion, text]) =>
    text.split(",").map((entry): [string, ResourceType] => {
      const [kind = "", plural = ""] = entry.trim().split(/\s+/);
      const namespaced = !plural.endsWith("*");
      return [`${apiVersion}/${kind}`, { apiVersion, kind, plural: plural.replace("*", ""), namespaced }];
    }),
  ),
);

/** Kubernetes' own stable kinds, known without asking a server. */
export function stableKind(apiVersion: string, kind: string): ResourceType | undefined {
  return byKey.get(`${apiVersion}/${kind}`);
}

/** All of the table, for comparing it with a server. */
export function stableKinds(): readonly ResourceType[] {
  return [...byKey.values()];
}
