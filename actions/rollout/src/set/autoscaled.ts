import { at, groupOf, isRecord, type KubeObject } from "@eks-actions/manifest";
import { ownEntry } from "../live/ownership.ts";
import type { Wanted } from "../model.ts";
import { rehashed } from "./set.ts";

/** Workloads whose replicas an autoscaler moves, as `Kind namespace/name`. */
export function autoscaledTargets(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(
    objects.flatMap((object) => {
      const key = `${groupOf(object.apiVersion)}/${object.kind}`;
      if (key !== "autoscaling/HorizontalPodAutoscaler" && key !== "keda.sh/ScaledObject") return [];
      const target = at(object, ["spec", "scaleTargetRef"]);
      if (!isRecord(target)) return [];
      const kind = typeof target["kind"] === "string" ? target["kind"] : "Deployment";
      return [`${kind} ${object.metadata.namespace ?? ""}/${String(target["name"])}`];
    }),
  );
}

/** Leaves `spec.replicas` to the autoscaler; the rest of the object stays as it is. */
export function withoutReplicas(wanted: Wanted, targets: ReadonlySet<string>): Wanted {
  const { kind, namespace, name } = wanted.ref;
  if (!targets.has(`${kind} ${namespace ?? ""}/${name}`)) return wanted;
  const spec = wanted.object["spec"];
  if (!isRecord(spec) || !("replicas" in spec)) return wanted;
  const { replicas: _, ...rest } = spec;
  return rehashed(wanted, { ...wanted.object, spec: rest });
}

/**
 * Replicas to hand over before we stop owning them: without this, server-side apply would reset them to 1. `undefined`
 * when they are not ours, or still in the manifest.
 */
export function replicasToHandOver(desired: KubeObject, live: KubeObject | undefined): number | undefined {
  if (live === undefined || at(desired, ["spec", "replicas"]) !== undefined) return undefined;
  const owns = at(ownEntry(live)?.fieldsV1, ["f:spec", "f:replicas"]) !== undefined;
  const replicas = at(live, ["spec", "replicas"]);
  return owns && typeof replicas === "number" ? replicas : undefined;
}
