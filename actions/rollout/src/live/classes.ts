import type { KubeClient, ResourceType } from "@eks-actions/kube";
import type { KubeObject } from "@eks-actions/manifest";

const CLASSES: readonly ResourceType[] = [
  { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", plural: "ingressclasses", namespaced: false },
  { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", plural: "storageclasses", namespaced: false },
];

/** IngressClasses and StorageClasses. Without the right to read them, a volume or Ingress is judged by its own state. */
export async function readClasses(kube: Pick<KubeClient, "list">, signal: AbortSignal): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(
    CLASSES.map(async (type) => {
      try {
        const { items } = await kube.list(type, { signal });
        return items.map((item) => ({ ...item, apiVersion: type.apiVersion, kind: type.kind }));
      } catch {
        return []; // said above: the verdict does without
      }
    }),
  );
  return lists.flat();
}
