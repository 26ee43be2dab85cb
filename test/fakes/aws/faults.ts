import type { Fault } from "./aws.ts";
import type { Operation } from "./operations.ts";
import type { Random } from "./random.ts";

/** Disturbances chosen for one request. */
export interface Disturbance {
  readonly error?: Fault["error"];
  readonly delaySeconds: number;
  readonly drop?: Fault["drop"];
  readonly outcome?: Fault["outcome"];
}

export interface FaultScript {
  /** Which faults this request meets; counts the request for `nth`. */
  meet(operation: Operation): Disturbance;
  /** Faults that no request met. */
  unused(): readonly Fault[];
}

export function faultScript(faults: readonly Fault[], random: Random): FaultScript {
  const state = faults.map((fault) => ({ fault, seen: 0, hits: 0 }));
  return {
    meet(operation) {
      let error: Fault["error"];
      let drop: Fault["drop"];
      let outcome: Fault["outcome"];
      let delaySeconds = 0;
      for (const [index, entry] of state.entries()) {
        if (!matches(entry.fault.op, operation)) continue;
        entry.seen += 1;
        if (entry.fault.nth !== undefined && entry.seen !== entry.fault.nth) continue;
        if (entry.fault.probability !== undefined && random.draw(`fault|${index}`) >= entry.fault.probability) continue;
        entry.hits += 1;
        error ??= entry.fault.error;
        drop ??= entry.fault.drop;
        outcome ??= entry.fault.outcome;
        delaySeconds += entry.fault.delay ?? 0;
      }
      return { error, drop, outcome, delaySeconds };
    },
    unused: () => state.filter((entry) => entry.hits === 0).map((entry) => entry.fault),
  };
}

function matches(op: string, operation: Operation): boolean {
  const [service, name] = op.includes(":") ? op.split(":") : ["*", op];
  return (service === "*" || service === operation.service.id) && (name === "*" || name === operation.name);
}
