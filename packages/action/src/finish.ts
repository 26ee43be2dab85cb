import { isAbsolute, relative } from "node:path";
import type { Report, Story } from "./action.ts";
import type { SuiteWarning } from "./codes/suite.ts";
import { type ActionError, collect, toActionError } from "./error.ts";
import { writeFileCommands, writeSummary } from "./files.ts";
import type { Annotation, Log } from "./log.ts";
import { fitSummary } from "./summary.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** How an action tells of its end, and takes back what must not stay when that end is a failure. */
interface Ending<S, O> {
  report(story: S): Report;
  readonly undo: ((outcome: O) => void) | undefined;
}

/** Writes what a run leaves behind, then prints how it ended. Returns the exit code. Never throws. */
export function finish<I, F, P, O>(
  ending: Ending<Story<I, F, P, O>, O>,
  story: Story<I, F, P, O>,
  { env, log }: { readonly env: Env; readonly log: Log },
): number {
  let last = story.error === undefined ? story : failed(ending, story, story.error);
  let report = tell(ending, last);
  const refused = handOver(env, report);
  if (refused !== undefined) {
    last = failed(ending, last, refused);
    report = { ...tell(ending, last), exitCode: 1 };
    // The outputs that describe the failure, where the runner's files can be written at all.
    handOver(env, report);
  }
  const summary = saveSummary(env, report.summary);

  log.endGroups();
  for (const annotation of withRemainder(report.annotations)) {
    log.annotate(inWorkspace(annotation, story.run.workspace));
  }
  for (const bug of report.bugs) printBug(bug, env, log);
  for (const warning of summary.warnings) log.annotate(warning);
  if (summary.unsaved !== "") log.info(summary.unsaved);
  if (report.lastLine !== "") log.info(report.lastLine);
  return report.exitCode;
}

/** The story with one more error. What `undo` took back is no longer told as an outcome. */
function failed<I, F, P, O>(
  { undo }: Ending<Story<I, F, P, O>, O>,
  story: Story<I, F, P, O>,
  error: ActionError,
): Story<I, F, P, O> {
  const { outcome, error: known, ...rest } = story;
  const errors = known === undefined || known === error ? [error] : [known, error];
  if (outcome === undefined || undo === undefined) return { ...story, error: collect(errors) ?? error };
  try {
    undo(outcome);
  } catch (thrown) {
    errors.push(toActionError(thrown));
  }
  return { ...rest, error: collect(errors) ?? error };
}

interface Told extends Report {
  readonly bugs: readonly ActionError[];
}

function tell<I, F, P, O>(ending: Ending<Story<I, F, P, O>, O>, story: Story<I, F, P, O>): Told {
  const known = story.error?.all() ?? [];
  try {
    const report = ending.report(story);
    const bugs = bugsOf([...known, ...(report.errors ?? []).flatMap((error) => error.all())]);
    return { ...report, bugs, exitCode: bugs.length > 0 ? report.exitCode || 1 : report.exitCode };
  } catch (thrown) {
    const bug = toActionError(thrown);
    const error = collect([...known, bug]) ?? bug;
    return {
      exitCode: 1,
      lastLine: error.describe(),
      summary: "",
      annotations: errorAnnotations(error),
      bugs: bugsOf([...known, bug]),
    };
  }
}

function bugsOf(errors: readonly ActionError[]): readonly ActionError[] {
  return [...new Set(errors)].filter((error) => error.code === "INTERNAL");
}

function handOver(env: Env, report: Report): ActionError | undefined {
  try {
    writeFileCommands(env, report.exitCode === 0 ? report : { outputs: report.outputs ?? {} });
    return undefined;
  } catch (thrown) {
    return toActionError(thrown);
  }
}

interface SavedSummary {
  readonly warnings: readonly Annotation[];
  /** What is left for the log to show. */
  readonly unsaved: string;
}

function saveSummary(env: Env, markdown: string): SavedSummary {
  if (markdown === "") return { warnings: [], unsaved: "" };
  const fitted = fitSummary(markdown);
  const warnings: Annotation[] = [];
  const warn = (title: SuiteWarning, message: string) => warnings.push({ level: "warning", title, message });
  if (fitted.leftOut.length > 0) {
    warn("SUMMARY_TRUNCATED", `the job summary was shortened; left out: ${fitted.leftOut.join(", ")}`);
  }
  try {
    if (writeSummary(env, fitted.markdown)) return { warnings, unsaved: "" };
    warn("SUMMARY_IN_LOG", "GITHUB_STEP_SUMMARY is not set; the summary follows in the log");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn("SUMMARY_IN_LOG", `the summary could not be written (${reason}); it follows in the log`);
  }
  return { warnings, unsaved: fitted.markdown };
}

/** Annotations of an error: one for each fault found, on its file and line; the hint is part of the message. */
export function errorAnnotations(error: ActionError): readonly Annotation[] {
  return error.all().map((fault) => ({
    level: "error" as const,
    title: fault.code,
    message: fault.hint === undefined ? fault.message : `${fault.message} → ${fault.hint}`,
    file: fault.file,
    line: fault.line,
    column: fault.column,
  }));
}

const KEPT_OF_A_LEVEL = 10;

// GitHub keeps ten annotations of each level for a step and drops the rest without a word: the tenth tells of them.
function withRemainder(annotations: readonly Annotation[]): readonly Annotation[] {
  const totals = Object.groupBy(annotations, ({ level }) => level);
  const seen = { error: 0, warning: 0, notice: 0 };
  return annotations.flatMap((annotation) => {
    const { level } = annotation;
    const left = (totals[level]?.length ?? 0) - KEPT_OF_A_LEVEL + 1;
    if (++seen[level] !== KEPT_OF_A_LEVEL || left < 2) return [annotation];
    return [
      { level, title: `${left} more`, message: `${left} more of this kind are in the log of the step` },
      annotation,
    ];
  });
}

// GitHub shows an annotation in a pull request only when its file is a path of the repository.
function inWorkspace(annotation: Annotation, workspace: string): Annotation {
  const { file } = annotation;
  if (file === undefined || file === "") return annotation;
  const inside = isAbsolute(file) ? relative(workspace, file) : file.replace(/^(\.\/)+/, "");
  return inside === "" || inside.startsWith("..") ? annotation : { ...annotation, file: inside.replaceAll("\\", "/") };
}

/** The stacks of a bug and of its causes, and where to report it. */
export function printBug(error: ActionError, env: Env, log: Log): void {
  const stacks: string[] = [];
  for (let at: unknown = error.cause ?? error; at instanceof Error && stacks.length < 5; at = at.cause) {
    stacks.push(`${stacks.length === 0 ? "" : "caused by "}${at.stack ?? at.message}`);
  }
  log.untrusted((stacks.length === 0 ? error.message : stacks.join("\n")).split("\n"));
  const repository = env["GITHUB_ACTION_REPOSITORY"] ?? "";
  const version = env["GITHUB_ACTION_REF"] ?? "";
  if (repository === "") {
    log.info("This is a bug in the action. Please report it with the lines above.");
    return;
  }
  const server = env["GITHUB_SERVER_URL"] || "https://github.com";
  log.info(
    `This is a bug in ${repository}${version === "" ? "" : `@${version}`}. Please report it with the lines above:`,
  );
  log.info(`→ ${server}/${repository}/issues/new`);
}
