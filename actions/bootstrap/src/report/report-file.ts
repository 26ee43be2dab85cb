import type { Outcome } from "../apply.ts";
import type { Ports } from "../ports.ts";
import { statusAfter } from "../report.ts";
import { countsOf } from "./plan-json.ts";

/** Writes what the run did for machines, schemaVersion 1, and answers the outcome with its path. */
export function withReportFile(outcome: Outcome, ports: Ports): Outcome {
  const { after, done, errors } = outcome;
  const { config } = after.facts;
  const document = {
    schemaVersion: 1,
    mode: after.inputs.mode,
    result: outcome.result,
    status: statusAfter(after, outcome.result),
    cluster: { name: config.metadata.name, region: config.metadata.region, account: after.facts.account },
    run: { id: ports.run.runId, attempt: ports.run.runAttempt },
    requests: { reads: outcome.reads, writes: outcome.writes },
    actions: done.map(({ action, state, startedAt, endedAt, error, note }) => ({
      id: action.id,
      op: action.op,
      target: action.target,
      state,
      startedAt: startedAt === undefined ? null : new Date(startedAt).toISOString(),
      seconds: startedAt === undefined || endedAt === undefined ? null : (endedAt - startedAt) / 1000,
      usualSeconds: action.expectedSeconds,
      error: error?.code ?? null,
      note: note ?? null,
    })),
    errors: errors
      .flatMap((error) => error.all())
      .map(({ code, message, hint, file, line }) => ({
        code,
        message,
        hint: hint ?? null,
        file: file ?? null,
        line: line ?? null,
      })),
    left: { counts: countsOf(after), actions: after.actions.map((action) => action.id) },
  };
  const name = `bootstrap-report-${config.metadata.name}.json`;
  return { ...outcome, reportFile: ports.writeReport(name, `${JSON.stringify(document, undefined, 2)}\n`) };
}
