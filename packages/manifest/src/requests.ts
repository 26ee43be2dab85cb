import { ActionError, type ErrorPlace } from "@eks-actions/action/error";
import { quantityMillis, quantityUnits } from "./quantity.ts";

/** `cpu` in thousandths, `memory` and `ephemeral-storage` in bytes, every other resource in whole units. */
export type Resources = Readonly<Record<string, number>>;

/** Finds the source of a field for an error, by its path inside the object. */
export interface FieldSource {
  /** As a person names it: `default/Deployment/web`. */
  readonly object: string;
  place?(path: readonly (string | number)[]): ErrorPlace;
}

/** Merged defaults of one namespace for containers. */
export interface ContainerDefaults {
  readonly requests: Resources;
}

export interface RequestOptions {
  /** The namespace's LimitRange, if any. */
  readonly defaults?: ContainerDefaults | undefined;
  /** What a container without any request counts, for `cpu` and `memory`. Absent: nothing. */
  readonly assume?: Resources | undefined;
  /** `overhead.podFixed` of the RuntimeClass, where the pod does not carry it. */
  readonly overhead?: Resources | undefined;
}

export interface PodRequest {
  readonly resources: Resources;
  /** Containers that state neither request nor limit nor get a default for `cpu` or `memory`. */
  readonly missing: readonly string[];
}

type Path = readonly (string | number)[];
interface Container {
  readonly name: string;
  readonly isSidecar: boolean;
  readonly requests: Resources;
  readonly isMissing: boolean;
}

/**
 * What the scheduler reserves for one pod: the most that its containers and init containers need at one time, sidecars
 * counted from where they start (KEP-753), pod-level requests in their place (KEP-2837), RuntimeClass overhead on top.
 * @param path where `podSpec` stands in the object, for errors
 * @throws ActionError `MANIFEST_INVALID`
 */
export function podRequest(
  podSpec: unknown,
  source: FieldSource,
  path: Path = ["spec"],
  options: RequestOptions = {},
): PodRequest {
  const spec = record(podSpec);
  const containers = readContainers(spec["containers"], source, [...path, "containers"], options);
  const inits = readContainers(spec["initContainers"], source, [...path, "initContainers"], options);
  let sidecars: Resources = {};
  let peak: Resources = {};
  for (const init of inits) {
    const running = add(sidecars, init.requests);
    peak = atLeast(peak, running);
    if (init.isSidecar) sidecars = running;
  }
  const steady = containers.reduce<Resources>((sum, container) => add(sum, container.requests), sidecars);
  const overhead = readResources(spec["overhead"], source, [...path, "overhead"]) ?? options.overhead ?? {};
  const needed = { ...atLeast(steady, peak), ...podLevel(spec["resources"], steady, source, [...path, "resources"]) };
  const stated = podLevelNames(spec["resources"]);
  return {
    resources: withoutZeros(add(needed, overhead)),
    missing: [...inits, ...containers]
      .filter((container) => container.isMissing && !(stated.has("cpu") && stated.has("memory")))
      .map((container) => container.name),
  };
}

/**
 * `default` ← `max`, `defaultRequest` ← `default`, else `min`, of the items of type Container, as the API server fills
 * them in.
 * @throws ActionError `MANIFEST_INVALID`
 */
export function containerDefaults(limitRange: unknown, source: FieldSource): ContainerDefaults {
  const limits = record(record(limitRange)["spec"])["limits"];
  const requests: Record<string, number> = {};
  for (const [index, item] of (Array.isArray(limits) ? limits : []).entries()) {
    const fields = record(item);
    if (fields["type"] !== "Container") continue;
    const at = (field: string) => readResources(fields[field], source, ["spec", "limits", index, field]) ?? {};
    Object.assign(requests, at("min"), at("max"), at("default"), at("defaultRequest"));
  }
  return { requests };
}

/** A map of quantities. `undefined` when the field is absent. @throws ActionError `MANIFEST_INVALID` */
export function readResources(value: unknown, source: FieldSource, path: Path): Resources | undefined {
  if (value === undefined || value === null) return undefined;
  const resources: Record<string, number> = {};
  for (const [name, quantity] of Object.entries(record(value))) {
    if (quantity === null || quantity === undefined) continue;
    const parsed = name === "cpu" ? quantityMillis(quantity) : quantityUnits(quantity);
    if (parsed === undefined) throw badQuantity(name, quantity, source, [...path, name]);
    resources[name] = parsed;
  }
  return resources;
}

export function add(a: Resources, b: Resources): Resources {
  return combine(a, b, (x, y) => x + y);
}

/** The larger of both, by resource. */
export function atLeast(a: Resources, b: Resources): Resources {
  return combine(a, b, Math.max);
}

function combine(a: Resources, b: Resources, join: (x: number, y: number) => number): Resources {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = join(sum[name] ?? 0, value);
  return sum;
}

function withoutZeros(resources: Resources): Resources {
  return Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== 0));
}

function readContainers(
  value: unknown,
  source: FieldSource,
  path: Path,
  options: RequestOptions,
): readonly Container[] {
  return (Array.isArray(value) ? value : []).map((item: unknown, index) => {
    const fields = record(item);
    const resources = record(fields["resources"]);
    const at = [...path, index, "resources"];
    const limits = readResources(resources["limits"], source, [...at, "limits"]) ?? {};
    const requests = readResources(resources["requests"], source, [...at, "requests"]) ?? {};
    const defaulted: Resources = { ...options.defaults?.requests, ...limits, ...requests };
    return {
      name: typeof fields["name"] === "string" ? fields["name"] : `#${index + 1}`,
      isSidecar: fields["restartPolicy"] === "Always",
      requests: { ...options.assume, ...defaulted },
      isMissing: defaulted["cpu"] === undefined || defaulted["memory"] === undefined,
    };
  });
}

// A pod-level limit without a request becomes the request only where no container requests the resource.
function podLevel(value: unknown, steady: Resources, source: FieldSource, path: Path): Resources {
  const resources = record(value);
  const limits = readResources(resources["limits"], source, [...path, "limits"]) ?? {};
  const requests = readResources(resources["requests"], source, [...path, "requests"]) ?? {};
  const fromLimits = Object.entries(limits).filter(([name]) => (steady[name] ?? 0) === 0);
  return { ...Object.fromEntries(fromLimits), ...requests };
}

function podLevelNames(value: unknown): ReadonlySet<string> {
  const resources = record(value);
  return new Set([...Object.keys(record(resources["limits"])), ...Object.keys(record(resources["requests"]))]);
}

function badQuantity(name: string, value: unknown, source: FieldSource, path: Path): ActionError {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? "nothing";
  return new ActionError("MANIFEST_INVALID", {
    message: `${source.object}: ${path.join(".")} is ${shown}, not a quantity of at least 0 that Kubernetes accepts`,
    hint: name === "cpu" ? "write for example `cpu: 500m`" : `write for example \`${name}: 512Mi\``,
    ...source.place?.(path),
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
