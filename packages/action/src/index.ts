export type { Action, BasePorts, Post, Report, Story } from "./action.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type RunContext, readContext } from "./context.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { ActionError, type ActionErrorInit, codesByArea, collect, type ErrorCode, toActionError } from "./error.ts";
export { type FileCommands, heredoc, writeFileCommands } from "./files.ts";
export { errorAnnotations } from "./finish.ts";
export { duration, flag, integer, list, oneOf, parsed, required, text, withDefault } from "./input-kinds.ts";
export {
  defineInputs,
  type InputSpec,
  type InputTable,
  type InputValues,
  type RawInputs,
  rawInputs,
  show,
} from "./inputs.ts";
export {
  type Annotation,
  type Console,
  createLog,
  type Log,
  stripControl,
  type Wait,
  type WaitState,
} from "./log.ts";
export { type Budget, type Classification, createBudget, type RetryOptions, retry, retryAfterMs } from "./retry.ts";
export { exitWith, runAction, runPost } from "./run.ts";
