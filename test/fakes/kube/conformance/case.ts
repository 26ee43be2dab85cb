import type { JsonObject } from "../json.ts";

export type Who = "admin" | "ci" | "nobody" | "stranger";
/** Steps into a value; an object finds the first list item with those fields. */
export type Path = readonly (string | number | Readonly<Record<string, string>>)[];

/** One request. `{ns}` in path and body is the case's namespace, `{name}` a value saved by an earlier step. */
export interface Request {
  readonly do: "request";
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The body as it goes over the wire, for what is no JSON. */
  readonly raw?: string | undefined;
  readonly type?: string | undefined;
  readonly accept?: string | undefined;
  readonly as?: Who | undefined;
  /** The status both servers must answer with. */
  readonly status: number;
  /** Values of the answer that later steps use. */
  readonly save?: Readonly<Record<string, Path>> | undefined;
  /** Compare only these parts of the answer. */
  readonly only?: readonly Path[] | undefined;
}

/** Reads an object until it is as wanted, then compares parts of it. */
export interface Settle {
  readonly do: "settle";
  readonly path: string;
  /** Where the value at a path must be (deeply) equal. */
  readonly until: readonly (readonly [Path, unknown])[];
  readonly compare?: readonly Path[] | undefined;
  readonly save?: Readonly<Record<string, Path>> | undefined;
}

/** Reads until the object is not there any more. */
export interface Gone {
  readonly do: "gone";
  readonly path: string;
}

/** Watches while `during` runs, until so many events have come or the server ends the stream. */
export interface Watch {
  readonly do: "watch";
  readonly path: string;
  readonly during?: readonly Step[] | undefined;
  /** `during` begins when so many events have come. */
  readonly after?: number | undefined;
  readonly events?: number | undefined;
  readonly accept?: string | undefined;
  /** Compare the event types per object in place of the whole objects. */
  readonly brief?: boolean | undefined;
  readonly save?: Readonly<Record<string, Path>> | undefined;
}

/** Records a series of values while an object moves, and compares a bound of it on both servers. */
export interface Pace {
  readonly do: "pace";
  readonly path: string;
  readonly during: readonly Step[];
  readonly until: readonly (readonly [Path, unknown])[];
  /** Never more, never less than this at any moment. */
  readonly bounds: readonly { readonly path: Path; readonly min?: number; readonly max?: number }[];
}

/** Reads a namespace's events until so many different sentences of these reasons are there, then compares them. */
export interface Events {
  readonly do: "events";
  readonly reasons: readonly string[];
  readonly lines: number;
}

export type Step = Events | Request | Settle | Gone | Watch | Pace;

/** A script of requests whose answers must be the same on the real and the embedded API server. */
export interface Case {
  readonly area: "apply" | "list, watch" | "life cycle" | "errors" | "workloads" | "discovery";
  readonly name: string;
  readonly steps: readonly Step[];
}

type Extra = Partial<Omit<Request, "do" | "method" | "path" | "status">>;

const request = (method: string, path: string, status: number, extra: Extra = {}): Request => ({
  do: "request",
  method,
  path,
  status,
  ...extra,
});

export const get = (path: string, status = 200, extra: Extra = {}): Request => request("GET", path, status, extra);
export const post = (path: string, body: unknown, status = 201, extra: Extra = {}): Request =>
  request("POST", path, status, { body, ...extra });
export const put = (path: string, body: unknown, status = 200, extra: Extra = {}): Request =>
  request("PUT", path, status, { body, ...extra });
export const del = (path: string, status = 200, extra: Extra = {}): Request => request("DELETE", path, status, extra);
export const merge = (path: string, body: unknown, status = 200, extra: Extra = {}): Request =>
  request("PATCH", path, status, { body, type: "application/merge-patch+json", ...extra });
export const strategic = (path: string, body: unknown, status = 200, extra: Extra = {}): Request =>
  request("PATCH", path, status, { body, type: "application/strategic-merge-patch+json", ...extra });
export const jsonPatch = (path: string, body: unknown, status = 200, extra: Extra = {}): Request =>
  request("PATCH", path, status, { body, type: "application/json-patch+json", ...extra });
/** Server-side apply as a manager; `query` may add `&force=true`. */
export const apply = (
  path: string,
  manager: string,
  body: unknown,
  status = 200,
  query = "",
  extra: Extra = {},
): Request =>
  request("PATCH", `${path}?fieldManager=${manager}${query}`, status, {
    body,
    type: "application/apply-patch+yaml",
    ...extra,
  });

export const core = "/api/v1/namespaces/{ns}";
export const apps = "/apis/apps/v1/namespaces/{ns}";
export const batch = "/apis/batch/v1/namespaces/{ns}";

export const configMap = (name: string, data: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

export interface WorkloadOptions {
  readonly replicas?: number;
  readonly image?: string;
  readonly labels?: JsonObject;
  readonly annotations?: JsonObject;
  readonly pod?: JsonObject;
  readonly container?: JsonObject;
  readonly spec?: JsonObject;
}

/** A Deployment, StatefulSet, DaemonSet or ReplicaSet with one container `main`. */
export function workload(kind: string, name: string, options: WorkloadOptions = {}): JsonObject {
  const { replicas, image = "web:1", labels = {}, annotations, pod = {}, container = {}, spec = {} } = options;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...labels }, ...(annotations === undefined ? {} : { annotations }) },
        spec: { containers: [{ name: "main", image, ...container }], ...pod },
      },
      ...spec,
    },
  };
}
