import { ActionError } from "@eks-actions/action";
import { groupOf, isRecord, type KubeObject, type ObjectRef } from "@eks-actions/manifest";
import { labels, type Wanted } from "../model.ts";
import { applySetId, parentName } from "../set/set.ts";

const TOOLING = "applyset.kubernetes.io/tooling";
const KINDS = "applyset.kubernetes.io/contains-group-kinds";
const NAMESPACES = "applyset.kubernetes.io/additional-namespaces";
const INVENTORY_TYPE = "eks-actions.dev/inventory";

/** Where members of an app may be, as its parent Secret says: KEP-3659. */
export interface Inventory {
  readonly uid: string;
  readonly resourceVersion: string;
  /** `Deployment.apps`, `Service` */
  readonly groupKinds: readonly string[];
  /** Beside the parent's own. */
  readonly namespaces: readonly string[];
}

/**
 * Reads the parent Secret.
 * @throws ActionError `INVENTORY_FOREIGN` when another tool or app owns it
 */
export function readInventory(parent: KubeObject, app: string, namespace: string): Inventory {
  const tooling = parent.metadata.annotations?.[TOOLING] ?? "";
  const id = parent.metadata.labels?.[labels.applySet];
  const isOurs =
    tooling.startsWith("eks-actions/") && id === applySetId(app, namespace) && parent["type"] === INVENTORY_TYPE;
  if (!isOurs) {
    throw new ActionError("INVENTORY_FOREIGN", {
      message: `Secret ${parentName(app)} in ${namespace} is no inventory of this action (tooling \`${tooling || "none"}\`)`,
      hint: "choose another `app`, or delete the Secret if nothing uses it",
    });
  }
  return {
    uid: parent.metadata.uid ?? "",
    resourceVersion: parent.metadata.resourceVersion ?? "",
    groupKinds: words(parent.metadata.annotations?.[KINDS]),
    namespaces: words(parent.metadata.annotations?.[NAMESPACES]),
  };
}

/** The parent Secret for a set of members; `keep` adds the kinds and namespaces of an earlier set. */
export function parentSecret(
  app: string,
  namespace: string,
  members: readonly { readonly ref: ObjectRef }[],
  keep: { readonly groupKinds: readonly string[]; readonly namespaces: readonly string[] },
  version: string,
): KubeObject {
  const kinds = unique([...members.map(({ ref }) => groupKind(ref)), ...keep.groupKinds]);
  const namespaces = unique([
    ...members.flatMap(({ ref }) => (ref.namespace === undefined ? [] : [ref.namespace])),
    ...keep.namespaces,
  ]);
  const elsewhere = namespaces.filter((one) => one !== namespace);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: parentName(app),
      namespace,
      labels: { [labels.app]: app, [labels.applySet]: applySetId(app, namespace) },
      annotations: {
        [TOOLING]: `eks-actions/v${version}`,
        [KINDS]: kinds.join(","),
        [NAMESPACES]: elsewhere.join(","),
      },
    },
    type: INVENTORY_TYPE,
  };
}

export function groupKind(ref: { readonly apiVersion: string; readonly kind: string }): string {
  const group = groupOf(ref.apiVersion);
  return group === "" ? ref.kind : `${ref.kind}.${group}`;
}

/** True when the parent names something that the set no longer has. */
export function isWider(inventory: Inventory, wanted: readonly Wanted[], namespace: string): boolean {
  const kinds = new Set(wanted.map(({ ref }) => groupKind(ref)));
  const namespaces = new Set([
    namespace,
    ...wanted.flatMap(({ ref }) => (ref.namespace === undefined ? [] : [ref.namespace])),
  ]);
  return (
    inventory.groupKinds.some((kind) => !kinds.has(kind)) || inventory.namespaces.some((one) => !namespaces.has(one))
  );
}

/** True when the parent names every kind and namespace of the set already. */
export function isCovered(
  inventory: Inventory | undefined,
  members: readonly { readonly ref: ObjectRef }[],
  namespace: string,
): boolean {
  if (inventory === undefined) return false;
  const kinds = new Set(inventory.groupKinds);
  const namespaces = new Set([namespace, ...inventory.namespaces]);
  return members.every(
    ({ ref }) => kinds.has(groupKind(ref)) && (ref.namespace === undefined || namespaces.has(ref.namespace)),
  );
}

const NEVER_PRUNED = new Set(["Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume"]);

/** Why a member that left the set stays in the cluster; `undefined`: it is pruned. */
export function keepReason(member: KubeObject, pruneAllow: readonly string[]): string | undefined {
  const notes = member.metadata.annotations ?? {};
  if (notes["helm.sh/resource-policy"] === "keep") return "annotation helm.sh/resource-policy: keep";
  if (/\bPrune=false\b/.test(notes["argocd.argoproj.io/sync-options"] ?? ""))
    return "annotation argocd.argoproj.io/sync-options: Prune=false";
  if (NEVER_PRUNED.has(member.kind) && !pruneAllow.includes(member.kind))
    return `kind ${member.kind} is pruned only with \`prune-allow: ${member.kind}\``;
  return undefined;
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort();
}

/** True for an object whose labels say that it belongs to the app. */
export function isMember(object: KubeObject, id: string): boolean {
  return isRecord(object.metadata.labels) && object.metadata.labels[labels.partOf] === id;
}
