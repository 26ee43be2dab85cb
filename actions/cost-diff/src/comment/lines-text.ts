import type { LineId } from "../model.ts";
import type { ClusterReport, LineReport, PackingReport } from "../report-file/report-model.ts";

/** A row of the table: one line of the bill, or several that belong together. */
export interface Row {
  readonly label: string;
  readonly base: number;
  readonly head: number;
  readonly diff: number;
}

/** Rows in the order of the bill; the gateways and their addresses are one row. */
export function rows(cluster: ClusterReport): readonly Row[] {
  const byId = new Map(cluster.lines.map((line) => [line.id, line]));
  const found: Row[] = [];
  for (const line of cluster.lines) {
    if (line.id === "publicIpv4" && byId.has("nat")) continue;
    const joined = line.id === "nat" ? [line, byId.get("publicIpv4")] : [line];
    const parts = joined.filter((part) => part !== undefined);
    found.push({
      label: label(line, cluster, parts.length > 1),
      base: parts.reduce((sum, { base }) => sum + (base ?? 0), 0),
      head: parts.reduce((sum, { head }) => sum + (head ?? 0), 0),
      diff: parts.reduce((sum, { diff }) => sum + diff, 0),
    });
  }
  return found;
}

const LABELS: Readonly<Record<LineId, string>> = {
  controlPlane: "Control plane",
  extendedSupport: "Extended support",
  tier: "Provisioned control plane",
  capabilities: "Capabilities",
  hybridNodes: "Hybrid nodes",
  nodes: "Nodes",
  autoModeFee: "Auto Mode fee",
  nodeVolumes: "Node volumes",
  nodeIpv4: "Public IPv4 of nodes",
  fargate: "Fargate",
  jobs: "Jobs on the nodes",
  storage: "Volumes",
  loadBalancers: "Load balancers",
  publicIpv4: "Public IPv4",
  nat: "NAT",
  usage: "Usage",
  markup: "Markup",
};

function label(line: LineReport, cluster: ClusterReport, isJoined: boolean): string {
  const name = LABELS[line.id];
  const detail = detailOf(line, cluster);
  if (line.id === "nat" && isJoined) return "NAT + public IPv4";
  return detail === "" ? name : `${name} (${detail})`;
}

function detailOf(line: LineReport, cluster: ClusterReport): string {
  switch (line.id) {
    case "controlPlane": {
      const support = cluster.support.head ?? cluster.support.base;
      if (cluster.version === "") return "version not known";
      return support === "unknown" ? cluster.version : `${cluster.version}, ${support} support`;
    }
    case "extendedSupport":
      return cluster.version;
    case "nodes":
      return nodesText(cluster.packing.base, cluster.packing.head);
    case "nodeVolumes":
      return volumesText(line, cluster);
    case "loadBalancers":
      return countsText(line, /^elb\.(\w+)\.hour$/, (hours) => `${Math.round(hours / 730)} × `, BALANCERS);
    case "storage":
      return countsText(line, /^ebs\.(\w+)\.gb$/, (gib) => `${gib} GiB `, {});
    default:
      return "";
  }
}

export function nodeCount(packing: PackingReport | null): number {
  return packing?.nodes.reduce((sum, { count }) => sum + count, 0) ?? 0;
}

/** `1 → 2 × m5.large`; with several types `2 × m5.large, 1 × r5.xlarge`. */
export function nodesText(base: PackingReport | null, head: PackingReport | null): string {
  const shown = head ?? base;
  if (shown?.answer === "rates") return "by requests and stated rates";
  const types = (packing: PackingReport | null) => [...new Set(packing?.nodes.map(({ type }) => type) ?? [])];
  const [before, after] = [types(base), types(head)];
  const [only] = after;
  const isOneType = after.length === 1 && before.every((type) => type === only);
  const spot = shown?.nodes.some(({ capacityType }) => capacityType === "spot") === true ? " Spot" : "";
  if (isOneType && only !== undefined) {
    const counts = [nodeCount(base), nodeCount(head)];
    const text = base === null || counts[0] === counts[1] ? String(counts[1]) : `${counts[0]} → ${counts[1]}`;
    return `${text} × ${only}${spot}`;
  }
  const list = (packing: PackingReport | null) => {
    const counts = new Map<string, number>();
    for (const { type, count } of packing?.nodes ?? []) counts.set(type, (counts.get(type) ?? 0) + count);
    const texts = [...counts].map(([type, count]) => `${count} × ${type}`);
    return texts.length > 3 ? `${nodeCount(packing)} of ${texts.length} types` : texts.join(", ");
  };
  const [old, now] = [list(base), list(head)];
  if (old === now || old === "") return now + spot;
  return now === "" ? old : `${old} → ${now}${spot}`;
}

const BALANCERS: Readonly<Record<string, string>> = { alb: "ALB", nlb: "NLB", clb: "Classic" };

/** `1 × NLB`, `300 GiB gp2`: what stands at head, or at base where head has none. */
function countsText(
  line: LineReport,
  pattern: RegExp,
  show: (quantity: number) => string,
  names: Readonly<Record<string, string>>,
): string {
  const side = line.items.some(({ head }) => head > 0) ? "head" : "base";
  return line.items
    .flatMap((item) => {
      const kind = pattern.exec(item.key)?.[1];
      return kind === undefined || item[side] === 0 ? [] : [`${show(item[side])}${names[kind] ?? kind}`];
    })
    .join(", ");
}

function volumesText(line: LineReport, cluster: ClusterReport): string {
  const [item, ...others] = line.items;
  if (item === undefined || others.length > 0) return "";
  const type = /^ebs\.(\w+)\.gb$/.exec(item.key)?.[1];
  const [base, head] = [nodeCount(cluster.packing.base), nodeCount(cluster.packing.head)];
  const each = head > 0 ? item.head / head : base > 0 ? item.base / base : 0;
  return type !== undefined && Number.isInteger(each) && each > 0 ? `${each} GiB ${type} each` : "";
}
