import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The API server's own count of what one identity asks, whoever asks it. */
export interface AuditLog {
  readonly apiserverArgs: readonly string[];
  /** Requests since the last call; watches count when they begin. */
  requests(): Promise<number>;
}

const SETTLE_MS = 150;

/** https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */
export function auditLog(folder: string, user: string): AuditLog {
  const policy = join(folder, "audit-policy.yaml");
  const file = join(folder, "audit.log");
  writeFileSync(file, "");
  const rules = [{ level: "Metadata", users: [user], omitStages: ["RequestReceived"] }, { level: "None" }];
  writeFileSync(policy, JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  // The end of a watch is a second event with the same id, and may come long after.
  const seen = new Set<string>();
  let offset = 0;
  return {
    apiserverArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${file}`, "--audit-log-maxsize=2000"],
    async requests() {
      await sleep(SETTLE_MS);
      const text = readFrom(file, offset);
      const lines = text.slice(0, text.lastIndexOf("\n") + 1);
      offset += Buffer.byteLength(lines);
      const before = seen.size;
      for (const [, id] of lines.matchAll(/"auditID":"([^"]+)"/g)) if (id !== undefined) seen.add(id);
      return seen.size - before;
    },
  };
}

function readFrom(file: string, offset: number): string {
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(handle).size - offset));
    readSync(handle, buffer, 0, buffer.length, offset);
    return buffer.toString("utf8");
  } finally {
    closeSync(handle);
  }
}
