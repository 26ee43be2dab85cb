import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMENT_BUDGET } from "@eks-actions/markdown";
import { comment, isCurrent } from "./comment/comment.ts";
import type { CommentPlan, Plan } from "./plan.ts";
import type { Ports } from "./ports.ts";

export type CommentEnd = "created" | "updated" | "unchanged" | "skipped" | "summary-only" | "computed";

export interface Outcome {
  readonly end: CommentEnd;
  readonly commentUrl: string;
  /** Who wrote the comment, where that is not the expected author: it would not be found again. */
  readonly strangeAuthor: string | undefined;
  readonly reportPath: string;
}

/** Writes the report file first, then the comment: a comment that cannot be written must not lose the figures. */
export async function apply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const reportPath = plan.writesReport ? writeFile(plan, ports) : "";
  const { comment: wanted } = plan;
  if (wanted === undefined) return { end: "computed", commentUrl: "", strangeAuthor: undefined, reportPath };
  const written = await ports.log.group("Apply", () => writeComment(plan, wanted, ports, signal));
  return { ...written, reportPath };
}

async function writeComment(
  plan: Plan,
  { issue, marker, author, createWhenMissing }: CommentPlan,
  ports: Ports,
  signal: AbortSignal,
): Promise<Omit<Outcome, "reportPath">> {
  const body = (previous: string | undefined, budget = COMMENT_BUDGET) =>
    comment(plan.file, { runUrl: plan.runUrl, isFork: plan.isFork, previous, budget });
  const result = await ports.github.stickyComment(
    {
      issue,
      marker,
      author,
      createWhenMissing,
      body: (previous) => body(previous),
      shorterBody: (previous) => body(previous, { units: COMMENT_BUDGET.units / 2, bytes: COMMENT_BUDGET.bytes / 2 }),
      isCurrent: (previous) => isCurrent(previous, plan.file, body(previous)),
    },
    signal,
  );
  switch (result.kind) {
    case "created":
    case "updated":
    case "unchanged":
      ports.log.info(`comment ${result.kind}: ${result.url}`);
      return {
        end: result.kind,
        commentUrl: result.url,
        strangeAuthor: result.kind === "created" && result.author !== author ? result.author : undefined,
      };
    case "skipped":
      return { end: "skipped", commentUrl: "", strangeAuthor: undefined };
    case "read-only":
      ports.log.info(`no comment: ${result.error.message}`);
      return { end: "summary-only", commentUrl: "", strangeAuthor: undefined };
    case "too-long":
      throw result.error;
    default:
      return result satisfies never;
  }
}

function writeFile(plan: Plan, { run }: Ports): string {
  const folder = mkdtempSync(join(run.tempDir || run.workspace, "cost-report-"));
  const path = join(folder, `cost-${plan.key}.json`);
  writeFileSync(path, plan.json);
  return path;
}
