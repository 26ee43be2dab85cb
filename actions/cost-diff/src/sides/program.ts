import { spawn } from "node:child_process";

export interface ProgramRun {
  readonly cwd: string;
  /** The whole environment: nothing of the job's leaks into a child by itself. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramResult {
  /** `missing`: there is no such program; `limit`: it was ended for its time or output. */
  readonly end: "done" | "missing" | "time" | "output";
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a shell. Rejects only when the signal aborts. */
export type Program = (command: string, args: readonly string[], run: ProgramRun) => Promise<ProgramResult>;

const STDERR_BYTES = 64 * 1024;

export const runProgram: Program = (command, args, run) =>
  new Promise((resolve, reject) => {
    const { cwd, env, timeoutMs = 60_000, maxBytes = 64 * 1024 * 1024, signal } = run;
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let errBytes = 0;
    let end: ProgramResult["end"] = "done";
    // The whole process group goes: helm and kustomize start programs of their own.
    const stop = (reason: ProgramResult["end"]) => {
      end = reason;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    };
    const timer = setTimeout(() => stop("time"), timeoutMs);
    const abort = () => stop("done");
    signal?.addEventListener("abort", abort, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) stop("output");
      else out.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errBytes += chunk.length;
      if (errBytes <= STDERR_BYTES) err.push(chunk);
    });
    const finish = (code: number) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (signal?.aborted === true) reject(signal.reason);
      else
        resolve({
          end,
          code,
          stdout: Buffer.concat(out).toString("utf8"),
          stderr: Buffer.concat(err).toString("utf8"),
        });
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      end = error.code === "ENOENT" ? "missing" : end;
      err.push(Buffer.from(error.message));
      finish(127);
    });
    child.on("close", (code) => finish(code ?? 137));
  });
