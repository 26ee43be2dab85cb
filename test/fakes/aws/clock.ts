import { type Clock, systemClock } from "@eks-actions/action";

/** Virtual time that runs `1 / scale` times as fast as the machine's. */
export function scaledClock(scale: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) / scale,
    sleep: (ms, signal) => systemClock.sleep(ms * scale, signal),
  };
}
