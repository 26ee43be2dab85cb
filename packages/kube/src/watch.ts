import { type Clock, retryAfterMs } from "@eks-actions/action";
import type { KubeObject } from "@eks-actions/manifest";
import type { ObjectList, WatchEvent, WatchOptions } from "./client.ts";
import { apiError, isRecord, KubeApiError, statusOf } from "./error.ts";
import { ConnectionError } from "./failure.ts";
import { lines } from "./lines.ts";
import { bookmarkFrom, objectFrom } from "./objects.ts";
import { query, selectors } from "./query.ts";
import { type ResourceType, resourcePath } from "./resource.ts";
import { type Sender, shownTo, textOf } from "./sender.ts";

const IDLE_MS = 75_000;
/** A server that stays away for longer ends the watch. */
const OUTAGE_MS = 300_000;

export interface WatchContext {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly server: string;
  readonly random: () => number;
  /** Lists what is watched, for servers that cannot stream it. */
  relist(): Promise<ObjectList>;
}

/** What the consumer has been told exists: enough to tell it of deletions that no event reported. */
type Known = Map<string, KubeObject>;

/** Why one stream ended. `progress` says whether it brought anything. */
interface End {
  readonly kind: "ended" | "expired" | "unsupported";
  readonly progress: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly error?: unknown;
}

interface State {
  resourceVersion: string | undefined;
  readonly known: Known;
  canStreamList: boolean;
}

/**
 * Events without gaps: resumes from the last version seen, begins anew after 410 with the difference, and takes a
 * silent connection for dead. Ends by the signal (its reason is thrown) or by what no retry can mend.
 */
export async function* watch(
  context: WatchContext,
  type: ResourceType,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const state: State = {
    resourceVersion: options.resourceVersion,
    known: new Map(),
    canStreamList: options.sendInitialEvents ?? true,
  };
  let failures = 0;
  let failingSince = 0;
  for (;;) {
    signal.throwIfAborted();
    const end = yield* oneStream(context, type, options, state, signal);
    if (end.kind === "expired") state.resourceVersion = undefined;
    if (end.kind === "unsupported") state.canStreamList = false;
    if (end.progress) failures = 0;
    if (end.progress || end.kind !== "ended") continue;
    failures++;
    if (failures === 1) failingSince = context.clock.now();
    if (context.clock.now() - failingSince > OUTAGE_MS && end.error !== undefined)
      throw shownTo(end.error, context.server);
    const jitter = context.random() * Math.min(4_000, 200 * 2 ** failures);
    await context.clock.sleep(Math.max(end.retryAfterMs ?? 0, jitter), signal);
  }
}

