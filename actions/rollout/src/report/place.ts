import type { FailureCause, Verdict } from "@eks-actions/health";
import { containersOf, type FieldPath, identityOf, podTemplates } from "@eks-actions/manifest";
import type { PlannedObject } from "../plan.ts";

export interface BlamePlace {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** The line of the manifest that is to blame: the image that is missing, the limit that is too low, else the object. */
export function blamePlace(
  why: FailureCause,
  verdict: Verdict | undefined,
  objects: readonly PlannedObject[],
): BlamePlace {
  const planned = verdict === undefined ? undefined : objects.find((one) => one.identity === identityOf(verdict.ref));
  if (planned?.source === undefined) return {};
  const { file, line } = planned.source;
  const name = verdict?.evidence.find(({ container }) => container !== undefined)?.container;
  const containers = planned.wanted === undefined ? [] : podTemplates(planned.wanted.object).flatMap(containersOf);
  const container =
    containers.find((one) => one.name === name) ?? (why === "UNSCHEDULABLE" ? containers[0] : undefined);
  if (container === undefined) return { file, line };
  const paths = fieldsFor(why).map((field): FieldPath => [...container.path, ...field]);
  const exact = [...paths, container.path]
    .map((path) => planned.source?.lineOf(path))
    .find((found) => found !== undefined);
  return { file, line: exact ?? line };
}

/** Where people look first for each cause, the most exact first. */
function fieldsFor(why: FailureCause): readonly FieldPath[] {
  switch (why) {
    case "IMAGE_INVALID":
    case "IMAGE_NOT_FOUND":
    case "IMAGE_DENIED":
    case "IMAGE_PULL_SLOW":
      return [["image"]];
    case "START_ERROR":
      return [["command"], ["image"]];
    case "OOM_KILLED":
      return [["resources", "limits", "memory"], ["resources"]];
    case "UNSCHEDULABLE":
      return [["resources", "requests"], ["resources"]];
    case "PROBE_FAILING":
      return [["readinessProbe"], ["startupProbe"], ["livenessProbe"]];
    case "CONFIG_MISSING":
      return [["env"], ["envFrom"]];
    default:
      return [];
  }
}
