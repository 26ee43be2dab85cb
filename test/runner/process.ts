import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface ProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Each line of stdout and stderr in order of arrival; the runner reads commands from both. */
  onLine(line: string): void;
  /** Cancels the step when it aborts. */
  readonly cancel: AbortSignal;
  /** Step timeout; ends the step as a cancel does. */
  readonly timeoutMs?: number | undefined;
  readonly grace: CancelGrace;
}

/** Milliseconds after SIGINT until SIGTERM, and from there until SIGKILL. */
export interface CancelGrace {
  readonly sigintMs: number;
  readonly sigtermMs: number;
}

/** As in ProcessInvoker.cs. */
export const runnerGrace: CancelGrace = { sigintMs: 7_500, sigtermMs: 2_500 };

export interface ProcessResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Signals that were sent, in order. */
  readonly sent: readonly NodeJS.Signals[];
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  readonly pid: number | undefined;
}

// The runner waits this long for output streams that a grandchild keeps open after the process has ended.
const STREAM_WAIT_MS = 5_000;

/** Runs one process as the runner does: no stdin, clean environment, both streams read line by line. */
export function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.file, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ending = endGently(child, options);
    const streams = [child.stdout, child.stderr].map((stream) => readLines(stream, options.onLine));
    child.once("error", (error) => {
      ending.stop();
      reject(error);
    });
    child.once("exit", (exitCode, signal) => {
      ending.stop();
      const giveUp = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, STREAM_WAIT_MS);
      void Promise.all(streams).then(() => {
        clearTimeout(giveUp);
        const { sent, timedOut, cancelled } = ending;
        resolve({ exitCode, signal, sent, timedOut, cancelled, pid: child.pid });
      });
    });
  });
}

function endGently(child: ChildProcess, options: ProcessOptions) {
  const state = { sent: [] as NodeJS.Signals[], timedOut: false, cancelled: false, stop: () => {} };
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, action: () => void) => timers.add(setTimeout(action, ms));
  const send = (signal: NodeJS.Signals) => {
    state.sent.push(signal);
    child.kill(signal);
  };
  const begin = () => {
    if (state.sent.length > 0) return;
    send("SIGINT");
    later(options.grace.sigintMs, () => {
      send("SIGTERM");
      later(options.grace.sigtermMs, () => send("SIGKILL"));
    });
  };
  const cancel = () => {
    state.cancelled = true;
    begin();
  };
  if (options.timeoutMs !== undefined) {
    later(options.timeoutMs, () => {
      state.timedOut = true;
      begin();
    });
  }
  if (options.cancel.aborted) child.once("spawn", cancel);
  else options.cancel.addEventListener("abort", cancel, { once: true });
  state.stop = () => {
    for (const timer of timers) clearTimeout(timer);
    options.cancel.removeEventListener("abort", cancel);
  };
  return state;
}

// A lone CR ends a line too, as in .NET's StreamReader: what stands behind it can be a command.
async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  stream.setEncoding("utf8");
  let rest = "";
  const flush = (text: string, isLast: boolean) => {
    // A CR at the end of a chunk may be the first half of CRLF.
    const held = !isLast && text.endsWith("\r") ? "\r" : "";
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? "") + held;
    for (const line of lines) onLine(line);
  };
  await new Promise<void>((resolve) => {
    stream.on("data", (chunk: string) => flush(rest + chunk, false));
    stream.once("close", resolve);
    stream.once("error", () => resolve());
  });
  flush(rest, true);
  if (rest !== "") onLine(rest);
}
