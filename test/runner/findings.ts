/** What the harness found wrong beside the step's own result. */
export type FindingCode =
  | "RUNNER_ENTRY_MISSING"
  | "RUNNER_FILE_COMMAND_INVALID"
  | "RUNNER_SUMMARY_TOO_LARGE"
  | "RUNNER_CANCEL_IGNORED"
  | "SECRET_LEAKED"
  | "LEFTOVERS"
  | "NON_LOOPBACK_REQUEST";

export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}

/** Findings that GitHub itself turns into a failed step; the others would go unseen there, so the harness throws them. */
export const seenOnGitHub: ReadonlySet<FindingCode> = new Set<FindingCode>([
  "RUNNER_FILE_COMMAND_INVALID",
  "RUNNER_SUMMARY_TOO_LARGE",
]);

/** Thrown by `runStep` and `runJob` for findings that the test did not list in `tolerate`. */
export class RunnerFault extends Error {
  override readonly name = "RunnerFault";
  readonly findings: readonly Finding[];
  /** The masked log up to here, for the failure message. */
  readonly log: string;

  constructor(findings: readonly Finding[], log: string) {
    const list = findings.map((finding) => `${finding.code}: ${finding.message}`).join("\n");
    super(`${list}\n--- log ---\n${log.split("\n").slice(-40).join("\n")}`);
    this.findings = findings;
    this.log = log;
  }
}

/** Throws what was found unless it is tolerated or already visible as a failed step. */
export function refuse(findings: readonly Finding[], tolerate: readonly FindingCode[], log: string): void {
  const faults = findings.filter((finding) => !seenOnGitHub.has(finding.code) && !tolerate.includes(finding.code));
  if (faults.length > 0) throw new RunnerFault(faults, log);
}
