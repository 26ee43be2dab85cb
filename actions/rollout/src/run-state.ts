import type { Verdict } from "@eks-actions/health";
import { identityOf } from "@eks-actions/manifest";
import type { GateFailure, GateResult } from "./gate/gate.ts";
import type { Lock } from "./lock/held-lock.ts";
import type { TimelineEntry } from "./model.ts";
import type { Outcome } from "./outcome.ts";
import type { Ports } from "./ports.ts";
import type { Deployment } from "./report/deployment.ts";
import type { Diagnosis } from "./report/diagnosis.ts";

/** What a run has come to know by now; it becomes the outcome at the end. */
export interface RunState {
  readonly timeline: TimelineEntry[];
  readonly verdicts: Map<string, Verdict>;
  readonly healthyAfter: Map<string, number>;
  readonly warnings: string[];
  failure: GateFailure | undefined;
  diagnosis: Diagnosis | undefined;
  pruned: number;
  deployment: Deployment | undefined;
  environmentUrl: string | undefined;
  isShown: boolean;
  /** An entry of the timeline, and a line of the log. */
  happened(event: string): void;
  learn(result: GateResult): void;
  end(result: Outcome["result"], error: Outcome["error"], lock: Lock | undefined): Outcome;
}

export function createRunState(ports: Ports): RunState {
  const { clock, kube, log } = ports;
  const state: RunState = {
    timeline: [],
    verdicts: new Map(),
    healthyAfter: new Map(),
    warnings: [],
    failure: undefined,
    diagnosis: undefined,
    pruned: 0,
    deployment: undefined,
    environmentUrl: undefined,
    isShown: false,
    happened(event) {
      state.timeline.push({ at: clock.now(), event });
      log.info(event);
    },
    learn(result) {
      for (const verdict of result.verdicts) state.verdicts.set(identityOf(verdict.ref), verdict);
      for (const [identity, ms] of result.healthyAfter) state.healthyAfter.set(identity, ms);
    },
    end(result, error, lock) {
      for (const verdict of state.verdicts.values()) {
        for (const warning of verdict.warnings)
          state.warnings.push(`${verdict.ref.kind} ${verdict.ref.name}: ${warning}`);
      }
      return {
        result,
        error,
        failure: state.failure,
        diagnosis: state.diagnosis,
        verdicts: state.verdicts,
        healthyAfter: state.healthyAfter,
        timeline: state.timeline,
        warnings: [...new Set(state.warnings)],
        pruned: state.pruned,
        phase: lock?.record.phase,
        revision: lock?.record.revision,
        deploymentId: state.deployment?.id,
        environmentUrl: state.environmentUrl,
        requests: kube.stats(),
        isShown: state.isShown,
        planPath: undefined,
      };
    },
  };
  return state;
}
