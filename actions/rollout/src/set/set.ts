import { createHash } from "node:crypto";
import { ActionError, collect } from "@eks-actions/action";
import {
  groupOf,
  identityOf,
  isRecord,
  isSecret,
  type KubeObject,
  nameOf,
  refOf,
  refuseDuplicates,
  type SourcedObject,
} from "@eks-actions/manifest";
import { canonical, sha256 } from "../live/canonical.ts";
import { withoutServerFields } from "../live/ownership.ts";
import { annotations, labels, type Wanted } from "../model.ts";
import { withConfigHashes } from "./config-hash.ts";
import { wavesOf } from "./waves.ts";

/** Whether kinds live in namespaces: from the API server, or from the set's own CRDs. */
export interface Scopes {
  /** `undefined`: nobody serves the kind. */
  isNamespaced(apiVersion: string, kind: string): boolean | undefined;
  /** What was likely meant by a kind that nobody serves: `Ingress of networking.k8s.io/v1`. */
  nearest?(apiVersion: string, kind: string): string | undefined;
}

export interface SetOptions {
  readonly app: string;
  /** For objects without one. */
  readonly namespace: string;
  readonly createNamespace: boolean;
  /** Hashes of ConfigMaps and Secrets go onto the pod templates that name them. */
  readonly configHash: boolean;
}

/** Id of the app's ApplySet: KEP-3659. */
export function applySetId(app: string, namespace: string): string {
  const hash = createHash("sha256")
    .update(`${parentName(app)}.${namespace}.Secret.`)
    .digest("base64url");
  return `applyset-${hash}-v1`;
}

/** Name of the Lease and of the inventory Secret. */
export function parentName(app: string): string {
  return `eks-actions-${app}`;
}

/** CRDs among the objects, by the `group/Kind` that they bring. */
export function broughtKinds(
  objects: readonly { readonly object: KubeObject }[],
): ReadonlyMap<string, { readonly namespaced: boolean }> {
  return new Map(
    objects.flatMap(({ object }) => {
      if (groupOf(object.apiVersion) !== "apiextensions.k8s.io" || object.kind !== "CustomResourceDefinition")
        return [];
      const spec = isRecord(object["spec"]) ? object["spec"] : {};
      const names = isRecord(spec["names"]) ? spec["names"] : {};
      return [
        [`${String(spec["group"])}/${String(names["kind"])}`, { namespaced: spec["scope"] === "Namespaced" }] as const,
      ];
    }),
  );
}

/**
 * The set as it will be sent: namespaces filled in, our labels and hashes on it, in waves.
 * @throws ActionError `KIND_UNKNOWN`, `OBJECT_DUPLICATE`, `NAME_RESERVED`, `ORDER_CYCLE`
 */
export function buildSet(sources: readonly SourcedObject[], options: SetOptions, scopes: Scopes): readonly Wanted[] {
  const faults: ActionError[] = [];
  const brought = broughtKinds(sources);
  const placed = sources.map((sourced): SourcedObject => {
    const { apiVersion, kind, metadata } = sourced.object;
    const namespaced =
      brought.get(`${groupOf(apiVersion)}/${kind}`)?.namespaced ?? scopes.isNamespaced(apiVersion, kind);
    if (namespaced === undefined) faults.push(unknownKind(sourced, scopes.nearest?.(apiVersion, kind)));
    const { namespace, ...rest } = metadata;
    return {
      source: sourced.source,
      object: {
        ...sourced.object,
        metadata: namespaced === true ? { ...rest, namespace: namespace ?? options.namespace } : rest,
      },
    };
  });
  faults.push(...placed.flatMap((sourced) => reserved(sourced, options)));
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  refuseDuplicates(placed);
  const hashed = options.configHash ? withConfigHashes(placed) : placed;
  const all = options.createNamespace ? [...missingNamespaces(placed), ...hashed] : hashed;
  const waves = wavesOf(all);
  return all.map(({ object, source }, index): Wanted => {
    const body = finished(object, options);
    const hash = sha256(canonical(body));
    const marked = withAnnotation(body, annotations.specHash, hash);
    return {
      ref: refOf(marked),
      identity: identityOf(refOf(marked)),
      object: marked,
      source,
      wave: waves[index] ?? 0,
      hash,
    };
  });
}

