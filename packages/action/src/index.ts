export { type Clock, systemClock } from "./clock.ts";
export { type RunContext, readContext } from "./context.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { ActionError, type ActionErrorInit, codesByArea, collect, type ErrorCode, toActionError } from "./error.ts";
export { type FileCommands, heredoc, writeFileCommands } from "./files.ts";
export {
  defineInputs,
  duration,
  editDistance,
  flag,
  type InputSpec,
  type InputTable,
  type InputValues,
  integer,
  list,
  oneOf,
  parsed,
  type RawInputs,
  rawInputs,
  required,
  show,
  text,
  withDefault,
} from "./inputs.ts";
export {
  type Annotation,
  type Console,
  createLog,
  type Log,
  maskParts,
  stripControl,
  type Wait,
  type WaitState,
} from "./log.ts";
export { type Budget, type Classification, createBudget, type RetryOptions, retry, retryAfterMs } from "./retry.ts";
export {
  type Action,
  type BasePorts,
  errorAnnotations,
  exitWith,
  type Post,
  type Report,
  runAction,
  runPost,
  type Story,
} from "./run.ts";
export { fitSummary, SUMMARY_BUDGET_BYTES } from "./summary.ts";
