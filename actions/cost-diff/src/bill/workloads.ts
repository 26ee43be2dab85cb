import { ActionError } from "@eks-actions/action";
import {
  addResources,
  type ContainerDefaults,
  containerDefaults,
  groupOf,
  isScaledBy,
  podRequest,
  type ReplicaBasis,
  type Resources,
  readCount,
  readResources,
  readScaler,
  replicasFor,
  type Scaler,
} from "@eks-actions/manifest";
import type { Manifest, Warning } from "../model.ts";
import { dig, digList, digText, digTexts, objectId, sourceOf } from "../sides/place.ts";
import { ATTACHMENTS, readAttachments } from "./attachments.ts";
import { type Constraint, readConstraint } from "./constraint.ts";
import { isTimeZone, parseCron, runsInMonth } from "./cron.ts";

/** Something that runs pods, with what one of them asks for. */
export interface Workload {
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly file: string;
  readonly line: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly podSpec: unknown;
  /** Pods at a time by the asked basis; 1 a node for DaemonSets. */
  readonly replicas: number;
  /** Fewest and most pods, where a scaler decides. */
  readonly range: { readonly min: number; readonly max: number } | undefined;
  readonly request: Resources;
  readonly constraint: Constraint;
  /** Jobs: pods that run a share of the month only. */
  readonly job: { readonly podHours: number; readonly runs: number; readonly seconds: number } | undefined;
}

export interface WorkloadOptions {
  readonly basis: ReplicaBasis;
  readonly assume: Resources | undefined;
  readonly asOf: string;
  /** Usage by workload id. */
  readonly usage: ReadonlyMap<
    string,
    { readonly durationSeconds?: number | undefined; readonly replicas?: number | undefined }
  >;
}

export interface ReadWorkloads {
  readonly workloads: readonly Workload[];
  readonly warnings: readonly Warning[];
}

const CORE_KINDS = new Map([
  ["Deployment", "apps"],
  ["StatefulSet", "apps"],
  ["DaemonSet", "apps"],
  ["ReplicaSet", "apps"],
  ["Pod", ""],
  ["Job", "batch"],
  ["CronJob", "batch"],
]);

/** Controllers that make pods out of their own kinds: what they make is not in the manifests. */
const INVISIBLE = new Set([
  "argoproj.io/Rollout",
  "argoproj.io/Workflow",
  "argoproj.io/CronWorkflow",
  "serving.knative.dev/Service",
  "monitoring.coreos.com/Prometheus",
  "monitoring.coreos.com/Alertmanager",
  "kafka.strimzi.io/Kafka",
  "postgresql.cnpg.io/Cluster",
  "ray.io/RayCluster",
  "sparkoperator.k8s.io/SparkApplication",
  "keda.sh/ScaledJob",
  "elasticsearch.k8s.elastic.co/Elasticsearch",
]);

/** @throws ActionError `MANIFEST_INVALID` */
export function readWorkloads(manifests: readonly Manifest[], options: WorkloadOptions): ReadWorkloads {
  const warnings: Warning[] = [];
  const context: Context = {
    ...options,
    scalers: manifests.flatMap((one) => readScaler(one.object, namespaceOf(one), sourceOf(one)) ?? []),
    limits: limitRanges(manifests, warnings),
    overheads: new Map(
      manifests
        .filter(({ object }) => object.kind === "RuntimeClass")
        .map((one) => [
          one.object.metadata.name,
          readResources(dig(one.object, "overhead", "podFixed"), sourceOf(one), ["overhead", "podFixed"]) ?? {},
        ]),
    ),
    attachments: readAttachments(manifests),
    warnings,
  };
  const workloads: Workload[] = [];
  for (const manifest of manifests) {
    const { object } = manifest;
    const group = groupOf(object.apiVersion);
    if (INVISIBLE.has(`${group}/${object.kind}`)) warnings.push(warning("KIND_INVISIBLE", manifest));
    if (object.kind === "VerticalPodAutoscaler" && digText(object, "spec", "updatePolicy", "updateMode") !== "Off") {
      warnings.push(warning("VPA_AUTO", manifest));
    }
    if (CORE_KINDS.get(object.kind) !== group) continue;
    if ((object.metadata.ownerReferences ?? []).length > 0) continue;
    workloads.push(readWorkload(manifest, context));
  }
  return { workloads, warnings };
}

