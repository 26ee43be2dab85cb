import { ActionError } from "./error.ts";

/** What ends a run from outside its own steps. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** `INTERNAL`, when something was thrown where nobody could catch it. */
  crash(): ActionError | undefined;
}

/** An interruption by a given signal alone, as tests have it. */
export function interruptionBy(signal: AbortSignal): Interruption {
  return { signal, crash: () => undefined };
}

/**
 * The interruptions of this process: SIGINT is the runner's cancel, SIGTERM follows 7.5 s later; an exception or
 * rejection that nobody caught, and a run that waits for nothing, are bugs that must still end in a report.
 */
export function processInterruption(): Interruption {
  const controller = new AbortController();
  let crash: ActionError | undefined;
  const cancel = () => controller.abort(cancelled());
  const fail = (thrown: unknown) => {
    // Work that was told to stop may reject where nobody waits for it any more.
    if (controller.signal.aborted && isStop(thrown)) return;
    crash ??= uncaught(thrown);
    controller.abort(crash);
  };
  // These stay: a second SIGINT, as from Ctrl+C in a terminal, would otherwise end the process before its report.
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  process.on("uncaughtException", fail);
  process.on("beforeExit", () => fail(new Error("the run waits for something that can no longer come")));
  // A log that nobody reads any more is no reason to stop: what counts is in the runner's files.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return { signal: controller.signal, crash: () => crash };
}

export function cancelled(): ActionError {
  return new ActionError("CANCELLED", { message: "the run was cancelled", hint: "run the workflow again" });
}

/** Resolves or rejects with `work`, but rejects at the latest `graceMs` after the signal has aborted. */
export async function withGrace<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => late.reject(signal.reason), graceMs);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener("abort", start);
    clearTimeout(timer);
  }
}

function isStop(thrown: unknown): boolean {
  if (thrown instanceof ActionError) return thrown.code === "CANCELLED";
  return thrown instanceof Error && thrown.name === "AbortError";
}

function uncaught(thrown: unknown): ActionError {
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new ActionError("INTERNAL", { message: `nobody caught ${message}`, cause: thrown });
}
