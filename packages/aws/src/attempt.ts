import type { Clock } from "@eks-actions/action";
import { RequestTimedOut } from "./classify.ts";

/**
 * Runs one request with a limit of its own, connect included. The run's signal ends it too, with the signal's reason.
 * @throws RequestTimedOut after `timeoutMs`, also when the request ignores its signal
 */
export async function withTimeout<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const done = new AbortController();
  const cancel = () => controller.abort(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  const limit = clock.sleep(timeoutMs, done.signal).then(
    () => controller.abort(new RequestTimedOut(`no answer within ${Math.round(timeoutMs)} ms`)),
    () => undefined, // the request ended first
  );
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  // A request that throws before its first await must not leave the limit behind.
  const running = (async () => request(controller.signal))();
  running.catch(() => undefined); // seen by the race below, unless the limit was first
  try {
    return await Promise.race([running, ended]);
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    done.abort();
    signal.removeEventListener("abort", cancel);
    await limit;
  }
}