interface Context extends WorkloadOptions {
  readonly scalers: readonly Scaler[];
  readonly limits: ReadonlyMap<string, ContainerDefaults>;
  readonly overheads: ReadonlyMap<string, Resources>;
  readonly attachments: ReturnType<typeof readAttachments>;
  readonly warnings: Warning[];
}

function readWorkload(manifest: Manifest, context: Context): Workload {
  const { object } = manifest;
  const namespace = namespaceOf(manifest);
  const path = podPath(object.kind);
  const podSpec = dig(object, ...path) ?? {};
  const labels = digTexts(object, ...path.slice(0, -1), "metadata", "labels");
  const source = sourceOf(manifest);
  const request = podRequest(podSpec, source, path, {
    defaults: context.limits.get(namespace),
    assume: context.assume,
    overhead: context.overheads.get(digText(podSpec, "runtimeClassName") ?? ""),
  });
  if (request.missing.length > 0) {
    context.warnings.push(warning("REQUESTS_MISSING", manifest, { containers: request.missing.join(", ") }));
  }
  const attached = context.attachments(manifest, podSpec);
  const constraint = readConstraint(podSpec, { namespace, labels }, attached.zones);
  if (constraint.ignored > 0) context.warnings.push(warning("PREFERENCES_IGNORED", manifest));
  const id = objectId(manifest);
  const scaler = context.scalers.find((one) => isScaledBy(object, namespace, one));
  const job = jobOf(manifest, id, context);
  return {
    id,
    kind: object.kind,
    namespace,
    file: manifest.file,
    line: manifest.line,
    labels: Object.keys(labels).length > 0 ? labels : digTexts(object, "metadata", "labels"),
    podSpec,
    replicas: context.usage.get(id)?.replicas ?? replicasOf(manifest, scaler, context),
    range: scaler === undefined ? undefined : { min: scaler.min, max: scaler.max },
    request: addResources(request.resources, {
      ...hostPorts(podSpec),
      ...(attached.volumes > 0 ? { [ATTACHMENTS]: attached.volumes } : {}),
    }),
    constraint,
    job,
  };
}

function podPath(kind: string): readonly string[] {
  if (kind === "Pod") return ["spec"];
  if (kind === "CronJob") return ["spec", "jobTemplate", "spec", "template", "spec"];
  return ["spec", "template", "spec"];
}

/** Two pods with one host port cannot share a node: the port is a resource of which a node has one. */
function hostPorts(podSpec: unknown): Resources {
  const ports = digList(podSpec, "containers").flatMap((container) =>
    digList(container, "ports").flatMap((port) => {
      const number = dig(port, "hostPort");
      return typeof number === "number" && number > 0 ? [number] : [];
    }),
  );
  return Object.fromEntries([...new Set(ports)].map((port) => [`port:${port}`, 1]));
}

function replicasOf(manifest: Manifest, scaler: Scaler | undefined, context: Context): number {
  const { kind } = manifest.object;
  if (kind === "Pod" || kind === "DaemonSet") return 1;
  const source = sourceOf(manifest);
  if (kind === "Job")
    return readCount(dig(manifest.object, "spec", "parallelism"), ["spec", "parallelism"], source) ?? 1;
  if (kind === "CronJob") {
    const path = ["spec", "jobTemplate", "spec", "parallelism"];
    return readCount(dig(manifest.object, ...path), path, source) ?? 1;
  }
  const specified = readCount(dig(manifest.object, "spec", "replicas"), ["spec", "replicas"], source);
  const basis = replicasFor(context.basis, specified, scaler);
  return scaler === undefined || scaler.cron.length === 0 ? basis : cronMean(manifest, scaler, basis, context);
}

/** KEDA cron windows: the mean over the month of the hours' counts, rounded up. */
function cronMean(manifest: Manifest, scaler: Scaler, outside: number, context: Context): number {
  let hours = 0;
  let weighted = 0;
  for (const window of scaler.cron) {
    const start = parseCron(window.start);
    const end = parseCron(window.end);
    if (start === undefined || end === undefined || !isTimeZone(window.timezone)) {
      throw invalid(
        manifest,
        ["spec"],
        `the cron window ${window.start} to ${window.end} (${window.timezone}) cannot be read`,
      );
    }
    const runs = runsInMonth(start, context.asOf, window.timezone);
    const length = windowHours(start.hours, start.minutes, end.hours, end.minutes);
    const share = Math.min(730, runs * length);
    hours += share;
    weighted += share * Math.max(window.replicas, scaler.min);
  }
  const inside = Math.min(730, hours);
  return Math.ceil((weighted + (730 - inside) * Math.min(outside, scaler.max)) / 730);
}

