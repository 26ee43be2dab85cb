import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process began, as text that no later process with the same pid will share; empty when there is none.
 * Linux: clock ticks since boot, field 22 of /proc/<pid>/stat (proc(5)); elsewhere what `ps` says.
 */
export function processStart(pid: number): string {
  if (process.platform === "linux") return fromProc(pid);
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return ""; // ps exits 1 when no such process exists.
  }
}

function fromProc(pid: number): string {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
  // The name in parentheses may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const isZombie = fields[0] === "Z";
  return isZombie ? "" : (fields[19] ?? "");
}

/** Whether `pid` is alive and is the process that began at `start`. */
export function isSameProcess(pid: number, start: string): boolean {
  return pid > 0 && start !== "" && processStart(pid) === start;
}
