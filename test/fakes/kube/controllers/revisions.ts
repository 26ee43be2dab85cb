import { canonical, clone, ensure, type JsonObject, numberAt, objectAt, textAt } from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, isOwnedBy, ownerReference, templateHash } from "./control.ts";

const resource = "controllerrevisions.apps";

export interface Revision {
  readonly name: string;
  /** The label `controller-revision-hash` of its pods. */
  readonly hash: string;
}

function revisionsOf(control: Control, owner: JsonObject): JsonObject[] {
  return control
    .list(resource, textAt(owner, "metadata", "namespace"))
    .filter((revision) => isOwnedBy(revision, owner))
    .sort((left, right) => (numberAt(left, "revision") ?? 0) - (numberAt(right, "revision") ?? 0));
}

/** The revision of the owner's present template: found, moved to the front, or made. */
export function currentRevision(
  control: Control,
  owner: JsonObject,
  labelOf: (name: string, hash: string) => string,
): Revision {
  const template = clone(objectAt(owner, "spec", "template"));
  const data: JsonObject = { spec: { template: { ...template, $patch: "replace" } } };
  const all = revisionsOf(control, owner);
  const newest = numberAt(all.at(-1), "revision") ?? 0;
  const known = all.find((revision) => canonical(revision["data"]) === canonical(data));
  const hash = templateHash(canonical(template));
  const ownName = textAt(owner, "metadata", "name") ?? "";
  const name = `${ownName}-${hash}`;
  if (known === undefined) {
    const labels = clone(objectAt(template, "metadata", "labels"));
    labels["controller.kubernetes.io/hash"] = hash;
    const metadata: JsonObject = {
      name,
      namespace: textAt(owner, "metadata", "namespace") ?? "",
      labels,
      ownerReferences: [ownerReference(owner)],
    };
    control.create(resource, { metadata, data, revision: newest + 1 });
  } else if (numberAt(known, "revision") !== newest) {
    control.change(resource, known, (draft) => {
      draft["revision"] = newest + 1;
    });
  }
  return { name, hash: labelOf(name, hash) };
}

/** Drops the oldest revisions beyond the limit that no pod uses. */
export function pruneRevisions(control: Control, owner: JsonObject, inUse: ReadonlySet<string>): void {
  const limit = numberAt(owner, "spec", "revisionHistoryLimit") ?? 10;
  const unused = revisionsOf(control, owner).filter((revision) => {
    const name = textAt(revision, "metadata", "name") ?? "";
    return (
      !inUse.has(name) && !inUse.has(textAt(revision, "metadata", "labels", "controller.kubernetes.io/hash") ?? "")
    );
  });
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) control.remove(resource, keyOf(revision));
}

export const revisionLabel = "controller-revision-hash";
export const revisionOf = (pod: JsonObject): string => textAt(pod, "metadata", "labels", revisionLabel) ?? "";

export function stamp(pod: JsonObject, labels: Readonly<Record<string, string>>): JsonObject {
  Object.assign(ensure(pod, "metadata", "labels"), labels);
  return pod;
}
