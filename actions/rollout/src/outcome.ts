import type { ActionError } from "@eks-actions/action";
import type { Verdict } from "@eks-actions/health";
import type { GateFailure } from "./gate/gate.ts";
import type { Phase } from "./lock/record.ts";
import type { TimelineEntry } from "./model.ts";
import type { Diagnosis } from "./report/diagnosis.ts";

export type Result = "unchanged" | "applied" | "planned" | "reverted" | "held" | "recovered" | "cancelled" | "failed";

/** How a run ended, with all that a report needs. */
export interface Outcome {
  readonly result: Result;
  /** Why the step is red; absent when it is green. */
  readonly error: ActionError | undefined;
  readonly failure: GateFailure | undefined;
  readonly diagnosis: Diagnosis | undefined;
  /** Last verdict on each object, by identity. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Milliseconds from the write until the object was healthy, by identity. */
  readonly healthyAfter: ReadonlyMap<string, number>;
  readonly timeline: readonly TimelineEntry[];
  readonly warnings: readonly string[];
  readonly pruned: number;
  readonly phase: Phase | undefined;
  readonly revision: number | undefined;
  readonly deploymentId: number | undefined;
  readonly environmentUrl: string | undefined;
  readonly requests: { readonly requests: number; readonly writes: number };
  /** The error was shown in the log when it happened; the report does not repeat it. */
  readonly isShown: boolean;
  /** The plan as JSON; absent for modes without a set. */
  readonly planPath: string | undefined;
}
