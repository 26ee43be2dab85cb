import { groupOf, type KubeObject } from "./object.ts";

export type FieldPath = readonly (string | number)[];

/** The pod inside an object. */
export interface PodTemplate {
  /** Path of the part that holds the pod's `metadata` and `spec`; empty for a Pod itself. */
  readonly path: FieldPath;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The PodSpec as written. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One container of a pod, as written. */
export interface ContainerPart {
  readonly list: "containers" | "initContainers" | "ephemeralContainers";
  /** Path from the object's root. */
  readonly path: FieldPath;
  readonly name: string;
  readonly image: string | undefined;
  readonly spec: Readonly<Record<string, unknown>>;
}

const TEMPLATE_PATHS: Readonly<Record<string, FieldPath>> = {
  "/Pod": [],
  "/ReplicationController": ["spec", "template"],
  "/PodTemplate": ["template"],
  "apps/Deployment": ["spec", "template"],
  "apps/StatefulSet": ["spec", "template"],
  "apps/DaemonSet": ["spec", "template"],
  "apps/ReplicaSet": ["spec", "template"],
  "batch/Job": ["spec", "template"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
  "argoproj.io/Rollout": ["spec", "template"],
};

/** Pod templates of an object: none for kinds that bear no pods, or when the template is not an object. */
export function podTemplates(object: KubeObject): readonly PodTemplate[] {
  const path = TEMPLATE_PATHS[`${groupOf(object.apiVersion)}/${object.kind}`];
  if (path === undefined) return [];
  const part = at(object, path);
  if (!isRecord(part) || !isRecord(part["spec"])) return [];
  const metadata = isRecord(part["metadata"]) ? part["metadata"] : {};
  return [{ path, labels: texts(metadata["labels"]), annotations: texts(metadata["annotations"]), spec: part["spec"] }];
}

/** All containers of a template in the order init, app, ephemeral. Entries that are not objects are left out. */
export function containersOf(template: PodTemplate): readonly ContainerPart[] {
  return (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((list) => {
    const items = template.spec[list];
    if (!Array.isArray(items)) return [];
    return items.flatMap((spec: unknown, index): ContainerPart[] => {
      if (!isRecord(spec)) return [];
      const { name, image } = spec;
      return [
        {
          list,
          path: [...template.path, "spec", list, index],
          name: typeof name === "string" ? name : "",
          image: typeof image === "string" ? image : undefined,
          spec,
        },
      ];
    });
  });
}

/** Value at a path, `undefined` where the path ends early. */
export function at(value: unknown, path: FieldPath): unknown {
  let part = value;
  for (const segment of path) {
    if (Array.isArray(part)) part = part[Number(segment)];
    else if (isRecord(part) && Object.hasOwn(part, segment)) part = part[segment];
    else return undefined;
  }
  return part;
}

/** A copy with the value at `path` replaced; parts beside the path are shared. The path must exist up to its last step. */
export function withValue(value: unknown, path: FieldPath, replacement: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item, index) => (index === head ? withValue(item, rest, replacement) : item));
  if (!isRecord(value)) return value;
  return { ...value, [head]: withValue(value[head], rest, replacement) };
}

function texts(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text] as const] : [])),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
