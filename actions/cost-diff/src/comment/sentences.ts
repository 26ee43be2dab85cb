import type { GateRule, TipReport, WarningEntry } from "../report-file/report-model.ts";

/** `{name}` is filled with the warning's argument, made inert by the caller. */
const WARNINGS: Readonly<Record<WarningEntry["code"], string>> = {
  ADDON_UNSIZED: "Add-on {addon}: what it asks for on the nodes is not known and not counted.",
  CLUSTER_NEWER:
    "Cluster {cluster}: Kubernetes {version} is newer than the action's calendar; standard support is assumed.",
  CRON_DURATION_ASSUMED: "{object}: no duration is known, 60 s a run are assumed. State it in `usage-file`.",
  KIND_INVISIBLE: "{object}: its controller creates pods that no manifest shows; they are not counted.",
  LB_CLASS_ASSUMED: "{object}: nothing names its class, a Classic Load Balancer is assumed.",
  LFS_NOT_FOLLOWED: "Git LFS files are not fetched.",
  LIMIT_RANGES: "{object}: a second LimitRange of its namespace is ignored.",
  PAST_EXTENDED: "Cluster {cluster}: Kubernetes {version} left extended support on {date}; AWS upgrades it by itself.",
  PREFERENCES_IGNORED: "{object}: preferred placement is not followed.",
  PRICES_LIVE_FAILED: "Live prices could not be read ({reason}). The action's own are used.",
  PRICES_OLD: "The action's prices are of {date}, older than 180 days.",
  PROVISIONER_UNPRICED: "{object}: storage class {class} has a provisioner without a price.",
  RENDER_FAILED_BASE: "{target}: the base side could not be rendered, so there is no difference.",
  REQUESTS_MISSING: "{object}: no CPU or memory request for {containers}.",
  STANDARD_SUPPORT_UPGRADE: "Cluster {cluster}: AWS upgrades Kubernetes {version} on {date}.",
  STORAGE_CLASS_ASSUMED: "{object}: storage class {class} is not in the manifests, gp3 is assumed.",
  STRANGER_AUTHOR: "The comment was written by {author}; set `comment-author: {author}` or it will not be found again.",
  SUBMODULES_NOT_FOLLOWED: "Submodules are not fetched.",
  USAGE_UNMATCHED: "The usage file names {id}, which is not there{near}.",
  VERSION_ASSUMED: "Cluster {cluster}: no Kubernetes version is known; standard support is assumed.",
  VPA_AUTO: "{object}: a VerticalPodAutoscaler may change requests at any time.",
};

const TIPS: Readonly<Record<TipReport["code"], string>> = {
  ARM64: "Allow arm64, if the images are multi-arch: {nodes}",
  GP3: "Use gp3 for {gib} GiB of gp2",
  INTERNAL_LB:
    "Make internet-facing load balancers internal ({count}), where nobody outside needs them: no public IPv4",
  LOWER_REQUEST: "Lower {workload} {resource} {from} → {to}: {nodesText} enough",
  NAT_SINGLE: "One NAT gateway in place of one a zone, if an outage of a zone may cut egress",
  SPOT: "Use Spot, if the pods may be interrupted: {nodes}",
  UPGRADE: "Upgrade Kubernetes {version} out of extended support",
  WIDER_TYPES: "Allow more instance types: {nodes}",
};

export function warningCodes(): readonly WarningEntry["code"][] {
  return Object.keys(WARNINGS) as WarningEntry["code"][];
}

export function tipCodes(): readonly TipReport["code"][] {
  return Object.keys(TIPS) as TipReport["code"][];
}

export function warningSentence(warning: Pick<WarningEntry, "code" | "args">, inert: (text: string) => string): string {
  return fill(WARNINGS[warning.code], warning.args, inert);
}

export function tipSentence(tip: TipReport, inert: (text: string) => string, mark: (text: string) => string): string {
  const { count } = tip.args;
  const nodesText = count === "1" ? "one node is" : `${count} nodes are`;
  return fill(TIPS[tip.code], { ...tip.args, nodesText }, (text) => (text.includes("/") ? mark(text) : inert(text)));
}

function fill(template: string, args: Readonly<Record<string, string>>, inert: (text: string) => string): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    inert(Object.hasOwn(args, name) ? (args[name] ?? "") : ""),
  );
}

export function ruleSentence(rule: GateRule, money: (value: number) => string): string {
  const value = rule.value === null ? "more than nothing" : money(rule.value);
  switch (rule.rule) {
    case "increase":
      return `the change costs ${value} a month more, and \`fail-on: increase\` allows nothing`;
    case "max-increase-usd":
      return `the change costs ${value} a month more, above the limit of ${money(rule.limit)}`;
    case "max-increase-percent":
      return `the change costs ${rule.value === null ? "more than nothing" : `${rule.value.toFixed(1)}%`} more, above the limit of ${rule.limit}%`;
    case "max-total-usd":
      return `the total is ${value} a month, above the limit of ${money(rule.limit)}`;
    case "unschedulable":
      return `${rule.value} pods cannot be placed, before it were ${rule.limit}`;
    default:
      return rule.rule satisfies never;
  }
}
