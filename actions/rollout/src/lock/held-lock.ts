import { ActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import type { ObjectRef } from "@eks-actions/manifest";
import type { Ports } from "../ports.ts";
import { type LeaseState, leaseObject, type RolloutRecord, readLease } from "./record.ts";

const HEARTBEAT_MS = 10_000;
// A lease lasts 60 s. A run that could not renew its own for half of that begins no write before it has, and one that
// is under way is given up in time, so that it cannot arrive behind the back of a run that takes over.
const DOUBT_MS = 30_000;
const GIVE_UP_MS = 50_000;

/** The app's lock, held until released. Every write of the record is also a sign of life. */
export interface Lock extends AsyncDisposable {
  readonly record: RolloutRecord;
  /** Aborted when another run has taken the lock: nothing may be written from then on. */
  readonly lost: AbortSignal;
  /** The holder before this one died, and may have left what no record names. */
  readonly isInherited: boolean;
  /**
   * Resolves once the lock is certainly held; writes that begin then end with the signal it gives.
   * @throws ActionError `LOCK_LOST`
   */
  confirm(signal: AbortSignal | undefined): Promise<AbortSignal>;
  /** @throws ActionError `LOCK_LOST` */
  write(change: Partial<RolloutRecord>, signal?: AbortSignal): Promise<void>;
  /** Changes the record; it is stored with the next sign of life. */
  note(change: Partial<RolloutRecord>): void;
  /** Writes the record and lets go. */
  release(change: Partial<RolloutRecord>, signal?: AbortSignal): Promise<void>;
}

export interface Taken {
  readonly app: string;
  readonly ref: ObjectRef;
  readonly lease: LeaseState;
  readonly record: RolloutRecord;
  readonly isInherited: boolean;
}

/** Keeps a Lease that has just been taken, and lets the record be written to it. */
export function hold({ app, ref, lease, record: first, isInherited }: Taken, ports: Ports): Lock {
  const { kube, clock, holder, log } = ports;
  const lost = new AbortController();
  const ended = new AbortController();
  let record = first;
  let version = lease.resourceVersion;
  let queue: Promise<void> = Promise.resolve();
  let renewedAt = clock.now();
  let expiry = new AbortController();

  async function put(as: string, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      lost.signal.throwIfAborted();
      const sentAt = clock.now();
      const now = kube.serverTime();
      const { transitions } = lease;
      const wanted = leaseObject(app, ref.namespace ?? "", {
        holder: as,
        now,
        transitions,
        record,
        resourceVersion: version,
      });
      try {
        version = (await kube.update(wanted, { signal, isRepeatable: true })).metadata.resourceVersion ?? version;
        renewedAt = sentAt;
        if (expiry.signal.aborted) expiry = new AbortController();
        return;
      } catch (error) {
        if (!(error instanceof KubeApiError) || (error.status !== 409 && error.status !== 404) || attempt > 3)
          throw error;
        const found = await kube.get(ref, signal);
        const seen = found === undefined ? undefined : readLease(found);
        // The write that lets go had arrived, and only its answer was lost.
        if (as === "" && seen?.holder === "" && seen.renewedAt === now) return;
        if (seen?.holder !== holder) {
          const reason = lockLost(app, seen);
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

  async function watchExpiry(): Promise<void> {
    while (!ended.signal.aborted) {
      const leftMs = renewedAt + GIVE_UP_MS - clock.now();
      if (leftMs <= 0) expiry.abort(new Error("the lock could not be renewed in time"));
      await clock.sleep(Math.max(leftMs, 1000), ended.signal);
    }
  }

  // They end by the abort below, which is their only way to reject.
  beat().catch(() => undefined);
  watchExpiry().catch(() => undefined);

  return {
    get record() {
      return record;
    },
    lost: lost.signal,
    isInherited,
    async confirm(signal) {
      lost.signal.throwIfAborted();
      while (clock.now() - renewedAt >= DOUBT_MS) await enqueue(holder, signal);
      return expiry.signal;
    },
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
