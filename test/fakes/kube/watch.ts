import type { Clock } from "@eks-actions/action";
import type { Stream } from "./exchange.ts";
import { type JsonObject, objectAt } from "./json.ts";
import { type Filter, shown } from "./list.ts";
import type { ResourceType } from "./registry.ts";
import { expired, forbiddenField, internal, invalid, statusBody } from "./status.ts";
import type { Store, StoreEvent } from "./store.ts";

export interface WatchRequest {
  readonly type: ResourceType;
  readonly filter: Filter;
  readonly query: URLSearchParams;
  readonly accept: string;
}

const listOptions = { group: "meta.k8s.io", kind: "ListOptions" };
const bookmarkEveryMs = 60_000;

/** Refuses what the real server refuses before it starts to stream. */
export function checkWatch(query: URLSearchParams): void {
  const version = query.get("resourceVersion") ?? "";
  if (version !== "" && !/^\d+$/.test(version)) {
    throw internal(
      `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`,
    );
  }
  const match = query.get("resourceVersionMatch");
  const isInitial = query.get("sendInitialEvents") === "true";
  if (isInitial && match !== "NotOlderThan") {
    throw invalid(listOptions, "", [
      forbiddenField("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
    ]);
  }
  if (!query.has("sendInitialEvents") && match !== null) {
    throw invalid(listOptions, "", [
      forbiddenField(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    ]);
  }
}

/** Streams events until the client goes, the time is up or the history is lost. Returns how to cut it. */
export function watch(store: Store, clock: Clock, request: WatchRequest, stream: Stream): void {
  const { type, filter, query, accept } = request;
  const abort = new AbortController();
  let isOpen = true;
  const send = (kind: string, object: JsonObject) => {
    if (isOpen) stream.write(`${JSON.stringify({ type: kind, object })}\n`);
  };
  const deliver = (event: StoreEvent) => {
    if (event.resource !== type.key) return;
    const isIn = event.type !== "DELETED" && filter(event.object);
    const wasIn = event.previous !== undefined && filter(event.previous);
    if (isIn) send(wasIn ? "MODIFIED" : "ADDED", shown(event.object, accept));
    else if (wasIn) send("DELETED", shown(leaving(event), accept));
  };
  const unsubscribe = start();
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    unsubscribe();
    abort.abort();
  };
  stream.onClose(close);
  if (!isOpen) return;
  const seconds = Number(query.get("timeoutSeconds") ?? "0") || 1800 + Math.floor(Math.random() * 1800);
  void runTimers(seconds * 1000);

  function start(): () => void {
    const from = query.get("resourceVersion") ?? "";
    const isInitial = query.get("sendInitialEvents") === "true";
    const skipsInitial = query.get("sendInitialEvents") === "false";
    if (from === "" || from === "0" || isInitial) {
      if (!skipsInitial) for (const object of store.list(type.key).filter(filter)) send("ADDED", shown(object, accept));
      if (isInitial && query.get("allowWatchBookmarks") === "true") bookmark({ "k8s.io/initial-events-end": "true" });
      return store.subscribe(deliver);
    }
    const revision = Number(from);
    if (revision < store.compacted) {
      send("ERROR", statusBody(expired(`too old resource version: ${revision} (${store.compacted})`).failure));
      isOpen = false;
      stream.end();
      return () => {};
    }
    for (const event of store.since(revision, type.key)) deliver(event);
    return store.subscribe(deliver);
  }

  function bookmark(annotations?: JsonObject) {
    const metadata: JsonObject = {
      resourceVersion: String(store.revision),
      ...(annotations === undefined ? {} : { annotations }),
    };
    send("BOOKMARK", { kind: type.kind, apiVersion: type.groupVersion, metadata });
  }

  async function runTimers(totalMs: number) {
    const wantsBookmarks = query.get("allowWatchBookmarks") === "true";
    let left = totalMs;
    try {
      while (left > 0) {
        const step = Math.min(left, bookmarkEveryMs);
        await clock.sleep(step, abort.signal);
        left -= step;
        if (wantsBookmarks && left > 0) bookmark();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      return;
    }
    if (wantsBookmarks) bookmark();
    close();
    stream.end();
  }
}

/** The last state that the selector saw, under the revision of the change that took the object out of it. */
function leaving(event: StoreEvent): JsonObject {
  if (event.type === "DELETED") return event.object;
  const metadata = objectAt(event.previous, "metadata");
  return { ...event.previous, metadata: { ...metadata, resourceVersion: String(event.revision) } };
}
