import type { GitHubPort } from "@eks-actions/github";
import { isRecord } from "@eks-actions/manifest";
import { COMMENT_BUDGET, code, cutMiddle, fitBody, footer, symbols, table, text } from "@eks-actions/markdown";
import type { SetPlan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { countsLine, objectsOf, symbolOf, warningLines } from "./describe.ts";
import { diffMarkdown } from "./diff-markdown.ts";

/** What the plan's comment needs of GitHub. */
export type CommentPort = Pick<GitHubPort, "stickyComment">;

const AUTHOR = "github-actions[bot]";

/** Number of the pull request that the run is about; `undefined` for other events. */
export function pullRequestNumber(event: unknown): number | undefined {
  const request = isRecord(event) && isRecord(event["pull_request"]) ? event["pull_request"] : undefined;
  const number = request?.["number"];
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/** Keeps one comment with the plan on the pull request up to date. A token that may not write is no failure. */
export async function commentPlan(plan: SetPlan, ports: Ports, signal: AbortSignal): Promise<void> {
  const issue = pullRequestNumber(ports.run.event);
  if (ports.comments === undefined || issue === undefined || plan.inputs.comment === "never") return;
  const marker = `<!-- eks-actions/rollout app=${plan.state.app} env=${(plan.inputs.environment ?? "").replace(/[^\w.-]/g, "_")} -->`;
  try {
    const result = await ports.comments.stickyComment(
      {
        issue,
        marker,
        author: AUTHOR,
        body: () => commentBody(plan, ports.run),
        shorterBody: () => commentBody(plan, ports.run, true),
      },
      signal,
    );
    if (result.kind === "read-only")
      ports.log.info("the token may not write comments; the plan stands in the job summary");
    else if (result.kind === "created" || result.kind === "updated")
      ports.log.info(`comment ${result.kind}: ${result.url}`);
  } catch (error) {
    ports.log.annotate({
      level: "warning",
      title: "GITHUB_API",
      message: `the plan's comment is not written: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

/** The comment without its marker: what merging would change in the cluster. */
export function commentBody(
  plan: SetPlan,
  run: { readonly sha: string; readonly runUrl: string },
  short = false,
): string {
  const where = plan.inputs.environment ?? plan.state.namespace;
  const { created, updated, pruned } = plan.counts;
  const symbol = created + updated + pruned === 0 ? symbols.nothing : symbols.change;
  return fitBody(
    [
      { id: "title", markdown: `## ${symbol} ${code(plan.state.app)} → ${code(where)}: plan` },
      { id: "counts", markdown: `**${countsLine(plan)}**` },
      { id: "warnings", markdown: warningLines(plan).join("\n\n") },
      { id: "objects", markdown: planTable(plan), drop: 2 },
      {
        id: "diff",
        markdown: short ? "" : (diffMarkdown(plan) ?? ""),
        drop: 1,
        instead: "_The diff is too long for a comment; it stands in the job summary._",
      },
      {
        id: "footer",
        markdown: footer({
          action: "rollout",
          commits: [run.sha],
          runUrl: run.runUrl,
          facts: ["updated in place"],
        }),
      },
    ],
    COMMENT_BUDGET,
  ).body;
}

const MOST_ROWS = 30;

function planTable(plan: SetPlan): string {
  const changing = [...plan.objects.filter((one) => one.action !== "unchanged"), ...plan.pruned];
  if (changing.length === 0) return "";
  const rows = changing.slice(0, MOST_ROWS).map((one) => {
    const fields =
      one.action === "create" || one.action === "prune"
        ? ""
        : one.diff
            .slice(0, 3)
            .map((change) => code(cutMiddle(change.path)))
            .join(", ");
    const more = fields !== "" && one.diff.length > 3 ? ` and ${one.diff.length - 3} more` : "";
    return [
      `${symbolOf(one.action)} ${one.action}`,
      `${text(one.ref.kind)} ${code(cutMiddle(one.ref.name))}`,
      `${fields}${more}`,
    ];
  });
  const rest = changing.length > MOST_ROWS ? `\n\n_… and ${objectsOf(changing.length - MOST_ROWS)} more_` : "";
  return table(["action", "object", "fields"], ["left", "left", "left"], rows) + rest;
}
