export { type Blame, blameFor } from "./blame.ts";
export { isDoneWhenPresent, judge, judgeAbsent, ownsPods } from "./judge.ts";
export { isReady, waitReason } from "./pod.ts";
export { type EventNote, noteOf } from "./read.ts";
export {
  type Around,
  type Budgets,
  type Cause,
  causes,
  defaultBudgets,
  type Evidence,
  type FailureCause,
  type HealthRule,
  nothingAround,
  type Progress,
  type RequiredRollout,
  type RuleMatch,
  type Status,
  type Sureness,
  type Suspect,
  type Verdict,
} from "./verdict.ts";
