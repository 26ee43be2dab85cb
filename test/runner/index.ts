export type { BuiltIn, BuiltInAnswer, BuiltInCall } from "./built-in.ts";
export type { Finding, FindingCode } from "./findings.ts";
export { RunnerFault } from "./findings.ts";
export type { Artifacts } from "./github-actions.ts";
export type { JobOptions, JobResult, JobStep, RanStep } from "./job.ts";
export { runJob } from "./job.ts";
export type { SecretPlace } from "./leaks.ts";
export { createMachine, type Machine } from "./machine.ts";
export { type CancelGrace, runnerGrace } from "./process.ts";
export { runStep, type StepOptions } from "./run-step.ts";
export type { SessionOptions } from "./session.ts";
export type { Outcome, StepResult } from "./stage.ts";
export type { Annotation } from "./step-log.ts";
export {
  type Concurrency,
  type JobIdentityRequest,
  runWorkflow,
  type WorkflowJobResult,
  type WorkflowOptions,
  type WorkflowResult,
} from "./workflow.ts";
