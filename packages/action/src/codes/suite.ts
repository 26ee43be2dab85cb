/** Codes that every action of the suite can end with. */
export const suiteCodes = {
  INPUT_REQUIRED: "A required input is empty.",
  INPUT_INVALID: "An input's value is not accepted.",
  INPUT_CONFLICT: "Inputs exclude or need each other.",
  INPUT_RENAMED: "An input was renamed.",
  INPUT_UNSUPPORTED:
    "An input of another action that this one refuses, because ignoring it would change what the job may do.",
  RUNNER_ENV_MISSING: "A variable or file of the GitHub runner is absent.",
  WRITE_FAILED: "Outputs, variables or files could not be written; nothing was exported.",
  FILE_REFUSED: "The runner's file system refused to read or write a file.",
  PATH_OUTSIDE: "A path leads out of the workspace.",
  GITHUB_API: "GitHub's API refused or did not answer.",
  CANCELLED: "The run was cancelled.",
  INTERNAL: "A bug in the action.",
} as const;

/** Titles of warnings that the seam itself gives; a step with one of them can still be green. */
export const suiteWarnings = {
  SUMMARY_TRUNCATED: "Warning: the job summary was shortened to the runner's limit of 1 MiB.",
  SUMMARY_IN_LOG: "Warning: the job summary could not be written, so it stands in the log.",
} as const;

export type SuiteWarning = keyof typeof suiteWarnings;
