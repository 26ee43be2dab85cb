import { ActionError } from "@eks-actions/action";
import schema from "./report.schema.json" with { type: "json" };
import type { ClusterReport, ReportFile } from "./report-model.ts";
import { schemaFault } from "./schema-check.ts";

const WRITER_BYTES = 900 * 1024;
const READER_BYTES = 1024 * 1024;
const MAX_DEPTH = 12;
const MAX_ENTRIES = 5000;
const CENT = 0.01;

/** Bytes of the report file; above 900 KiB only the changed workloads stay. */
export function writeReport(file: ReportFile): string {
  const fitted: ReportFile = { ...file, report: { ...file.report, clusters: file.report.clusters.map(fit) } };
  const whole = print(fitted);
  if (Buffer.byteLength(whole) <= WRITER_BYTES) return whole;
  const clusters = fitted.report.clusters.map((cluster) => ({
    ...cluster,
    workloads: cluster.workloads.filter(({ status }) => status !== "unchanged"),
  }));
  return print({ ...fitted, report: { ...fitted.report, clusters } });
}

function print(file: ReportFile): string {
  return `${JSON.stringify(file)}\n`;
}

function fit(cluster: ClusterReport): ClusterReport {
  const cut = (value: string) => ([...value].length <= 256 ? value : [...value].slice(0, 256).join(""));
  return {
    ...cluster,
    workloads: cluster.workloads.slice(0, MAX_ENTRIES).map((one) => ({ ...one, id: cut(one.id), file: cut(one.file) })),
    unschedulable: cluster.unschedulable
      .slice(0, MAX_ENTRIES)
      .map((one) => ({ ...one, id: cut(one.id), reason: cut(one.reason) })),
  };
}

/**
 * Reads a report that came from another run, trusting nothing in it: size, depth, schema, and every sum added up anew.
 * @throws ActionError `REPORT_INVALID`
 */
export function readReport(text: string, name: string): ReportFile {
  const invalid = (pointer: string, rule: string, cause?: unknown) =>
    new ActionError("REPORT_INVALID", {
      message: `${name}: ${pointer} ${rule}`,
      hint: "render only files that `mode: compute` of the same version wrote",
      cause,
    });
  if (Buffer.byteLength(text) > READER_BYTES) throw invalid("/", "is larger than 1 MiB");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid("/", "is not JSON", cause);
  }
  if (depthOf(value) > MAX_DEPTH) throw invalid("/", `is nested deeper than ${MAX_DEPTH}`);
  const fault = schemaFault(value, schema);
  if (fault !== undefined) throw invalid(fault.pointer, fault.rule);
  // Checked by the schema just now.
  const file = value as ReportFile;
  for (const [pointer, rule] of sumFaults(file)) throw invalid(pointer, rule);
  return file;
}

function depthOf(value: unknown): number {
  let deepest = 0;
  const walk = (node: unknown, depth: number): void => {
    deepest = Math.max(deepest, depth);
    if (depth > MAX_DEPTH || typeof node !== "object" || node === null) return;
    for (const child of Object.values(node)) walk(child, depth + 1);
  };
  walk(value, 0);
  return deepest;
}

function* sumFaults({ report }: ReportFile): Generator<readonly [string, string]> {
  const differ = (a: number, b: number) => Math.abs(a - b) > CENT;
  const names = new Set<string>();
  for (const [index, cluster] of report.clusters.entries()) {
    const at = `/report/clusters/${index}`;
    if (names.has(cluster.name)) yield [`${at}/name`, "stands twice"];
    names.add(cluster.name);
    for (const side of ["base", "head", "diff"] as const) {
      const lines = cluster.lines.reduce((sum, line) => sum + (line[side] ?? 0), 0);
      if (differ(lines, cluster.total[side] ?? 0)) yield [`${at}/total/${side}`, "is not the sum of its lines"];
    }
    if (differ((cluster.total.head ?? 0) - (cluster.total.base ?? 0), cluster.total.diff))
      yield [`${at}/total/diff`, "is not head minus base"];
  }
  for (const side of ["base", "head", "diff"] as const) {
    const clusters = report.clusters.reduce((sum, cluster) => sum + (cluster.total[side] ?? 0), 0);
    if (differ(clusters, report.total[side])) yield [`/report/total/${side}`, "is not the sum of the clusters"];
  }
  if (differ(report.total.head - report.total.base, report.total.diff))
    yield ["/report/total/diff", "is not head minus base"];
}

/** Several reports of one pull request as one. @throws ActionError `REPORT_INVALID` */
export function joinReports(files: readonly ReportFile[]): ReportFile {
  const [first, ...others] = files;
  if (first === undefined) throw new ActionError("REPORT_INVALID", { message: "`merge` names no report file" });
  if (others.length === 0) return first;
  for (const other of others) {
    for (const [field, a, b] of [
      ["pr", first.pr, other.pr],
      ["headSha", first.headSha, other.headSha],
      ["baseSha", first.baseSha, other.baseSha],
      ["asOf", first.report.asOf, other.report.asOf],
      ["currency", first.report.currency, other.report.currency],
    ] as const) {
      if (a !== b)
        throw new ActionError("REPORT_INVALID", {
          message: `the reports differ in ${field}: ${a} and ${b}`,
          hint: "render reports of one run",
        });
    }
  }
  const clusters = files.flatMap(({ report }) => report.clusters).sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = clusters.find(({ name }, index) => clusters[index + 1]?.name === name);
  if (twice !== undefined)
    throw new ActionError("REPORT_INVALID", {
      message: `cluster ${twice.name} is in two reports`,
      hint: "price each cluster in one job",
    });
  const sum = (pick: (file: ReportFile) => number) =>
    Math.round(files.reduce((total, file) => total + pick(file), 0) * 1e6) / 1e6;
  const base = sum(({ report }) => report.total.base);
  const head = sum(({ report }) => report.total.head);
  const diff = sum(({ report }) => report.total.diff);
  return {
    ...first,
    report: {
      ...first.report,
      clusters,
      configChanged: files.some(({ report }) => report.configChanged),
      total: { base, head, diff, diffPercent: base > 0 ? Math.round((diff / base) * 1e8) / 1e6 : null },
      nodes: { base: sum(({ report }) => report.nodes.base), head: sum(({ report }) => report.nodes.head) },
      warnings: files.flatMap(({ report }) => report.warnings),
      prices: {
        region: [...new Set(files.map(({ report }) => report.prices.region))].sort().join(", ").slice(0, 256),
        sources: joinSources(files),
        overrides: Math.max(...files.map(({ report }) => report.prices.overrides)),
      },
    },
  };
}

function joinSources(files: readonly ReportFile[]): ReportFile["report"]["prices"]["sources"] {
  const joined = new Map<string, ReportFile["report"]["prices"]["sources"][number]>();
  for (const source of files.flatMap(({ report }) => report.prices.sources)) {
    const key = `${source.source} ${source.date}`;
    const before = joined.get(key);
    joined.set(key, before === undefined ? source : { ...source, keys: before.keys + source.keys });
  }
  return [...joined.values()];
}
