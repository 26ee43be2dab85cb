import { clone, ensure, type JsonObject, listAt, objectAt, objectsAt, textAt } from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, conditionOf, isDeleting, setCondition } from "./control.ts";
import type { Controller } from "./loop.ts";

const resource = "customresourcedefinitions.apiextensions.k8s.io";

/** Establishes CRDs and serves their resources; a deleted one takes its objects along. */
export function definitionController(control: Control): Controller {
  return {
    name: "definition",
    *keysFor(event) {
      if (event.resource === resource) yield keyOf(event.object);
      // A deleted definition waits for the last of its objects.
      const crd = event.type === "DELETED" ? control.get(resource, `/${event.resource}`) : undefined;
      if (crd !== undefined && isDeleting(crd)) yield keyOf(crd);
    },
    reconcile(key) {
      const crd = control.get(resource, key);
      if (crd === undefined) {
        withdraw(control, key.slice(1));
        return undefined;
      }
      if (isDeleting(crd)) clean(control, crd);
      else establish(control, crd);
      return undefined;
    },
  };
}

function establish(control: Control, crd: JsonObject) {
  const { registry } = control.world;
  registry.serve(crd);
  if (conditionOf(crd, "Established")?.["status"] === "True") {
    hold(control, crd);
    return;
  }
  const names = objectAt(crd, "spec", "names");
  const clash = registry
    .all()
    .find(
      (type) =>
        type.group === textAt(crd, "spec", "group") &&
        type.kind === names["kind"] &&
        type.custom?.crd !== textAt(crd, "metadata", "name"),
    );
  const time = control.time();
  control.changeStatus(resource, crd, (status) => {
    if (clash !== undefined) {
      const message = `"${textAt(names, "kind")}" is already in use`;
      setCondition(status, { type: "NamesAccepted", status: "False", reason: "KindConflict", message }, time);
      setCondition(
        status,
        { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" },
        time,
      );
      return;
    }
    setCondition(
      status,
      { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
      time,
    );
    setCondition(
      status,
      {
        type: "Established",
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
      },
      time,
    );
    status["acceptedNames"] = clone(names);
    status["storedVersions"] = objectsAt(crd, "spec", "versions")
      .filter((version) => version["storage"] === true)
      .map((version) => textAt(version, "name") ?? "");
  });
}

const cleanup = "customresourcecleanup.apiextensions.k8s.io";

function hold(control: Control, crd: JsonObject) {
  if (listAt(crd, "metadata", "finalizers").includes(cleanup)) return;
  control.change(resource, crd, (draft) => {
    const metadata = ensure(draft, "metadata");
    metadata["finalizers"] = [...listAt(metadata, "finalizers"), cleanup];
  });
}

/** Deletes the objects of a deleted definition; the finalizer goes with the last of them. */
function clean(control: Control, crd: JsonObject) {
  const name = textAt(crd, "metadata", "name") ?? "";
  const finalizers = listAt(crd, "metadata", "finalizers");
  if (!finalizers.includes(cleanup)) return;
  const message = "CustomResource deletion is in progress";
  control.changeStatus(resource, crd, (status) => {
    setCondition(
      status,
      { type: "Terminating", status: "True", reason: "InstanceDeletionInProgress", message },
      control.time(),
    );
  });
  for (const object of control.list(name)) if (!isDeleting(object)) control.remove(name, keyOf(object));
  if (control.list(name).length > 0) return;
  control.change(resource, crd, (draft) => {
    ensure(draft, "metadata")["finalizers"] = finalizers.filter((one) => one !== cleanup);
  });
}

function withdraw(control: Control, name: string) {
  control.world.registry.withdraw(name);
}
