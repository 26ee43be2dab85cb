import { formatBytes, formatMillis } from "@eks-actions/manifest";
import {
  type BodyBudget,
  bar,
  COMMENT_BUDGET,
  code,
  cutMiddle,
  details,
  fitBody,
  type Part,
  footer as suiteFooter,
  symbols,
  table,
  text,
} from "@eks-actions/markdown";
import { daysBetween } from "../bill/control-plane.ts";
import type { ClusterReport, CostReport, ReportFile } from "../report-file/report-model.ts";
import { headline, isUnchanged, reasonText, title } from "./headline.ts";
import { nodeCount, rows } from "./lines-text.ts";
import { isNothing, type MoneyText, moneyText } from "./money-text.ts";
import { tipSentence, warningSentence } from "./sentences.ts";

/** The first line, by which the comment is found again. */
export function marker(key: string): string {
  return `<!-- eks-actions/cost-diff v1 key=${key} -->`;
}

export interface Meta {
  readonly run: number;
  readonly attempt: number;
  readonly head: string;
  readonly diff: number;
}

const META =
  /^<!-- eks-actions\/cost-diff meta run=(\d{1,16})\.(\d{1,6}) head=([0-9a-f]{7,64}) diff=(-?\d{1,13}(?:\.\d{1,6})?) -->$/m;

export function metaLine({ run, attempt, head, diff }: Meta): string {
  return `<!-- eks-actions/cost-diff meta run=${run}.${attempt} head=${head} diff=${diff.toFixed(2)} -->`;
}

/** What an earlier version of the comment says about itself. */
export function readMeta(body: string): Meta | undefined {
  const match = META.exec(body);
  if (match === null) return undefined;
  const [, run, attempt, head = "", diff] = match;
  return { run: Number(run), attempt: Number(attempt), head, diff: Number(diff) };
}

export interface CommentOptions {
  readonly runUrl: string;
  readonly isFork: boolean;
  readonly previous: string | undefined;
  readonly budget?: BodyBudget | undefined;
}

/** The comment without its marker line. Made of numbers and closed codes; every name is made inert. */
export function comment(file: ReportFile, options: CommentOptions): string {
  const { report } = file;
  const money = moneyText(report.currency);
  const meta = metaLine({ run: file.run.id, attempt: file.run.attempt, head: file.headSha, diff: report.total.diff });
  const parts: Part[] = [
    { id: "title", markdown: `${meta}\n${title(report, money)}` },
    { id: "headline", markdown: headline(report, money) },
  ];
  const [only] = report.clusters;
  const isOne = report.clusters.length === 1 && only !== undefined;
  if (!isUnchanged(report))
    parts.push(
      isOne
        ? { id: "table", markdown: clusterTable(only, money) }
        : { id: "table", markdown: clustersTable(report, money), drop: 9, instead: clustersLine(report) },
    );
  const notes = [
    ...futureLines(report, money),
    ...sinceLine(file, options.previous, money),
    ...rangeLine(report, money),
  ];
  if (notes.length > 0) parts.push({ id: "notes", markdown: notes.join("\n") });
  if (!isUnchanged(report)) parts.push(...(isOne ? oneCluster(only, money) : severalClusters(report, money)));
  parts.push({ id: "assumptions", markdown: assumptions(report, money), drop: 5, instead: "" });
  parts.push({ id: "footer", markdown: footer(file, options) });
  return fitBody(parts, options.budget ?? COMMENT_BUDGET).body;
}

function clusterTable(cluster: ClusterReport, money: MoneyText): string {
  const list = rows(cluster);
  const largest = Math.max(...list.map(({ diff }) => Math.abs(diff)));
  const lines = list.map(({ label, base, head, diff }) => [
    text(label),
    money.amount(base),
    money.amount(head),
    money.delta(diff),
    isNothing(diff) ? "" : `\`${bar(Math.abs(diff) / largest)}\``,
  ]);
  const bold = (value: string) => `**${value}**`;
  const { base, head, diff } = cluster.total;
  const total = [
    bold("Total"),
    bold(money.amount(base ?? 0)),
    bold(money.amount(head ?? 0)),
    isNothing(diff) ? "–" : bold(money.delta(diff)),
    "",
  ];
  return table(
    [cluster.region, "Base", "Head", "Δ / month", ""],
    ["left", "right", "right", "right", "left"],
    [...lines, total],
  );
}

