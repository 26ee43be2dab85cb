import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isSameProcess, processStart } from "./pids.ts";

/**
 * Holds `file` as a lock while this process lives. A lock whose holder is gone, by pid and start time, is taken over.
 * `onWait` is called once when another process holds it, then every 10 s.
 */
export async function lock(file: string, onWait: (holder: number, waitedMs: number) => void): Promise<Disposable> {
  const startedAt = Date.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  const mine = JSON.stringify({ pid: process.pid, start: processStart(process.pid), id: randomUUID() });
  while (!tryLock(file, mine)) {
    const holder = read(file);
    if (holder !== undefined && !isSameProcess(holder.pid, holder.start)) {
      evict(file, holder.text);
      continue;
    }
    const now = Date.now();
    if (holder !== undefined && now - saidAt >= 10_000) {
      onWait(holder.pid, now - startedAt);
      saidAt = now;
    }
    await sleep(100);
  }
  return {
    [Symbol.dispose]() {
      if (read(file)?.text === mine) rmSync(file, { force: true });
    },
  };
}

// A link appears with its whole content at once, so that no reader sees a lock without its holder.
function tryLock(file: string, text: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

// Two waiters may judge the same dead lock: only the text that was judged is thrown away, a newer one is put back.
function evict(file: string, judged: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== judged) linkSync(aside, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EEXIST")))
      throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file: string): { pid: number; start: string; text: string } | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined; // Released between two looks.
  }
  const value: unknown = parse(text);
  const pid = field(value, "pid");
  const start = field(value, "start");
  return { pid: typeof pid === "number" ? pid : 0, start: typeof start === "string" ? start : "", text };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not one of ours: it has no living holder.
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
