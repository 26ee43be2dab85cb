import {
  ActionError,
  defineInputs,
  flag,
  type InputValues,
  integer,
  list,
  oneOf,
  parsed,
  type RawInputs,
  text,
  withDefault,
} from "@eks-actions/action";
import { type Money, parseDecimal } from "@eks-actions/pricing";

const money = () =>
  parsed<Money | undefined>({
    accepted: "a decimal of at least 0, like `100` or `12.50`",
    empty: undefined,
    parse: (value) => (value.startsWith("-") ? undefined : parseDecimal(value)),
  });

const share = (max: string, fallback?: string) =>
  parsed<Money | undefined>({
    ...(fallback === undefined ? {} : { default: fallback }),
    accepted: `a decimal from 0 to ${max}`,
    empty: undefined,
    parse(value) {
      const amount = parseDecimal(value);
      return amount !== undefined && amount >= 0n && amount <= (parseDecimal(max) ?? 0n) ? amount : undefined;
    },
  });

const day = () =>
  text({ pattern: /^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, accepted: "a date like `2026-11-23`" });

export const inputs = defineInputs({
  mode: oneOf(["comment", "compute", "render", "plan"], "comment"),
  config: text({ default: ".github/cost.yaml", accepted: "a file of the repository" }),
  manifests: list({ accepted: "files, directories or globs of the repository, by newline or comma" }),
  recursive: flag(false),
  kustomize: list({ accepted: "directories of the repository, by newline or comma" }),
  chart: text({ accepted: "a chart's directory" }),
  "release-name": text({
    pattern: /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/,
    accepted: "a release name of small letters, digits and hyphens",
  }),
  values: list({ accepted: "values files, by newline or comma" }),
  set: list({ linesOnly: true, accepted: "one `key=value` a line", item: /^[^=]+=/ }),
  namespace: withDefault(
    "default",
    text({ pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, accepted: "a namespace's name" }),
  ),
  "cluster-config": text({ accepted: "an eksctl ClusterConfig file" }),
  cluster: text({ pattern: /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, accepted: "a cluster's name" }),
  "aws-region": text({ pattern: /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, accepted: "a region like `eu-west-1`" }),
  "instance-types": list({
    accepted: "instance types or globs, like `m7i.*`",
    item: /^[a-z0-9-]+\.[a-z0-9*-]+$|^[a-z0-9-]+\*$/,
  }),
  nodes: oneOf(["packed", "declared"], "packed"),
  packing: oneOf(["auto", "steady", "first-pass"], "auto"),
  "base-ref": text({ pattern: /^(?!-)[\w./-]{1,200}$/, accepted: "a branch, tag or commit" }),
  "base-path": text({ accepted: "a directory" }),
  "head-path": text({ accepted: "a directory" }),
  "allow-remote": flag(false),
  "replica-basis": oneOf(["min", "spec", "max", "mid"], "spec"),
  "missing-requests": oneOf(["zero", "assume", "warn-only"], "zero"),
  "default-arch": oneOf(["amd64", "arm64"], "amd64"),
  "availability-zones": integer({ min: 1, max: 6 }),
  "as-of": day(),
  "vm-memory-overhead": withDefault("0.075", share("0.2")),
  "spot-discount": share("0.95"),
  "price-source": oneOf(["auto", "live", "embedded"], "auto"),
  "price-file": text({ accepted: "a YAML or JSON file" }),
  "usage-file": text({ accepted: "a YAML or JSON file" }),
  "price-cache": text({ accepted: "a directory" }),
  "fail-on": oneOf(["none", "increase", "threshold"]),
  "max-increase-usd": money(),
  "max-increase-percent": money(),
  "max-total-usd": money(),
  "approve-label": withDefault("cost-approved", text({ max: 50, accepted: "a label" })),
  "comment-when": oneOf(["always", "diff", "threshold"], "always"),
  "comment-threshold-usd": withDefault("1", money()),
  "comment-key": withDefault(
    "default",
    text({ pattern: /^[A-Za-z0-9_.-]{1,40}$/, accepted: "up to 40 letters, digits, `_`, `.`, `-`" }),
  ),
  "comment-author": withDefault("github-actions[bot]", text({ pattern: /^[\w[\]-]{1,60}$/, accepted: "a login" })),
  "pull-request": integer({ min: 1, max: 2_147_483_647 }),
  merge: list({ accepted: "report files or globs, by newline or comma" }),
  "github-token": text({ default: "${{ github.token }}", secret: true, accepted: "a token" }),
});

export type Inputs = InputValues<typeof inputs.specs>;

/** @throws ActionError `INPUT_INVALID`, `INPUT_CONFLICT`, `INPUT_MISSING` */
export function readInputs(raw: RawInputs): Inputs {
  const values = inputs.read(raw);
  const sources = [
    ["manifests", values.manifests.length > 0],
    ["kustomize", values.kustomize.length > 0],
    ["chart", values.chart !== undefined],
  ] as const;
  const given = sources.filter(([, isGiven]) => isGiven).map(([name]) => name);
  if (given.length > 1) {
    throw new ActionError("INPUT_CONFLICT", {
      message: `${given.map((name) => `\`${name}\``).join(" and ")} exclude each other`,
      hint: "list several targets in `.github/cost.yaml`",
    });
  }
  for (const name of ["release-name", "values", "set"] as const) {
    const value = raw[name]?.trim() ?? "";
    if (value !== "" && values.chart === undefined) {
      throw new ActionError("INPUT_CONFLICT", {
        message: `\`${name}\` needs \`chart\``,
        hint: "with:\n    chart: charts/shop",
      });
    }
  }
  if (values.mode === "render" && values.merge.length === 0) {
    throw new ActionError("INPUT_MISSING", {
      message: "mode `render` needs `merge`: the report files to render",
      hint: "with:\n    mode: render\n    merge: reports/*.json",
    });
  }
  if (values.failOn === "threshold" && !hasLimit(values)) {
    throw new ActionError("INPUT_MISSING", {
      message: "`fail-on: threshold` needs a limit",
      hint: "with:\n    max-increase-usd: 100",
    });
  }
  return values;
}

export function hasLimit(values: Inputs): boolean {
  return [values.maxIncreaseUsd, values.maxIncreasePercent, values.maxTotalUsd].some((limit) => limit !== undefined);
}