function clustersTable(report: CostReport, money: MoneyText): string {
  const largest = Math.max(...report.clusters.map(({ total }) => Math.abs(total.diff)));
  const lines = sorted(report).map(({ name, total, packing }) => [
    code(cutMiddle(name)),
    total.base === null ? "" : money.amount(total.base),
    total.head === null ? "" : money.amount(total.head),
    money.delta(total.diff),
    countText(nodeCount(packing.base), nodeCount(packing.head)),
    isNothing(total.diff) ? "" : `\`${bar(Math.abs(total.diff) / largest)}\``,
  ]);
  const { base, head, diff } = report.total;
  const total = [
    "**Total**",
    `**${money.amount(base)}**`,
    `**${money.amount(head)}**`,
    isNothing(diff) ? "–" : `**${money.delta(diff)}**`,
    countText(report.nodes.base, report.nodes.head),
    "",
  ];
  return table(
    ["Cluster", "Base", "Head", "Δ / month", "Nodes", ""],
    ["left", "right", "right", "right", "center", "left"],
    [...lines, total],
  );
}

function clustersLine(report: CostReport): string {
  return `The table of ${report.clusters.length} clusters is in the job summary.`;
}

function countText(base: number, head: number): string {
  return base === head ? String(head) : `${base} → ${head}`;
}

function sorted(report: CostReport): readonly ClusterReport[] {
  return [...report.clusters].sort(
    (a, b) => Math.abs(b.total.diff) - Math.abs(a.total.diff) || (a.name < b.name ? -1 : 1),
  );
}

function futureLines(report: CostReport, money: MoneyText): readonly string[] {
  return report.clusters.flatMap(({ name, version, future }) =>
    future
      .filter(({ date }) => daysBetween(report.asOf, date) <= 90)
      .map(({ date, diff }) => {
        const where = report.clusters.length === 1 ? "" : ` (${code(cutMiddle(name))})`;
        return `${symbols.attention} Kubernetes ${text(version)}${where} leaves standard support on ${date}: ${money.change(diff)}/month from then (${daysBetween(report.asOf, date)} days).`;
      }),
  );
}

function sinceLine(file: ReportFile, previous: string | undefined, money: MoneyText): readonly string[] {
  const meta = previous === undefined ? undefined : readMeta(previous);
  if (meta === undefined || meta.head === file.headSha) return [];
  return [
    `Since ${code(meta.head.slice(0, 7))}: ${money.change(meta.diff)} → ${money.change(file.report.total.diff)}.`,
  ];
}

function rangeLine(report: CostReport, money: MoneyText): readonly string[] {
  if (!report.clusters.some(({ range }) => range !== null)) return [];
  const sum = (end: "min" | "max") =>
    report.clusters.reduce((total, cluster) => total + (cluster.range?.[end] ?? cluster.total.head ?? 0), 0);
  return [`Range: ${money.amount(sum("min"))} … ${money.amount(sum("max"))}/month (HPA, KEDA).`];
}

function oneCluster(cluster: ClusterReport, money: MoneyText): readonly Part[] {
  const found: Part[] = [];
  const add = (id: string, drop: number, markdown: string) => {
    if (markdown !== "") found.push({ id, drop, markdown, instead: "" });
  };
  add("workloads", 4, workloadDetails(cluster, money));
  add("unplaced", 8, unplacedDetails(cluster));
  add("tips", 3, tipDetails(cluster, money));
  add("alternatives", 2, alternativeDetails(cluster, money));
  return found;
}

function severalClusters(report: CostReport, money: MoneyText): readonly Part[] {
  return sorted(report)
    .filter(({ status }) => status !== "unchanged")
    .map((cluster, index) => ({
      id: `cluster ${cluster.name}`,
      drop: 4 - index / 1000,
      markdown: details(
        `<code>${inHtml(cluster.name)}</code> ${money.change(cluster.total.diff)}`,
        `${clusterTable(cluster, money)}\n\n${workloadTable(cluster, money, 20)}`,
      ),
    }));
}

