import { formatBytes, formatMillis } from "@eks-actions/manifest";
import { code, cutMiddle, symbols } from "@eks-actions/markdown";
import type { ClusterReport, CostReport } from "../report-file/report-model.ts";
import { nodeCount } from "./lines-text.ts";
import { isNothing, type MoneyText } from "./money-text.ts";
import { ruleSentence } from "./sentences.ts";

export function unplaced(report: CostReport): { readonly base: number; readonly head: number } {
  const all = report.clusters.flatMap(({ unschedulable }) => unschedulable);
  return { base: all.reduce((sum, { base }) => sum + base, 0), head: all.reduce((sum, { head }) => sum + head, 0) };
}

export function isUnchanged(report: CostReport): boolean {
  return isNothing(report.total.diff) && report.clusters.every(({ status }) => status === "unchanged");
}

/** `## ✏️ Cost → cluster `prod`: +$71.68/month (+39.6%), $181.18 → $252.86` */
export function title(report: CostReport, money: MoneyText): string {
  const { base, head, diff, diffPercent } = report.total;
  const [only] = report.clusters;
  const where =
    report.clusters.length === 1 && only !== undefined
      ? `cluster ${code(cutMiddle(only.name))}`
      : `${report.clusters.length} clusters`;
  const symbol = symbolOf(report);
  if (isNothing(diff)) return `## ${symbol} Cost → ${where}: no change, ${money.amount(head)}/month`;
  const percent = diffPercent === null ? "" : ` (${diffPercent > 0 ? "+" : ""}${diffPercent.toFixed(1)}%)`;
  const least = unplaced(report).head > 0 ? "at least " : "";
  return `## ${symbol} Cost → ${where}: ${least}${money.change(diff)}/month${percent}, ${money.amount(base)} → ${money.amount(head)}`;
}

function symbolOf(report: CostReport): string {
  if (report.gate.verdict === "failed") return symbols.failed;
  if (unplaced(report).head > 0) return symbols.attention;
  return isUnchanged(report) ? symbols.nothing : symbols.change;
}

/** The one sentence that matters, in bold, and what follows from it. */
export function headline(report: CostReport, money: MoneyText): string {
  const broken = report.gate.rules.find(({ exceeded }) => exceeded);
  if (report.gate.verdict === "failed" && broken !== undefined) {
    return `**Gate failed: ${ruleSentence(broken, money.amount)}.**`;
  }
  const missing = unplaced(report).head;
  if (missing > 0)
    return `**${missing} pod${missing === 1 ? "" : "s"} cannot be placed, so the cost is at least this.** ${whyUnplaced(report)}`;
  if (isUnchanged(report)) return "**Nothing in this pull request changes the bill.**";
  const overridden = report.gate.verdict === "overridden" ? " The gate was overridden by a label." : "";
  return `${changeSentence(report, money)}${overridden}`;
}

function whyUnplaced(report: CostReport): string {
  const [first] = report.clusters.flatMap(({ unschedulable }) => unschedulable).filter(({ head }) => head > 0);
  return first === undefined ? "" : `${code(cutMiddle(first.id))}: ${reasonText(first.reason)}.`;
}

/** Reasons are `what:offer`; offers are `pool/type/capacity`. */
export function reasonText(reason: string): string {
  const cut = reason.indexOf(":");
  const [what, rest] = cut < 0 ? [reason, ""] : [reason.slice(0, cut), reason.slice(cut + 1)];
  const offer = rest === "" ? "any node" : code(cutMiddle(rest));
  switch (what) {
    case "no-pool":
      return "no node pool takes it (selectors, taints, arch)";
    case "no-zone":
      return "its rules about zones leave no zone for it";
    case "limit":
      return `the limit of its node pool is reached (${offer})`;
    case "fargate":
      return `Fargate cannot run it (${code(rest)})`;
    default:
      return `it asks for more ${code(what)} than ${offer} has`;
  }
}

function changeSentence(report: CostReport, money: MoneyText): string {
  const changed = report.clusters.filter(({ status }) => status !== "unchanged");
  const [only] = changed;
  if (changed.length !== 1 || only === undefined) {
    return `**${changed.length} of ${report.clusters.length} clusters change.**`;
  }
  if (only.status === "new") return "**The cluster is new: all of it is added.**";
  if (only.status === "removed") return "**The cluster goes: all of it is saved.**";
  const [before, after] = [nodeCount(only.packing.base), nodeCount(only.packing.head)];
  const asked = askedFor(only);
  const byRequests = isNothing(only.requestsOnly) ? "" : ` By requests alone it is ${money.change(only.requestsOnly)}`;
  if (after > before && asked !== "") {
    const free = only.packing.base?.free.cpuMillis ?? 0;
    const last = before > 0 ? `, the last node${before === 1 ? "" : "s"} had ${formatMillis(free)} left` : "";
    const rest =
      byRequests === ""
        ? ""
        : `${byRequests}; the rest is the new node${after - before === 1 ? "" : "s"} (${formatMillis(only.packing.head?.free.cpuMillis ?? 0)} CPU free for later).`;
    return `**${before} → ${after} nodes: the change asks for ${asked}${last}.**${rest}`;
  }
  if (after < before) return `**${before} → ${after} nodes.**${byRequests === "" ? "" : `${byRequests}.`}`;
  if (isNothing(report.total.diff))
    return `**The nodes stay as they are.**${byRequests === "" ? "" : `${byRequests}.`}`;
  const [line] = [...only.lines].sort((a, b) => Math.abs(b.diff) - Math.abs(a.diff));
  return `**${before === after ? `${after} node${after === 1 ? "" : "s"}, as before` : `${before} → ${after} nodes`}; most of the difference is ${lineName(line?.id ?? "")}.**${byRequests === "" ? "" : `${byRequests}.`}`;
}

function lineName(id: string): string {
  return id.replace(/([A-Z])/g, " $1").toLowerCase();
}

function askedFor(cluster: ClusterReport): string {
  const total = (side: "base" | "head", field: "cpuMillis" | "memMiB") =>
    cluster.workloads.reduce(
      (sum, { request, replicas }) => sum + (request[side]?.[field] ?? 0) * (replicas[side] ?? 0),
      0,
    );
  const cpu = total("head", "cpuMillis") - total("base", "cpuMillis");
  if (cpu > 0) return `${formatMillis(cpu)} CPU`;
  const memory = total("head", "memMiB") - total("base", "memMiB");
  return memory > 0 ? `${formatBytes(memory * 2 ** 20)} memory` : "";
}
