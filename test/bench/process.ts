import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** One run of a program, from spawn to exit. */
export interface Measured {
  readonly ms: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly exitedAt: number;
  readonly code: number | null;
  /** Highest resident set. */
  readonly peakMb: number;
  readonly output: string;
}

export interface MeasureOptions {
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
}

const POLL_MS = 20;

/** Runs any program and polls its highest resident set, which the kernel forgets at its exit. */
export function measure(file: string, args: readonly string[], options: MeasureOptions): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const startedAt = now();
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
    });
    let peakMb = Number.NaN;
    const look = () => {
      const seen = peakOf(child.pid);
      if (seen !== undefined) peakMb = seen;
    };
    const timer = setInterval(look, POLL_MS);
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
    let exitedAt = 0;
    child.once("exit", () => {
      exitedAt = now();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(timer);
      resolve({ ms: exitedAt - startedAt, exitedAt, code, peakMb, output: Buffer.concat(output).toString("utf8") });
    });
  });
}

/** Milliseconds since the epoch, finer than Date.now(). */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

// VmHWM is of this program alone; getrusage's figure is inherited from whoever started it.
function peakOf(pid: number | undefined): number | undefined {
  try {
    const kib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
    return kib > 0 ? kib / 1024 : undefined;
  } catch {
    // It has ended, or this is no Linux: the last figure stands.
    return undefined;
  }
}

/** Lets a Node process that someone else starts say at its exit how much memory it took, and when it was. */
export interface ExitNote {
  readonly env: Readonly<Record<string, string>>;
  read(): { readonly peakMb: number; readonly exitedAt: number };
}

export function exitNote(folder: string): ExitNote {
  const program = join(folder, "exit-note.mjs");
  const file = join(folder, "exit-note.json");
  writeFileSync(
    program,
    `import { readFileSync, writeFileSync } from "node:fs";
process.on("exit", () => {
  const exitedAt = performance.timeOrigin + performance.now();
  let kib = process.resourceUsage().maxRSS;
  try { kib = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]); } catch {}
  writeFileSync(${JSON.stringify(file)}, JSON.stringify({ peakMb: kib / 1024, exitedAt }));
});
`,
  );
  return {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(program).href}` },
    read: () => JSON.parse(readFileSync(file, "utf8")),
  };
}
