import type { KubeObject, ObjectRef } from "@eks-actions/manifest";
import type { ResourceType } from "./resource.ts";

/** Which objects a list or a watch is about. Without `namespace`: all namespaces. */
export interface Selection {
  readonly namespace?: string | undefined;
  /** `app=web,tier in (a,b)` */
  readonly labelSelector?: string | undefined;
  /** `metadata.name=web` */
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection {
  /** Page size; all pages are read. Default 500. */
  readonly limit?: number | undefined;
  /** Only apiVersion, kind and metadata travel: no Secret value leaves the server. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ObjectList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  /** Where to go on from. Absent: the objects that exist come first, as `added`, then `synced`. */
  readonly resourceVersion?: string | undefined;
  /** Ask the server to stream what exists (WatchList); a server that cannot is listed instead. Default true. */
  readonly sendInitialEvents?: boolean | undefined;
  /** Silence on the wire after which the stream is taken for dead and opened again. Default 75 s. */
  readonly idleMs?: number | undefined;
}

export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: KubeObject }
  | { readonly type: "bookmark"; readonly resourceVersion: string }
  /** Everything that existed when the watch began, or began anew after 410, has been delivered. */
  | { readonly type: "synced"; readonly resourceVersion: string };

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers. */
  readonly force?: boolean | undefined;
  /** Everything is checked and admitted, nothing is stored. */
  readonly dryRun?: boolean | undefined;
  /** Default `Strict`: unknown and duplicate fields are refused. */
  readonly fieldValidation?: FieldValidation | undefined;
  readonly subresource?: string | undefined;
}

export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface ApplyResult {
  readonly object: KubeObject;
  /** Texts of the server's 299 headers, deduplicated. */
  readonly warnings: readonly string[];
}

export interface WriteOptions {
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly fieldValidation?: FieldValidation | undefined;
  readonly subresource?: string | undefined;
  /**
   * Sent again when its answer was lost, as applies are. For callers who know that a conflict may then be with
   * themselves: creates, and updates with `metadata.resourceVersion`.
   */
  readonly isRepeatable?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PatchOptions extends WriteOptions {
  /** `merge` RFC 7386, `json` RFC 6902, `strategic` Kubernetes' own. */
  readonly type: "merge" | "json" | "strategic";
  readonly body: unknown;
}

export interface DeleteOptions {
  /** The object is deleted only if it is still this one. Makes the request safe to repeat. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** Default `Background`. */
  readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LogOptions {
  readonly container?: string | undefined;
  /** The container's run before the last restart. */
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One cluster, one identity. Requests throw `KubeApiError` for what the API server refuses and `ActionError`
 * (`API_CONNECT`, `API_OVERLOADED`, `UNAUTHENTICATED`, `KIND_UNKNOWN`) for what keeps them from being answered.
 */
export interface KubeClient extends AsyncDisposable {
  /** `https://host:port` as the kubeconfig says. */
  readonly server: string;
  readonly context: string;
  readonly defaultNamespace: string;
  /** Milliseconds since the epoch by the API server's clock, from the Date header of its answers. */
  serverTime(): number;
  /** Requests sent so far, repeats included; `writes` are those that may store something. */
  stats(): { readonly requests: number; readonly writes: number };
  /** How the server serves a kind: from a table for Kubernetes' own stable kinds, else by discovery. */
  resolve(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceType | undefined>;
  /** After a CRD was applied: the next unknown kind is looked up anew. */
  forgetDiscovery(): void;
  /** `undefined` when the object does not exist. */
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>;
  /** All pages; begins again when the list expires half-way. */
  list(type: ResourceType, options?: ListOptions): Promise<ObjectList>;
  /** Reconnects by itself and ends only by `signal`, or by throwing what cannot be helped. */
  watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Server-side apply. */
  apply(object: KubeObject, options: ApplyOptions, signal?: AbortSignal): Promise<ApplyResult>;
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** Replaces the object; with `metadata.resourceVersion` only if nobody else wrote meanwhile. */
  update(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(ref: ObjectRef, options: PatchOptions): Promise<KubeObject>;
  /** False when there was nothing to delete. A precondition that does not hold is a `KubeApiError` 409. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  /** Text of a container's log. `ref` names a Pod. */
  logs(ref: ObjectRef, options?: LogOptions): Promise<string>;
  /** Any path, such as a Service's proxy. Does not throw for a status ≥ 400. */
  raw(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<RawAnswer>;
}