function windowHours(
  startHours: ReadonlySet<number>,
  startMinutes: ReadonlySet<number>,
  endHours: ReadonlySet<number>,
  endMinutes: ReadonlySet<number>,
): number {
  const start = Math.min(...startHours) * 60 + Math.min(...startMinutes);
  const end = Math.min(...endHours) * 60 + Math.min(...endMinutes);
  return ((end - start + 24 * 60) % (24 * 60)) / 60;
}

function jobOf(manifest: Manifest, id: string, context: Context): Workload["job"] {
  const { object } = manifest;
  if (object.kind !== "Job" && object.kind !== "CronJob") return undefined;
  const path = object.kind === "Job" ? ["spec"] : ["spec", "jobTemplate", "spec"];
  const source = sourceOf(manifest);
  const count = (field: string) => readSeconds(manifest, dig(object, ...path, field), [...path, field]);
  const deadline = count("activeDeadlineSeconds");
  const stated = context.usage.get(id)?.durationSeconds;
  if (stated === undefined && deadline === undefined) context.warnings.push(warning("CRON_DURATION_ASSUMED", manifest));
  const seconds = Math.min(stated ?? deadline ?? 60, deadline ?? Number.POSITIVE_INFINITY);
  const parallelism = readCount(dig(object, ...path, "parallelism"), [...path, "parallelism"], source) ?? 1;
  const runs = object.kind === "Job" ? 1 : cronRuns(manifest, context.asOf);
  return { runs, seconds, podHours: (runs * seconds * parallelism) / 3600 };
}

function readSeconds(manifest: Manifest, value: unknown, path: readonly string[]): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 31_536_000) return value;
  throw invalid(manifest, path, `${path.join(".")} is ${JSON.stringify(value).slice(0, 60)}, not a number of seconds`);
}

function cronRuns(manifest: Manifest, asOf: string): number {
  if (dig(manifest.object, "spec", "suspend") === true) return 0;
  const schedule = digText(manifest.object, "spec", "schedule") ?? "";
  const timezone = digText(manifest.object, "spec", "timeZone") ?? "UTC";
  const cron = parseCron(schedule);
  if (cron === undefined || !isTimeZone(timezone)) {
    throw invalid(
      manifest,
      ["spec", "schedule"],
      `spec.schedule is ${JSON.stringify(schedule)} (${timezone}), not a cron schedule`,
    );
  }
  return runsInMonth(cron, asOf, timezone);
}

function limitRanges(manifests: readonly Manifest[], warnings: Warning[]): ReadonlyMap<string, ContainerDefaults> {
  const found = new Map<string, ContainerDefaults>();
  const ranges = manifests
    .filter(({ object }) => object.kind === "LimitRange" && object.apiVersion === "v1")
    .sort((a, b) => (a.object.metadata.name < b.object.metadata.name ? -1 : 1));
  for (const range of ranges) {
    if (found.has(namespaceOf(range))) warnings.push(warning("LIMIT_RANGES", range));
    else found.set(namespaceOf(range), containerDefaults(range.object, sourceOf(range)));
  }
  return found;
}

function namespaceOf(manifest: Manifest): string {
  return manifest.object.metadata.namespace ?? "default";
}

function warning(code: Warning["code"], manifest: Manifest, args: Readonly<Record<string, string>> = {}): Warning {
  return { code, args: { object: objectId(manifest), ...args }, file: manifest.file, line: manifest.line };
}

function invalid(manifest: Manifest, path: readonly string[], message: string): ActionError {
  return new ActionError("MANIFEST_INVALID", {
    message: `${objectId(manifest)}: ${message}`,
    hint: 'write for example `schedule: "*/15 * * * *"`',
    file: manifest.file,
    line: manifest.lineOf(path) ?? manifest.line,
  });
}