function inHtml(value: string): string {
  return cutMiddle(value).replace(/[^\w.-]/g, (sign) => `&#${sign.codePointAt(0)};`);
}

const SHOWN_WORKLOADS = 20;

function workloadDetails(cluster: ClusterReport, money: MoneyText): string {
  const changed = cluster.workloads.filter(({ status }) => status !== "unchanged").length;
  if (cluster.workloads.length === 0) return "";
  return details(
    `Workloads (${changed} changed, ${cluster.unchangedWorkloads} unchanged)`,
    workloadTable(cluster, money, SHOWN_WORKLOADS),
  );
}

export function workloadTable(cluster: ClusterReport, money: MoneyText, limit: number): string {
  const changed = cluster.workloads.filter(({ status }) => status !== "unchanged");
  const shown = changed.slice(0, limit);
  const lines = shown.map(({ id, replicas, request, share }) => {
    const now = request.head ?? request.base;
    const perPod =
      now === null
        ? ""
        : `${now.cpuMillis === 0 ? "–" : formatMillis(now.cpuMillis)} / ${now.memMiB === 0 ? "–" : formatBytes(now.memMiB * 2 ** 20)}`;
    return [
      code(cutMiddle(id)),
      replicas.base === null
        ? `${replicas.head}`
        : replicas.head === null
          ? `${replicas.base} → 0`
          : countText(replicas.base, replicas.head),
      perPod,
      share.base === null ? "" : money.amount(share.base),
      share.head === null ? "" : money.amount(share.head),
      money.delta(share.diff),
    ];
  });
  const { base, head } = cluster.idle;
  const idle =
    base === 0 && head === 0
      ? []
      : [["idle and system pods", "", "", money.amount(base), money.amount(head), money.delta(head - base)]];
  const drawn = table(
    ["Workload", "Replicas", "Per pod", "Share base", "Share head", "Δ"],
    ["left", "center", "left", "right", "right", "right"],
    [...lines, ...idle],
  );
  const rest = changed.length - shown.length;
  return rest > 0 ? `${drawn}\n\n${rest} more in the job summary.` : drawn;
}

function unplacedDetails(cluster: ClusterReport): string {
  const list = cluster.unschedulable.filter(({ head }) => head > 0);
  if (list.length === 0) return "";
  const lines = list
    .slice(0, 20)
    .map(
      ({ id, head, reason }) => `- ${code(cutMiddle(id))}: ${head} pod${head === 1 ? "" : "s"}, ${reasonText(reason)}.`,
    );
  return details(`Pods without a place (${list.reduce((sum, { head }) => sum + head, 0)})`, lines.join("\n"));
}

function tipDetails(cluster: ClusterReport, money: MoneyText): string {
  const [best] = cluster.tips;
  if (best === undefined) return "";
  const lines = cluster.tips.map((tip) => [
    tipSentence(tip, text, (value) => code(cutMiddle(value))),
    money.amount(tip.saves),
  ]);
  const several = cluster.tips.length > 1 ? ", not additive" : "";
  return details(
    `Savings (${cluster.tips.length}${several}), best ${money.amount(best.saves)}/month`,
    table(["Tip", "Saves / month"], ["left", "right"], lines),
  );
}

/** `4 → 6 pods`: the workloads' and CoreDNS's two, which run on Fargate too. */
function fargatePods(cluster: ClusterReport): string {
  const dns = cluster.workloads.some(({ id }) => id === "kube-system/Deployment/coredns") ? 0 : 2;
  const pods = (side: "base" | "head") =>
    cluster.workloads.reduce((sum, { replicas }) => sum + (replicas[side] ?? 0), dns);
  return `${countText(pods("base"), pods("head"))} pods`;
}

function alternativeDetails(cluster: ClusterReport, money: MoneyText): string {
  if (cluster.alternatives.length === 0) return "";
  const pools = new Set(cluster.packing.head?.nodes.map(({ pool }) => pool));
  const own = pools.size > 1 ? "These node pools" : "This NodePool";
  const names = { pool: own, autoMode: "EKS Auto Mode", fargate: `Fargate, ${fargatePods(cluster)}` };
  const lines = cluster.alternatives.map(({ id, base, head }) => [
    names[id],
    base === null ? "" : money.amount(base),
    head === null ? "" : money.amount(head),
  ]);
  return details(
    `Compared with (${lines.length - 1})`,
    table(["Node cost", "Base", "Head"], ["left", "right", "right"], lines),
  );
}

