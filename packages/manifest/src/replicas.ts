import { ActionError } from "@eks-actions/action/error";
import { groupOf, type KubeObject } from "./object.ts";
import type { FieldSource } from "./requests.ts";

/** Which count stands for a scaled workload. `spec`: the manifest's own, if the scaler would keep it. */
export type ReplicaBasis = "min" | "spec" | "max" | "mid";

export interface Scaler {
  readonly kind: "HorizontalPodAutoscaler" | "ScaledObject";
  readonly target: { readonly group: string; readonly kind: string; readonly name: string; readonly namespace: string };
  readonly min: number;
  readonly max: number;
  /** KEDA cron windows: they hold a share of the month at `replicas`. */
  readonly cron: readonly CronWindow[];
}

export interface CronWindow {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly replicas: number;
}

/** https://kubernetes.io/docs/setup/best-practices/cluster-large/ : no cluster holds more pods. */
export const MAX_REPLICAS = 150_000;

/** A HorizontalPodAutoscaler or KEDA ScaledObject, else `undefined`. @throws ActionError `MANIFEST_INVALID` */
export function readScaler(object: KubeObject, namespace: string, source: FieldSource): Scaler | undefined {
  const group = groupOf(object.apiVersion);
  const spec = record(object["spec"]);
  const ref = record(spec["scaleTargetRef"]);
  const name = ref["name"];
  if (typeof name !== "string") return undefined;
  const target = (kind: string, apiVersion: string) => ({ group: groupOf(apiVersion), kind, name, namespace });
  if (group === "autoscaling" && object.kind === "HorizontalPodAutoscaler") {
    const min = readCount(spec["minReplicas"], ["spec", "minReplicas"], source) ?? 1;
    const max = readCount(spec["maxReplicas"], ["spec", "maxReplicas"], source) ?? min;
    ordered(min, max, ["spec", "maxReplicas"], source);
    return {
      kind: "HorizontalPodAutoscaler",
      target: target(text(ref["kind"]) ?? "Deployment", text(ref["apiVersion"]) ?? "apps/v1"),
      min,
      max,
      cron: [],
    };
  }
  if (group === "keda.sh" && object.kind === "ScaledObject") {
    const min = readCount(spec["minReplicaCount"], ["spec", "minReplicaCount"], source) ?? 0;
    const max = readCount(spec["maxReplicaCount"], ["spec", "maxReplicaCount"], source) ?? 100;
    ordered(min, max, ["spec", "maxReplicaCount"], source);
    return {
      kind: "ScaledObject",
      target: target(text(ref["kind"]) ?? "Deployment", text(ref["apiVersion"]) ?? "apps/v1"),
      min,
      max,
      cron: readCron(spec["triggers"], source),
    };
  }
  return undefined;
}

export function isScaledBy(object: KubeObject, namespace: string, scaler: Scaler): boolean {
  const { target } = scaler;
  return (
    target.group === groupOf(object.apiVersion) &&
    target.kind === object.kind &&
    target.name === object.metadata.name &&
    target.namespace === namespace
  );
}

/** The count that the report counts with. `mid` is ⌈(min + max) / 2⌉; `spec` falls to `min` outside the range. */
export function replicasFor(basis: ReplicaBasis, specified: number | undefined, scaler: Scaler | undefined): number {
  if (scaler === undefined) return specified ?? 1;
  const { min, max } = scaler;
  switch (basis) {
    case "min":
      return min;
    case "max":
      return max;
    case "mid":
      return Math.ceil((min + max) / 2);
    case "spec": {
      const count = specified ?? 1;
      return count >= min && count <= max ? count : min;
    }
    default:
      return basis satisfies never;
  }
}

/**
 * A whole number from 0 to `MAX_REPLICAS`; `undefined` when the field is absent.
 * @throws ActionError `MANIFEST_INVALID`
 */
export function readCount(value: unknown, path: readonly (string | number)[], source: FieldSource): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_REPLICAS) return value;
  throw new ActionError("MANIFEST_INVALID", {
    message: `${source.object}: ${path.join(".")} is ${JSON.stringify(value)?.slice(0, 60)}, not a whole number from 0 to ${MAX_REPLICAS}`,
    hint: `write for example \`${path.at(-1)}: 3\``,
    ...source.place?.(path),
  });
}

function ordered(min: number, max: number, path: readonly (string | number)[], source: FieldSource): void {
  if (max >= min) return;
  throw new ActionError("MANIFEST_INVALID", {
    message: `${source.object}: ${path.join(".")} is ${max}, below the minimum ${min}`,
    hint: `write a maximum of at least ${min}`,
    ...source.place?.(path),
  });
}

function readCron(triggers: unknown, source: FieldSource): readonly CronWindow[] {
  return (Array.isArray(triggers) ? triggers : []).flatMap((trigger: unknown, index) => {
    const fields = record(trigger);
    if (fields["type"] !== "cron") return [];
    const metadata = record(fields["metadata"]);
    const start = text(metadata["start"]);
    const end = text(metadata["end"]);
    // KEDA's trigger metadata are texts, also the count.
    const replicas = Number(metadata["desiredReplicas"]);
    if (start === undefined || end === undefined || !Number.isInteger(replicas) || replicas < 0) {
      throw new ActionError("MANIFEST_INVALID", {
        message: `${source.object}: spec.triggers.${index}.metadata is no cron window`,
        hint: 'write `start`, `end` and `desiredReplicas`, for example `start: "0 8 * * 1-5"`',
        ...source.place?.(["spec", "triggers", index, "metadata"]),
      });
    }
    return [{ timezone: text(metadata["timezone"]) ?? "UTC", start, end, replicas }];
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
