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
  /** Processor time, which other work on the machine lengthens less than the wall clock. */
  readonly cpuMs: number;
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
    let last: Usage = { peakMb: Number.NaN, cpuMs: Number.NaN };
    const look = () => {
      last = usageOf(child.pid) ?? last;
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
      resolve({ ms: exitedAt - startedAt, exitedAt, code, ...last, output: Buffer.concat(output).toString("utf8") });
    });
  });
}

/** Milliseconds since the epoch, finer than Date.now(). */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

interface Usage {
  readonly peakMb: number;
  readonly cpuMs: number;
}

const TICKS_PER_MS = 0.1;

// VmHWM is of this program alone; getrusage's figure is inherited from whoever started it.
function usageOf(pid: number | undefined): Usage | undefined {
  try {
    const kib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
    // proc(5): utime and stime are the 12th and 13th field after the program's name.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return kib > 0 ? { peakMb: kib / 1024, cpuMs: ticks / TICKS_PER_MS } : undefined;
  } catch {
    // It has ended, or this is no Linux: the last figures stand.
    return undefined;
  }
}

/** Lets a Node process that someone else starts say at its exit what it took, and when it was. */
export interface ExitNote {
  readonly env: Readonly<Record<string, string>>;
  read(): { readonly peakMb: number; readonly cpuMs: number; readonly exitedAt: number };
}

export function exitNote(folder: string): ExitNote {
  const program = join(folder, "exit-note.mjs");
  const file = join(folder, "exit-note.json");
  writeFileSync(
    program,
    `import { readFileSync, writeFileSync } from "node:fs";
process.on("exit", () => {
  const exitedAt = performance.timeOrigin + performance.now();
  const used = process.resourceUsage();
  let kib = used.maxRSS;
  try { kib = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]); } catch {}
  writeFileSync(${JSON.stringify(file)}, JSON.stringify({ peakMb: kib / 1024, cpuMs: (used.userCPUTime + used.systemCPUTime) / 1000, exitedAt }));
});
`,
  );
  return {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(program).href}` },
    read: () => JSON.parse(readFileSync(file, "utf8")),
  };
}
