import { type Annotation, errorAnnotations, type Report, type Story } from "@eks-actions/action";
import { oneLine } from "@eks-actions/markdown";
import type { Outcome } from "./apply.ts";
import { title } from "./comment/headline.ts";
import { moneyText } from "./comment/money-text.ts";
import { ruleSentence, warningSentence } from "./comment/sentences.ts";
import { summary } from "./comment/summary.ts";
import type { Inputs } from "./inputs.ts";
import type { Facts } from "./observe.ts";
import type { Plan } from "./plan.ts";
import type { CostReport } from "./report-file/report-model.ts";

type CostStory = Story<Inputs, Facts, Plan, Outcome>;

const MAX_WARNINGS = 10;

export function report(story: CostStory): Report {
  const { error, plan, outcome } = story;
  if (error?.code === "REPORT_STALE") return stale(error.message);
  if (error !== undefined || plan === undefined || outcome === undefined) return failed(story);
  const { report: cost } = plan.file;
  const isRed = cost.gate.verdict === "failed";
  return {
    exitCode: isRed ? 1 : 0,
    lastLine: lastLine(cost, outcome, isRed),
    summary: summary(plan.file, plan.runUrl),
    annotations: [
      ...gateAnnotations(cost),
      ...warningAnnotations(cost),
      ...strangeAuthor(outcome),
      ...notice(cost, outcome),
    ],
    outputs: {
      ...figures(plan),
      result: outcome.end,
      "report-json": outcome.reportPath,
      "comment-url": outcome.commentUrl,
      cause: isRed ? "GATE_FAILED" : "",
    },
  };
}

/** Figures that are known stay outputs even if a later step failed: an `if: failure()` step may need them. */
function failed(story: CostStory): Report {
  const { error, plan, cancelled } = story;
  const annotations = error === undefined ? [] : errorAnnotations(error);
  return {
    exitCode: 1,
    lastLine: error?.describe() ?? "cost-diff did not finish",
    summary:
      plan === undefined
        ? `## ❌ Cost: ${cancelled ? "cancelled" : "failed"}\n\n**${code(error?.code)}** ${oneLine(error?.message ?? "").replace(/[<>&@|`]/g, "")}\n`
        : summary(plan.file, plan.runUrl),
    annotations,
    outputs: {
      ...(plan === undefined ? emptyFigures : figures(plan)),
      result: cancelled ? "cancelled" : "failed",
      "report-json": "",
      "comment-url": "",
      cause: error?.code ?? "INTERNAL",
    },
  };
}

function code(value: string | undefined): string {
  return value ?? "INTERNAL";
}

function stale(message: string): Report {
  return {
    exitCode: 0,
    lastLine: `skipped: ${message}`,
    summary: "",
    annotations: [{ level: "notice", title: "REPORT_STALE", message }],
    outputs: { ...emptyFigures, result: "skipped", "report-json": "", "comment-url": "", cause: "REPORT_STALE" },
  };
}

const emptyFigures = {
  base: "",
  head: "",
  diff: "",
  "diff-percent": "",
  "nodes-base": "",
  "nodes-head": "",
  gate: "off",
};

function figures({ file }: Plan): Readonly<Record<string, string>> {
  const { total, nodes, gate } = file.report;
  return {
    base: cents(total.base),
    head: cents(total.head),
    diff: cents(total.diff),
    "diff-percent": total.diffPercent === null ? "" : total.diffPercent.toFixed(1),
    "nodes-base": String(nodes.base),
    "nodes-head": String(nodes.head),
    gate: gate.verdict,
  };
}

/** Two decimals, half away from zero; the numbers have six, so the float is shifted by less than it can err. */
function cents(value: number): string {
  const text = (Math.sign(value) * (Math.round(Math.abs(value) * 1e6) / 1e6 + 1e-9)).toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

function lastLine(cost: CostReport, outcome: Outcome, isRed: boolean): string {
  const headline = title(cost, moneyText(cost.currency)).replace(/^## /, "").replaceAll("`", "");
  if (isRed) return `GATE_FAILED: ${headline}`;
  return outcome.commentUrl === "" ? headline : `${headline} · ${outcome.end} ${outcome.commentUrl}`;
}

function gateAnnotations({ gate, currency }: CostReport): readonly Annotation[] {
  if (gate.verdict !== "failed") return [];
  const money = moneyText(currency);
  const broken = gate.rules
    .filter(({ exceeded }) => exceeded)
    .map((rule) => ruleSentence(rule, money.amount).replaceAll("`", ""));
  const message = `${broken.join("; ")} → raise the limit, or add the label that approves it`;
  return [{ level: "error", title: "GATE_FAILED", message }];
}

function warningAnnotations({ warnings }: CostReport): readonly Annotation[] {
  return warnings.slice(0, MAX_WARNINGS).map((warning) => ({
    level: "warning",
    title: warning.code,
    message: warningSentence(warning, oneLine),
    file: warning.file ?? undefined,
    line: warning.line ?? undefined,
  }));
}

function strangeAuthor({ strangeAuthor: author }: Outcome): readonly Annotation[] {
  if (author === undefined) return [];
  return [
    {
      level: "warning",
      title: "STRANGER_AUTHOR",
      message: warningSentence({ code: "STRANGER_AUTHOR", args: { author } }, oneLine),
    },
  ];
}

/** Said only where no comment says it. */
function notice(cost: CostReport, outcome: Outcome): readonly Annotation[] {
  if (outcome.commentUrl !== "" || outcome.end === "skipped") return [];
  return [
    { level: "notice", title: "Cost", message: `Cost: ${moneyText(cost.currency).change(cost.total.diff)}/month` },
  ];
}
