import { abs, divideRounded, nearest, type PriceBook, parseDecimal, toNumber } from "@eks-actions/pricing";
import { daysBetween } from "./bill/control-plane.ts";
import { type CostOptions, readSide } from "./bill/side-cost.ts";
import { marker } from "./comment/comment.ts";
import { isUnchanged, title, unplaced } from "./comment/headline.ts";
import { rows } from "./comment/lines-text.ts";
import { moneyText } from "./comment/money-text.ts";
import { alternatives } from "./comparison/alternatives.ts";
import { type ClusterCost, costCluster, reportCluster } from "./comparison/compare.ts";
import { judge } from "./comparison/gate.ts";
import { tips } from "./comparison/tips.ts";
import type { Inputs } from "./inputs.ts";
import type { Warning } from "./model.ts";
import type { Facts, PriceFacts } from "./observe.ts";
import { bookOf } from "./prices/prices.ts";
import type { RenderFacts } from "./report-file/render-facts.ts";
import { writeReport } from "./report-file/report-json.ts";
import type { CostReport, ReportFile, SourceName, WarningEntry } from "./report-file/report-model.ts";

export interface CommentPlan {
  readonly issue: number;
  readonly marker: string;
  readonly author: string;
  readonly createWhenMissing: boolean;
}

export interface Plan {
  readonly file: ReportFile;
  readonly json: string;
  readonly key: string;
  readonly comment: CommentPlan | undefined;
  readonly isFork: boolean;
  readonly runUrl: string;
  /** Render writes no report file of its own. */
  readonly writesReport: boolean;
}

export function plan(inputs: Inputs, facts: Facts): Plan {
  return facts.kind === "render" ? planRender(inputs, facts) : planPrice(inputs, facts);
}

export function isPlanOnly(): boolean {
  // Also `plan` writes its report file; what it must not write, the comment, is not in its plan.
  return false;
}

function planRender(inputs: Inputs, { file, run, pull, labels, isFork }: RenderFacts): Plan {
  const exact = (value: number) => parseDecimal(value.toFixed(6)) ?? 0n;
  const gate = judge(inputs, {
    base: exact(file.report.total.base),
    head: exact(file.report.total.head),
    unplaced: unplaced(file.report),
    labels,
  });
  const judged: ReportFile = { ...file, report: { ...file.report, gate } };
  return {
    file: judged,
    json: writeReport(judged),
    key: inputs.commentKey,
    comment: commentPlan(inputs, judged.report, pull),
    isFork,
    runUrl: run.runUrl,
    writesReport: false,
  };
}

function planPrice(inputs: Inputs, facts: PriceFacts): Plan {
  const costs = facts.clusters.map((spec) => {
    const book = bookFor(inputs, facts, spec.region ?? "");
    const options = costOptions(inputs, facts, spec, book);
    const side = (loaded: PriceFacts["base"]) => {
      const found = loaded.clusters.get(spec.key);
      return found === undefined ? undefined : readSide(found, options);
    };
    return costCluster(options, side(facts.base), side(facts.head));
  });
  const base = costs.reduce((sum, cost) => sum + (cost.base?.total ?? 0n), 0n);
  const head = costs.reduce((sum, cost) => sum + (cost.head?.total ?? 0n), 0n);
  const clusters = costs
    .map((cost) => ({ ...reportCluster(cost), alternatives: alternatives(cost), tips: tips(cost) }))
    .map(({ lines, packing, workloads, ...rest }) => ordered(rest, lines, packing, workloads))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const count = (side: "base" | "head") =>
    clusters.reduce(
      (sum, { packing }) => sum + (packing[side]?.nodes.reduce((nodes, node) => nodes + node.count, 0) ?? 0),
      0,
    );
  const labels = facts.pull?.labels ?? [];
  const lost = clusters.flatMap(({ unschedulable }) => unschedulable);
  const missing = {
    base: lost.reduce((sum, one) => sum + one.base, 0),
    head: lost.reduce((sum, one) => sum + one.head, 0),
  };
  const zones = costs[0]?.options.zones ?? 3;
  const report: CostReport = {
    asOf: facts.asOf,
    hoursPerMonth: 730,
    currency: costs[0]?.options.book.currency ?? "USD",
    configChanged: facts.configChanged,
    total: {
      base: toNumber(base),
      head: toNumber(head),
      diff: toNumber(head - base),
      diffPercent: base > 0n ? Number(divideRounded((head - base) * 100_000_000n, base)) / 1e6 : null,
    },
    nodes: { base: count("base"), head: count("head") },
    gate: judge(inputs, { base, head, unplaced: missing, labels }),
    clusters,
    warnings: warningEntries(inputs, facts, costs),
    assumptions: {
      replicaBasis: inputs.replicaBasis,
      missingRequests: inputs.missingRequests,
      vmMemoryOverhead: toNumber(inputs.vmMemoryOverhead),
      availabilityZones: zones,
      defaultArch: inputs.defaultArch,
    },
    prices: usedPrices(costs, facts),
    tools: facts.tools,
  };
  const { run } = facts;
  const file: ReportFile = {
    schemaVersion: 1,
    kind: "eks-actions/cost-diff",
    pr: facts.pull?.number ?? inputs.pullRequest ?? null,
    headSha: facts.headSha,
    baseSha: facts.baseSha,
    run: { id: Number(run.runId) || 0, attempt: Number(run.runAttempt) || 1 },
    generatedAt: facts.generatedAt,
    report,
  };
  const pull = facts.pull?.number ?? inputs.pullRequest;
  return {
    file,
    json: writeReport(file),
    key: inputs.commentKey,
    comment: inputs.mode !== "comment" || pull === undefined ? undefined : commentPlan(inputs, report, pull),
    isFork: facts.pull?.isFork ?? false,
    runUrl: run.runUrl,
    writesReport: true,
  };
}

