import { code, cutMiddle, details, footer, table, text } from "@eks-actions/markdown";
import type { ClusterReport, ReportFile } from "../report-file/report-model.ts";
import { assumptions, workloadTable } from "./comment.ts";
import { headline, title } from "./headline.ts";
import { rows } from "./lines-text.ts";
import { type MoneyText, moneyText } from "./money-text.ts";
import { warningSentence } from "./sentences.ts";

/** The whole story for the job summary: every line as quantity × price = cost. */
export function summary(file: ReportFile, runUrl: string): string {
  const { report } = file;
  const money = moneyText(report.currency);
  const parts = [title(report, money), headline(report, money)];
  for (const cluster of report.clusters) parts.push(...clusterParts(cluster, money, report.clusters.length > 1));
  parts.push(assumptions(report, money));
  if (report.warnings.length > 15) {
    parts.push(
      details(
        `Warnings (${report.warnings.length})`,
        report.warnings.map((one) => `- ${warningSentence(one, text)}`).join("\n"),
      ),
    );
  }
  parts.push(footer({ action: "cost-diff", commits: [file.headSha], runUrl, endedAt: Date.parse(file.generatedAt) }));
  return `${parts.join("\n\n")}\n`;
}

function clusterParts(cluster: ClusterReport, money: MoneyText, isOneOfMany: boolean): readonly string[] {
  const lines = rows(cluster).map(({ label, base, head, diff }) => [
    text(label),
    money.amount(base),
    money.amount(head),
    money.delta(diff),
  ]);
  const { base, head, diff } = cluster.total;
  const total = ["**Total**", money.amount(base ?? 0), money.amount(head ?? 0), money.delta(diff)];
  const heading = isOneOfMany ? [`### ${code(cutMiddle(cluster.name))} (${cluster.region})`] : [];
  return [
    ...heading,
    table([cluster.region, "Base", "Head", "Δ / month"], ["left", "right", "right", "right"], [...lines, total]),
    details(
      `Arithmetic (${cluster.lines.reduce((sum, line) => sum + line.items.length, 0)} items)`,
      arithmetic(cluster, money),
    ),
    details(
      `Workloads (${cluster.workloads.length - cluster.unchangedWorkloads} changed, ${cluster.unchangedWorkloads} unchanged)`,
      workloadTable(cluster, money, Number.POSITIVE_INFINITY),
    ),
  ];
}

function arithmetic(cluster: ClusterReport, money: MoneyText): string {
  const number = (value: number) => String(Math.round(value * 1000) / 1000);
  const lines = cluster.lines.flatMap((line) =>
    line.items.map(({ key, unitPrice, base, head }) => [
      code(key),
      money.unit(unitPrice),
      `${number(base)} × ${money.unit(unitPrice)} = ${money.amount(base * unitPrice)}`,
      `${number(head)} × ${money.unit(unitPrice)} = ${money.amount(head * unitPrice)}`,
    ]),
  );
  return table(["Item", "Unit price", "Base", "Head"], ["left", "right", "right", "right"], lines);
}