/** Opens one stream, or lists first where that is needed, and delivers it to its end. */
async function* oneStream(
  context: WatchContext,
  type: ResourceType,
  options: WatchOptions,
  state: State,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, End> {
  if (state.resourceVersion === undefined && !state.canStreamList) {
    const start = await context.relist();
    yield* difference(state.known, start.items);
    state.resourceVersion = start.resourceVersion;
    yield { type: "synced", resourceVersion: start.resourceVersion };
  }
  const isInitial = state.resourceVersion === undefined;
  const path = resourcePath(type, options.namespace) + streamQuery(options, state.resourceVersion, context.random);
  let progress = false;
  try {
    await using stream = await openStream(context, path, options.idleMs ?? IDLE_MS, signal);
    const existing: KubeObject[] = [];
    for await (const event of stream.events) {
      if (event.type === "ERROR") throw eventError(event.object, path);
      progress = true;
      const isReplay = isInitial && state.resourceVersion === undefined;
      if (event.type !== "BOOKMARK") {
        const object = objectFrom(event.object, type);
        if (isReplay) {
          existing.push(object);
          continue;
        }
        state.resourceVersion = object.metadata.resourceVersion;
        yield* deliver(state.known, event.type, object);
        continue;
      }
      const { resourceVersion, isEndOfInitialEvents } = bookmarkFrom(event.object);
      if (isReplay && !isEndOfInitialEvents) continue;
      state.resourceVersion = resourceVersion;
      if (isReplay) yield* difference(state.known, existing.splice(0));
      yield { type: isReplay ? "synced" : "bookmark", resourceVersion };
    }
    return { kind: "ended", progress };
  } catch (error) {
    signal.throwIfAborted();
    return endOf(context.sender, error, isInitial, progress);
  }
}

function streamQuery(options: WatchOptions, resourceVersion: string | undefined, random: () => number): string {
  const initial = { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
  return query({
    ...selectors(options),
    watch: true,
    allowWatchBookmarks: true,
    // Spread, so that many watches do not come back at once.
    timeoutSeconds: 290 + Math.floor(random() * 300),
    ...(resourceVersion === undefined ? initial : { resourceVersion }),
  });
}

interface RawEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
}

interface Stream extends AsyncDisposable {
  readonly events: AsyncIterable<RawEvent>;
}

async function openStream(context: WatchContext, path: string, idleMs: number, signal: AbortSignal): Promise<Stream> {
  const request = { method: "GET", path, signal };
  const answer = await context.sender.open("streams", request);
  if (answer.status >= 400) {
    const whole = { status: answer.status, headers: answer.headers, body: await textOf(answer.body) };
    throw apiError(whole, request, retryAfterMs(answer.headers["retry-after"], context.clock.now()));
  }
  return {
    events: events(lines(idleGuard(answer.body, idleMs, answer.cancel))),
    async [Symbol.asyncDispose]() {
      answer.cancel();
    },
  };
}

async function* events(source: AsyncIterable<string>): AsyncGenerator<RawEvent> {
  for await (const line of source) {
    const value: unknown = JSON.parse(line);
    if (isRawEvent(value)) yield value;
  }
}

function isRawEvent(value: unknown): value is RawEvent {
  if (!isRecord(value) || !isRecord(value["object"])) return false;
  return ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"].includes(String(value["type"]));
}

// Counts only while a chunk is awaited: a consumer that takes its time is no sign of a dead connection.
async function* idleGuard(body: AsyncIterable<Buffer>, idleMs: number, cancel: () => void): AsyncGenerator<Buffer> {
  const iterator = body[Symbol.asyncIterator]();
  for (;;) {
    let isIdle = false;
    const timer = setTimeout(() => {
      isIdle = true;
      cancel();
    }, idleMs);
    try {
      const next = await iterator.next();
      if (isIdle) throw new ConnectionError(`silent for ${idleMs / 1000} s`, { sent: true });
      if (next.done === true) return;
      yield next.value;
    } catch (cause) {
      throw isIdle ? new ConnectionError(`silent for ${idleMs / 1000} s`, { sent: true, cause }) : cause;
    } finally {
      clearTimeout(timer);
    }
  }
}

function* deliver(known: Known, type: RawEvent["type"], object: KubeObject): Generator<WatchEvent> {
  const key = keyOf(object);
  if (type === "DELETED") {
    known.delete(key);
    yield { type: "deleted", object };
    return;
  }
  const isNew = !known.has(key);
  known.set(key, stub(object));
  yield { type: isNew && type === "ADDED" ? "added" : "modified", object };
}

/** What changed between what the consumer knows and what exists now, deletions first. */
function* difference(known: Known, items: readonly KubeObject[]): Generator<WatchEvent> {
  const present = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, old] of [...known]) {
    const now = present.get(key);
    if (now !== undefined && now.metadata.uid === old.metadata.uid) continue;
    known.delete(key);
    yield { type: "deleted", object: old };
  }
  for (const [key, object] of present) {
    const old = known.get(key);
    known.set(key, stub(object));
    if (old === undefined) yield { type: "added", object };
    else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: "modified", object };
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function stub({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, labels, ownerReferences } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, labels, ownerReferences } };
}

function eventError(object: unknown, path: string): unknown {
  const status = statusOf(object)?.code ?? 500;
  return apiError({ status, headers: {}, body: JSON.stringify(object) }, { method: "GET", path });
}

/** Sorts what ended a stream: begin anew, come back, or give up by throwing it. */
function endOf(sender: Sender, error: unknown, isInitial: boolean, progress: boolean): End {
  if (error instanceof ConnectionError) {
    if (!error.retry) throw error;
    return { kind: "ended", progress, error };
  }
  if (!(error instanceof KubeApiError)) throw error;
  if (error.status === 410) return { kind: "expired", progress };
  // https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists: servers without it answer so.
  if (isInitial && (error.status === 400 || error.status === 422)) return { kind: "unsupported", progress };
  const isPassing = error.status === 429 || error.status >= 500 || (error.status === 403 && sender.isRecovering());
  if (isPassing) {
    return { kind: "ended", progress, retryAfterMs: error.retryAfterMs, error };
  }
  throw error;
}
