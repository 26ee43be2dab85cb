import type { Told } from "../story/story.ts";

const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

export function printChapter(title: string, trigger: string): void {
  console.log(`\n${paint(1, `── ${title}`)}\n   ${paint(2, trigger)}`);
}

/** One line of a job's live log. Group markers become headings, as the log view folds them. */
export function printLine(line: string): void {
  const command = /^##\[(group|endgroup|error|warning|notice|debug)\](.*)$/.exec(line);
  if (command === null) {
    console.log(`  ${line}`);
    return;
  }
  const [, kind, text = ""] = command;
  if (kind === "group") console.log(`  ${paint(36, `▾ ${text}`)}`);
  else if (kind === "error") console.log(`  ${paint(31, `Error: ${text}`)}`);
  else if (kind === "warning") console.log(`  ${paint(33, `Warning: ${text}`)}`);
  else if (kind === "notice") console.log(`  ${paint(34, `Notice: ${text}`)}`);
}

export function printTold(told: Told): void {
  const mark = told.workflow.outcome === "success" ? paint(32, "✓") : paint(31, "✕");
  const states = told.deploymentStates.length === 0 ? "" : `, deployment ${told.deploymentStates.join(" → ")}`;
  const comments = told.comments.length === 0 ? "" : `, ${told.comments.length} comment on the pull request`;
  console.log(`  ${mark} run ${told.workflow.outcome} in ${(told.durationMs / 1000).toFixed(1)} s${states}${comments}`);
}