/** Recomputes the hash after the body was changed on purpose: replicas left to an autoscaler, a renamed Job. */
export function rehashed(wanted: Wanted, object: KubeObject): Wanted {
  const { [annotations.specHash]: _, ...kept } = object.metadata.annotations ?? {};
  const bare = { ...object, metadata: { ...object.metadata, annotations: kept } };
  const hash = sha256(canonical(bare));
  const marked = withAnnotation(bare, annotations.specHash, hash);
  return { ...wanted, object: marked, ref: refOf(marked), identity: identityOf(refOf(marked)), hash };
}

function finished(object: KubeObject, options: SetOptions): KubeObject {
  const bare = withoutServerFields(isSecret(object) ? plainSecret(object) : object);
  const body = BUILT_IN.test(groupOf(object.apiVersion)) ? withoutNulls(bare) : bare;
  const metadata = body.metadata;
  return {
    ...body,
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        [labels.app]: options.app,
        [labels.partOf]: applySetId(options.app, options.namespace),
      },
    },
  };
}

const BUILT_IN = /^$|^(apps|batch|policy|autoscaling)$|\.k8s\.io$/;

// For built-in kinds `creationTimestamp: null` and its like say nothing, but would be owned as fields.
function withoutNulls(object: KubeObject): KubeObject {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, part]) => (part === null ? [] : [[key, clean(part)]])),
    );
  };
  return clean(object) as KubeObject; // only nulls went, and apiVersion, kind and metadata.name are texts
}

// The server keeps `data` only, so a field owned as stringData would look lost on every later run.
function plainSecret(object: KubeObject): KubeObject {
  const { stringData, data, ...rest } = object;
  if (!isRecord(stringData)) return object;
  const encoded = Object.fromEntries(
    Object.entries(stringData).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]),
  );
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata,
    data: { ...(isRecord(data) ? data : {}), ...encoded },
  };
}

function withAnnotation(object: KubeObject, name: string, value: string): KubeObject {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [name]: value } },
  };
}

function missingNamespaces(objects: readonly SourcedObject[]): readonly SourcedObject[] {
  const present = new Set(
    objects.filter(({ object }) => object.kind === "Namespace").map(({ object }) => object.metadata.name),
  );
  const found = new Map<string, SourcedObject>();
  for (const { object, source } of objects) {
    const { namespace } = object.metadata;
    if (
      namespace === undefined ||
      present.has(namespace) ||
      /^(default|kube-.*)$/.test(namespace) ||
      found.has(namespace)
    )
      continue;
    found.set(namespace, { object: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, source });
  }
  return [...found.values()];
}

function reserved({ object, source }: SourcedObject, options: SetOptions): readonly ActionError[] {
  const { name, namespace, labels: own } = object.metadata;
  const parent = parentName(options.app);
  const isState =
    namespace === options.namespace &&
    ((object.kind === "Lease" && name === parent) ||
      (object.kind === "Secret" && (name === parent || name.startsWith(`${parent}-r`))));
  const fault = (path: readonly string[], message: string, hint: string) => {
    const line = source.lineOf(path) ?? source.line;
    return new ActionError("NAME_RESERVED", {
      message: `${source.file}:${line}: ${message}`,
      hint,
      file: source.file,
      line,
    });
  };
  if (isState)
    return [fault(["metadata", "name"], `${nameOf(refOf(object))} is the action's own state`, "rename the object")];
  const id = own?.[labels.partOf];
  if (id !== undefined && id !== applySetId(options.app, options.namespace)) {
    return [
      fault(
        ["metadata", "labels", labels.partOf],
        `${nameOf(refOf(object))} carries the label ${labels.partOf}`,
        "remove the label",
      ),
    ];
  }
  return [];
}

function unknownKind({ object, source }: SourcedObject, nearest: string | undefined): ActionError {
  const isKustomization = groupOf(object.apiVersion) === "kustomize.config.k8s.io";
  return new ActionError("KIND_UNKNOWN", {
    message: `${source.file}:${source.line}: the cluster serves no ${object.kind} of ${object.apiVersion}, and no CRD of the set brings it`,
    hint: isKustomization
      ? "a kustomization is rendered, not applied: give its directory as `kustomize`"
      : nearest === undefined
        ? "check apiVersion and kind, or add the CRD to the set"
        : `did you mean ${nearest}?`,
    file: source.file,
    line: source.line,
  });
}