export function assumptions(report: CostReport, money: MoneyText): string {
  const usage = report.clusters.flatMap(({ usage: list }) => list).filter(({ quantity }) => quantity === null);
  const uncounted = [...new Map(usage.map((entry) => [entry.key, entry])).values()];
  const lines = [`- ${assumptionLine(report, money)}`];
  if (uncounted.length > 0) {
    lines.push(
      `- Not counted: ${uncounted.map(({ key, unitPrice }) => `${usageName(key)} ${money.unit(unitPrice)}/${usageUnit(key)}`).join(", ")}.`,
    );
  }
  for (const warning of report.warnings.slice(0, 15))
    lines.push(`- ${symbols.attention} ${warningSentence(warning, text)}`);
  if (report.warnings.length > 15) lines.push(`- ${report.warnings.length - 15} more warnings in the job summary.`);
  return details(
    `Assumptions (1), usage not counted (${uncounted.length}), warnings (${report.warnings.length})`,
    lines.join("\n"),
  );
}

function assumptionLine(report: CostReport, money: MoneyText): string {
  const packings = report.clusters.flatMap(({ packing }) => packing.head ?? packing.base ?? []);
  const answers = [...new Set(packings.map(({ answer }) => answer))];
  const spot = packings.some(({ nodes }) => nodes.some(({ capacityType }) => capacityType === "spot"));
  const words = {
    steady: "steady state",
    "first-pass": "Karpenter's first pass",
    declared: "declared nodes",
    rates: "stated rates",
  } as const;
  const said = answers.map((answer) => words[answer]).join(" and ");
  const floor = packings.reduce((sum, one) => sum + one.floor, 0);
  const first = packings.reduce((sum, one) => sum + one.firstPass, 0);
  const bounds =
    packings.length === 0 ? "" : `, ${said}; floor ${money.amount(floor)}, Karpenter first pass ${money.amount(first)}`;
  const { replicaBasis, missingRequests } = report.assumptions;
  const missing = missingRequests === "assume" ? ", 100m and 128Mi where no request stands" : "";
  return `730 h, ${spot ? "Spot where allowed" : "on-demand"}, replicas from ${replicaBasis}${missing}${bounds}.`;
}

const USAGE: Readonly<Record<string, readonly [string, string]>> = {
  "nat.gb": ["NAT data", "GB"],
  "elb.alb.lcu": ["ALB capacity", "LCU-hour"],
  "elb.nlb.lcu": ["NLB capacity", "LCU-hour"],
  "elb.clb.gb": ["Classic Load Balancer data", "GB"],
};

function usageName(key: string): string {
  return USAGE[key]?.[0] ?? key;
}

function usageUnit(key: string): string {
  return USAGE[key]?.[1] ?? "unit";
}

function footer(file: ReportFile, options: CommentOptions): string {
  const { sources, overrides } = file.report.prices;
  const prices =
    sources.length === 0 ? "none needed" : sources.map(({ source, date }) => `${source} ${text(date)}`).join(", ");
  const own = overrides > 0 ? ` (${overrides} of your own)` : "";
  const fork = options.isFork ? " · figures from an unprivileged run" : "";
  return suiteFooter({
    action: "cost-diff",
    commits: [file.baseSha, file.headSha],
    runUrl: options.runUrl,
    facts: [`prices: ${prices}${own}${fork}`, "updated in place"],
  });
}

/** True when the standing comment is newer, or says the same but for its meta and "Since" lines. */
export function isCurrent(previous: string, file: ReportFile, next: string): boolean {
  const meta = readMeta(previous);
  if (meta !== undefined && (meta.run > file.run.id || (meta.run === file.run.id && meta.attempt > file.run.attempt)))
    return true;
  return essence(previous) === essence(next);
}

function essence(body: string): string {
  return body
    .replaceAll("\r\n", "\n")
    .split("\n")
    .filter((line) => !META.test(line) && !line.startsWith("Since `") && !line.startsWith("<sub>"))
    .join("\n")
    .trim();
}
