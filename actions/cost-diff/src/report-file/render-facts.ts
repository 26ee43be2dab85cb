import { lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ActionError, type RunContext } from "@eks-actions/action";
import type { PullRequest } from "@eks-actions/github";
import type { Inputs } from "../inputs.ts";
import type { Ports } from "../ports.ts";
import { globExpression, isGlob, openTree } from "../sides/files.ts";
import { pullEvent, workflowRunEvent } from "../sides/pull-event.ts";
import { allowedFolder } from "../sides/workspace.ts";
import { joinReports, readReport } from "./report-json.ts";
import type { ReportFile } from "./report-model.ts";

/** Reports of another run, checked against the event and the pull request. */
export interface RenderFacts {
  readonly kind: "render";
  readonly run: RunContext;
  readonly file: ReportFile;
  readonly pull: number;
  readonly labels: readonly string[];
  readonly isFork: boolean;
}

const MAX_FILES = 50;
const MAX_BYTES = 1024 * 1024;

/** @throws ActionError `REPORT_INVALID`, `REPORT_FOREIGN`, `REPORT_STALE` */
export async function observeReports(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<RenderFacts> {
  const { run } = ports;
  const paths = inputs.merge.flatMap((pattern) => findFiles(pattern, run));
  if (paths.length === 0 || paths.length > MAX_FILES) {
    throw new ActionError("REPORT_INVALID", {
      message: `\`merge\` names ${paths.length} files; it takes 1 to ${MAX_FILES}`,
      hint: "with:\n    merge: reports/*.json",
    });
  }
  const file = joinReports(paths.map((path) => readReport(readSmall(path), path)));
  const event = pullEvent(run);
  if (event !== undefined) {
    if (file.pr !== event.number)
      throw foreign(`the report is of pull request ${file.pr}, the event of ${event.number}`);
    refuseStale(file, event.headSha);
    return {
      kind: "render",
      run,
      file: ours(file, run),
      pull: event.number,
      labels: event.labels,
      isFork: event.isFork,
    };
  }
  const pull = await fromWorkflowRun(inputs, ports, file, signal);
  return { kind: "render", run, file: ours(file, run), pull: pull.number, labels: pull.labels, isFork: pull.isFork };
}

async function fromWorkflowRun(
  inputs: Inputs,
  ports: Ports,
  file: ReportFile,
  signal: AbortSignal,
): Promise<PullRequest> {
  const event = workflowRunEvent(ports.run);
  if (file.pr === null) throw foreign("the report names no pull request");
  if (inputs.pullRequest !== undefined && inputs.pullRequest !== file.pr)
    throw foreign(`the report is of pull request ${file.pr}, not of ${inputs.pullRequest}`);
  if (event === undefined) throw foreign("the event is neither pull_request nor workflow_run");
  const pull = await ports.github.pullRequest(file.pr, signal);
  if (pull.state !== "open") throw foreign(`pull request ${file.pr} is not open`);
  if (pull.base.repository?.id !== event.repositoryId)
    throw foreign(`pull request ${file.pr} belongs to another repository`);
  if (file.headSha !== event.headSha)
    throw foreign(`the report is of ${file.headSha.slice(0, 7)}, the run of ${event.headSha.slice(0, 7)}`);
  if (pull.head.repository?.id !== event.headRepositoryId)
    throw foreign(`the run's branch lies in another repository than pull request ${file.pr}`);
  refuseStale(file, pull.head.sha);
  return pull;
}

/** The run that speaks is this one, whatever the file says. */
function ours(file: ReportFile, run: RunContext): ReportFile {
  return { ...file, run: { id: Number(run.runId) || 0, attempt: Number(run.runAttempt) || 1 } };
}

function refuseStale(file: ReportFile, head: string): void {
  if (file.headSha === head) return;
  throw new ActionError("REPORT_STALE", {
    message: `the report is of ${file.headSha.slice(0, 7)}, the pull request is at ${head.slice(0, 7)} by now`,
    hint: "nothing to do: the newer run brings its own report",
  });
}

function foreign(message: string): ActionError {
  return new ActionError("REPORT_FOREIGN", {
    message,
    hint: "render only the artifact of the run that triggered this one",
  });
}

function findFiles(pattern: string, run: RunContext): readonly string[] {
  const root = allowedFolder(".", run, "merge");
  for (const folder of [root, ...(run.tempDir === "" ? [] : [run.tempDir])]) {
    const relative = pattern.startsWith(`${folder}/`) ? pattern.slice(folder.length + 1) : pattern;
    if (relative.startsWith("/")) continue;
    const tree = openTree(folder);
    if (!isGlob(relative)) {
      if (tree.find(relative) !== undefined) return [join(tree.root, relative)];
      continue;
    }
    const expression = globExpression(relative);
    const start = relative.slice(0, relative.search(/[*?{]/)).split("/").slice(0, -1).join("/");
    const found = tree.list(start, true).filter((file) => expression.test(file));
    if (found.length > 0) return found.map((file) => join(tree.root, file));
  }
  return [];
}

function readSmall(path: string): string {
  const link = lstatSync(path);
  if (!link.isFile()) throw new ActionError("REPORT_INVALID", { message: `${path} is no regular file` });
  if (statSync(path).size > MAX_BYTES)
    throw new ActionError("REPORT_INVALID", { message: `${path} is larger than 1 MiB` });
  return readFileSync(path, "utf8");
}