type ClusterReport = CostReport["clusters"][number];

/** One order of keys whatever way the report was put together: equal results are equal bytes. */
function ordered(
  rest: Omit<ClusterReport, "lines" | "packing" | "workloads">,
  lines: ClusterReport["lines"],
  packing: ClusterReport["packing"],
  workloads: ClusterReport["workloads"],
): ClusterReport {
  const { name, region, version, support, status, total, range, ...last } = rest;
  return { name, region, version, support, status, total, range, lines, packing, workloads, ...last };
}

function bookFor(inputs: Inputs, facts: PriceFacts, region: string): PriceBook {
  const found = facts.prices.get(region) ?? { region, tables: [], fresh: undefined, warnings: [] };
  return bookOf(found, facts.priceFile, inputs.spotDiscount);
}

const MISSING = { cpu: 100, memory: 128 * 2 ** 20 };

function costOptions(inputs: Inputs, facts: PriceFacts, spec: CostOptions["spec"], book: PriceBook): CostOptions {
  const config = facts.head.clusters.get(spec.key)?.config ?? facts.base.clusters.get(spec.key)?.config;
  const listed = config?.availabilityZones.length ?? 0;
  return {
    spec,
    book,
    assume: facts.settings.assume,
    usage: facts.usage,
    asOf: facts.asOf,
    zones: inputs.availabilityZones ?? (listed > 0 ? listed : 3),
    vmMemoryOverhead: toNumber(inputs.vmMemoryOverhead),
    defaultArch: inputs.defaultArch,
    isDeclared: inputs.nodes === "declared",
    packing: inputs.packing,
    workloads: { basis: inputs.replicaBasis, assume: inputs.missingRequests === "assume" ? MISSING : undefined },
    rates: facts.priceFile?.rates,
    markup: facts.priceFile?.markup,
  };
}

function commentPlan(inputs: Inputs, report: CostReport, issue: number): CommentPlan {
  const threshold = inputs.commentThresholdUsd;
  const diff = abs(parseDecimal(report.total.diff.toFixed(6)) ?? 0n);
  const createWhenMissing =
    inputs.commentWhen === "always" || (inputs.commentWhen === "diff" ? !isUnchanged(report) : diff >= threshold);
  return { issue, marker: marker(inputs.commentKey), author: inputs.commentAuthor, createWhenMissing };
}

