import { closeSync, openSync, statSync, unlinkSync } from "node:fs";
import { ActionError, type Clock } from "@eks-actions/action";
import {
  type CachedSession,
  readCache,
  readRecipe,
  type SessionRecipe,
  sessionFiles,
  writeCache,
} from "./session-file.ts";

/** What a renewal needs of its surroundings. */
export interface RenewalPorts {
  readonly clock: Clock;
  /** New keys for a recipe; see `renewSession`. */
  renew(recipe: SessionRecipe): Promise<CachedSession>;
  /** One line for stderr. */
  note(text: string): void;
}

const FRESH_MS = 5 * 60_000;
const FRESH_SHARE = 0.1;
const USABLE_MS = 60_000;
const LOCK_POLL_MS = 50;
const LOCK_WAIT_MS = 10_000;
const LOCK_STALE_MS = 30_000;

/**
 * Keys of a session file, renewed when they are near their end. Many processes may ask at once: one renews, the others
 * wait for it and take its result.
 * @throws ActionError `SESSION_FILE_INVALID`, `SESSION_EXPIRED`, `SESSION_RENEW_FAILED`
 */
export async function sessionKeys(recipePath: string, ports: RenewalPorts): Promise<CachedSession> {
  const files = sessionFiles(recipePath);
  const recipe = readRecipe(files.recipe);
  const now = () => ports.clock.now() + recipe.clockOffsetSeconds * 1000;
  const current = readCache(files.cache);
  const state = stateOf(current, now());
  if (state === "fresh" || (!recipe.refresh && state === "stale")) return current;
  if (!recipe.refresh) throw expired(recipe, current);
  try {
    return await underLock(files.lock, ports.clock, async () => {
      const latest = readCache(files.cache);
      if (stateOf(latest, now()) === "fresh") return latest;
      const renewed = await ports.renew(recipe);
      writeCache(files.cache, renewed);
      return renewed;
    });
  } catch (cause) {
    const latest = readCache(files.cache);
    if (stateOf(latest, now()) !== "dead") {
      ports.note(`could not renew the session, using it until ${iso(latest.expiresAt)}: ${reason(cause)}`);
      return latest;
    }
    throw renewFailed(recipe, latest, cause);
  }
}

/** `stale` keys still work for a minute or more; `dead` ones are not handed out. */
function stateOf(session: CachedSession, now: number): "fresh" | "stale" | "dead" {
  const left = session.expiresAt - now;
  const lifetime = session.expiresAt - session.obtainedAt;
  if (left >= Math.max(FRESH_MS, lifetime * FRESH_SHARE)) return "fresh";
  return left >= USABLE_MS ? "stale" : "dead";
}

async function underLock<T>(lock: string, clock: Clock, body: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + LOCK_WAIT_MS;
  while (!takeLock(lock)) {
    breakStale(lock);
    if (clock.now() >= deadline) throw new Error(`another process has held ${lock} for ${LOCK_WAIT_MS / 1000} s`);
    await clock.sleep(LOCK_POLL_MS);
  }
  try {
    return await body();
  } finally {
    remove(lock);
  }
}

function takeLock(lock: string): boolean {
  try {
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

// Its owner was killed: a renewal takes at most 20 s. File times are the machine's own, so is this clock.
function breakStale(lock: string): void {
  const stat = statSync(lock, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs > LOCK_STALE_MS) remove(lock);
}

function remove(lock: string): void {
  try {
    unlinkSync(lock);
  } catch (error) {
    // Somebody else removed it: it is gone, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function expired(recipe: SessionRecipe, session: CachedSession): ActionError {
  return new ActionError("SESSION_EXPIRED", {
    message: `the session of ${recipe.role.arn} ended at ${iso(session.expiresAt)}`,
    hint: "log in with `refresh: true`, or with a longer `role-duration-seconds`",
  });
}

function renewFailed(recipe: SessionRecipe, session: CachedSession, cause: unknown): ActionError {
  return new ActionError("SESSION_RENEW_FAILED", {
    message: `the session of ${recipe.role.arn} ended at ${iso(session.expiresAt)} and could not be renewed: ${reason(cause)}`,
    hint: "sudo and containers drop ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN; GitHub's request token lives about 6 h",
    cause,
  });
}

function reason(cause: unknown): string {
  if (cause instanceof ActionError) return `${cause.code}: ${cause.message}`;
  return cause instanceof Error ? cause.message : String(cause);
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
