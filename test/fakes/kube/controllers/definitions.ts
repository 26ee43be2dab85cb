import { clone, type JsonObject, objectAt, objectsAt, textAt } from "../json.ts";
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
    },
    reconcile(key) {
      const crd = control.get(resource, key);
      if (crd === undefined) {
        withdraw(control, key.slice(1));
        return undefined;
      }
      if (!isDeleting(crd)) establish(control, crd);
      return undefined;
    },
  };
}

function establish(control: Control, crd: JsonObject) {
  const { registry } = control.world;
  registry.serve(crd);
  if (conditionOf(crd, "Established")?.["status"] === "True") return;
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

function withdraw(control: Control, name: string) {
  for (const object of control.list(name)) control.world.store.delete(name, keyOf(object));
  control.world.registry.withdraw(name);
}