/** Warnings of both sides once; head's place wins. Missing requests are one counted warning unless each is asked for. */
function warningEntries(inputs: Inputs, facts: PriceFacts, costs: readonly ClusterCost[]): readonly WarningEntry[] {
  const all = [
    ...facts.warnings,
    ...costs.flatMap(({ head, base }) => head?.parts.warnings ?? base?.parts.warnings ?? []),
    ...unmatchedUsage(facts, costs),
    ...oldPrices(facts, costs),
  ];
  const missing = all.filter(({ code }) => code === "REQUESTS_MISSING");
  const joined: Warning[] =
    inputs.missingRequests === "warn-only" || missing.length < 2
      ? all
      : [
          ...all.filter(({ code }) => code !== "REQUESTS_MISSING"),
          {
            code: "REQUESTS_MISSING",
            args: {
              object: `${missing.length} workloads`,
              containers: missing
                .map(({ args }) => args["object"] ?? "")
                .join(", ")
                .slice(0, 250),
            },
          },
        ];
  return joined.map(({ code, args, file, line }) => ({
    code,
    args: Object.fromEntries(Object.entries(args).map(([name, value]) => [name, [...value].slice(0, 256).join("")])),
    file: file === undefined ? null : [...file].slice(0, 256).join(""),
    line: line ?? null,
  }));
}

function unmatchedUsage(facts: PriceFacts, costs: readonly ClusterCost[]): readonly Warning[] {
  const ids = costs.flatMap(({ base, head }) =>
    [...(base?.parts.workloads ?? []), ...(head?.parts.workloads ?? [])].map(({ id }) => id),
  );
  const known = new Set(ids);
  return [...facts.usage.workloads.keys()]
    .filter((id) => !known.has(id))
    .map((id) => {
      const near = nearest(id, [...known]);
      return {
        code: "USAGE_UNMATCHED",
        args: { id, near: near === undefined ? "" : `; near: ${near}` },
        file: facts.usage.file,
      };
    });
}

const OLD_DAYS = 180;

function oldPrices(facts: PriceFacts, costs: readonly ClusterCost[]): readonly Warning[] {
  const old = usedPrices(costs, facts).sources.find(
    ({ source, date }) => source === "embedded" && daysBetween(date, facts.asOf) > OLD_DAYS,
  );
  return old === undefined ? [] : [{ code: "PRICES_OLD", args: { date: old.date } }];
}

function usedPrices(costs: readonly ClusterCost[], facts: PriceFacts): CostReport["prices"] {
  const sources = new Map<string, { source: SourceName; date: string; keys: number }>();
  const seen = new Set<string>();
  for (const { base, head, options } of costs) {
    for (const side of [base, head]) {
      for (const { key } of [...(side?.lines.values() ?? [])].flat()) {
        if (seen.has(key) || /^(jobs|rates|markup)/.test(key)) continue;
        seen.add(key);
        const { source, date } = unitOf(key, options.book);
        const place = `${source} ${date}`;
        const entry = sources.get(place) ?? { source, date, keys: 0 };
        sources.set(place, { ...entry, keys: entry.keys + 1 });
      }
    }
  }
  return {
    region: [...new Set(costs.map(({ region }) => region))].sort().join(", ").slice(0, 256),
    sources: [...sources].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, entry]) => entry),
    overrides: facts.priceFile?.overrides ?? 0,
  };
}

function unitOf(key: string, book: PriceBook) {
  const name = key.slice(key.indexOf(".") + 1);
  if (key.startsWith("ec2.")) return book.ec2(name);
  if (key.startsWith("spot.")) return book.spot(name);
  return key.startsWith("autoMode.") ? book.autoMode(name) : book.service(key);
}

/** The plan as log lines. */
export function describe(plan: Plan): readonly string[] {
  const { report } = plan.file;
  const money = moneyText(report.currency);
  const lines = [title(report, money).replace(/^## /, "").replaceAll("`", "")];
  for (const cluster of report.clusters) {
    if (report.clusters.length > 1)
      lines.push(`${cluster.name} (${cluster.region}): ${money.change(cluster.total.diff)}`);
    for (const { label, base, head, diff } of rows(cluster))
      lines.push(`  ${label}: ${money.amount(base)} → ${money.amount(head)} (${money.change(diff)})`);
    for (const { id, head, reason } of cluster.unschedulable)
      lines.push(`  cannot be placed: ${head} × ${id} (${reason})`);
  }
  if (plan.comment !== undefined)
    lines.push(
      `comment on pull request ${plan.comment.issue}${plan.comment.createWhenMissing ? "" : ", only if one stands already"}`,
    );
  return lines;
}
