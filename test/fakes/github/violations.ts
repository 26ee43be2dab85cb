export interface Violation {
  readonly code:
    | "STANDIN_UNKNOWN_OPERATION"
    | "GITHUB_CONTRACT_VIOLATION"
    | "STANDIN_FAULT_UNUSED"
    | "STANDIN_RETRY_TOO_EARLY";
  readonly message: string;
}

/** Thrown at dispose: a violation fails the test even if the action recovered from it. */
export class StandInViolations extends Error {
  override readonly name = "StandInViolations";
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map((violation) => `${violation.code}: ${violation.message}`).join("\n"));
    this.violations = violations;
  }
}
