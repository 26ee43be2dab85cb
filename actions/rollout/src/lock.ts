import { ActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import type { AppState } from "./app-state.ts";
import { rethrow } from "./faults.ts";
import { locked } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { isHeld, type LeaseState, leaseObject, type RolloutRecord, readLease } from "./record.ts";
import { parentName } from "./set.ts";

const HEARTBEAT_MS = 10_000;

/** The app's lock, held until released. Every write of the record is also a sign of life. */
export interface Lock extends AsyncDisposable {
  readonly record: RolloutRecord;
  /** Aborted when another run has taken the lock: nothing may be written from then on. */
  readonly lost: AbortSignal;
  /** @throws ActionError `LOCK_LOST` */
  write(change: Partial<RolloutRecord>, signal?: AbortSignal): Promise<void>;
  /** Changes the record; it is stored with the next sign of life. */
  note(change: Partial<RolloutRecord>): void;
  /** Writes the record and lets go. */
  release(change: Partial<RolloutRecord>, signal?: AbortSignal): Promise<void>;
}

/**
 * Takes the lock: creates the Lease, or takes over a free or expired one. The loser of a race gets `LOCKED`.
 * @throws ActionError `LOCKED`, `FORBIDDEN`, `NAMESPACE_MISSING`
 */
export async function takeLock(
  state: AppState,
  record: RolloutRecord,
  ports: Ports,
  signal: AbortSignal,
): Promise<Lock> {
  const { kube, holder } = ports;
  const ref = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    namespace: state.namespace,
    name: parentName(state.app),
  };
  let current = state.lease;
  if (current === undefined) {
    try {
      const lease = leaseObject(state.app, state.namespace, { holder, now: kube.serverTime(), transitions: 0, record });
      return hold(readLease(await kube.create(lease, { signal })), record, state, ports);
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 409) rethrow(error, { ref, phase: "write" });
      const found = await kube.get(ref, signal);
      if (found !== undefined) current = readLease(found);
    }
  }
  // An answer to our own POST may have been lost: then the Lease is ours already.
  if (current?.holder === holder) return hold(current, current.record ?? record, state, ports);
  if (current === undefined || isHeld(current, kube.serverTime()))
    throw locked({ app: state.app, lease: current, now: kube.serverTime() });
  try {
    const lease = leaseObject(state.app, state.namespace, {
      holder,
      now: kube.serverTime(),
      transitions: current.transitions + 1,
      record,
      resourceVersion: current.resourceVersion,
    });
    return hold(readLease(await kube.update(lease, { signal })), record, state, ports);
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status !== 409) rethrow(error, { ref, phase: "write" });
    const winner = await kube.get(ref, signal);
    throw locked({
      app: state.app,
      lease: winner === undefined ? undefined : readLease(winner),
      now: kube.serverTime(),
    });
  }
}

function hold(taken: LeaseState, first: RolloutRecord, state: AppState, ports: Ports): Lock {
  const { kube, clock, holder, log } = ports;
  const ref = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    namespace: state.namespace,
    name: parentName(state.app),
  };
  const lost = new AbortController();
  const ended = new AbortController();
  let record = first;
  let version = taken.resourceVersion;
  let queue: Promise<void> = Promise.resolve();

  async function put(as: string, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (lost.signal.aborted) throw lost.signal.reason;
      try {
        const lease = leaseObject(state.app, state.namespace, {
          holder: as,
          now: kube.serverTime(),
          transitions: taken.transitions,
          record,
          resourceVersion: version,
        });
        version = (await kube.update(lease, { signal })).metadata.resourceVersion ?? version;
        return;
      } catch (error) {
        if (!(error instanceof KubeApiError) || (error.status !== 409 && error.status !== 404) || attempt > 3)
          throw error;
        const found = await kube.get(ref, signal);
        const seen = found === undefined ? undefined : readLease(found);
        if (seen?.holder !== holder) {
          const reason = lockLost(state.app, seen);
          lost.abort(reason);
          throw reason;
        }
        version = seen.resourceVersion;
      }
    }
  }

  // Writes go one after the other: each needs the version that the one before got.
  function enqueue(as: string, signal: AbortSignal | undefined): Promise<void> {
    const next = queue.then(() => put(as, signal));
    queue = next.catch(() => undefined); // whoever asked for the write gets its error; the next one must still run
    return next;
  }

  async function beat(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, ended.signal);
      await enqueue(holder, ended.signal).catch((error: unknown) => {
        if (!ended.signal.aborted)
          log.debug(`the lock's heartbeat failed: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  }
  beat().catch(() => undefined); // ends by the abort below, which is its only way to reject

  return {
    get record() {
      return record;
    },
    lost: lost.signal,
    async write(change, signal) {
      record = { ...record, ...change };
      await enqueue(holder, signal);
    },
    note(change) {
      record = { ...record, ...change };
    },
    async release(change, signal) {
      record = { ...record, ...change };
      ended.abort();
      await enqueue("", signal);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await queue;
    },
  };
}

function lockLost(app: string, seen: LeaseState | undefined): ActionError {
  return new ActionError("LOCK_LOST", {
    message: `the lock of app ${app} is now held by ${seen?.record?.run.url ?? seen?.holder ?? "nobody"}; this run stopped writing`,
    hint: "that run carries on; look at its outcome before rolling out again",
  });
}
