import { type InputSpec, parseDuration, parsed } from "@eks-actions/action";
import type { HealthRule, RequiredRollout, RuleMatch } from "@eks-actions/health";
import { isRecord, readYaml } from "@eks-actions/manifest";

/** `full`, `maxUnavailable` or a percentage. */
export function requiredRollout(): InputSpec<RequiredRollout> {
  return parsed<RequiredRollout>({
    default: "full",
    accepted: "`full`, `maxUnavailable` or a percentage like `80%`",
    empty: "full",
    parse(value) {
      if (value === "full" || value === "maxUnavailable") return value;
      const percent = /^(100|[1-9]?\d)%$/.exec(value)?.[1];
      return percent === undefined ? undefined : { percent: Number(percent) };
    },
  });
}

export function parseUnschedulable(value: string): number | "auto" | undefined {
  return value === "auto" ? "auto" : parseDuration(value);
}

/** One YAML document; throws an `Error` with the place of the fault, for the input's message. */
export function yamlValue(value: string): unknown {
  const [first, ...more] = readYaml(value, "line");
  if (first === undefined) return undefined;
  if ("error" in first) throw new Error(first.error.message);
  if (more.length > 0) throw new Error("more than one YAML document");
  return first.document.value;
}

export function parseHealthRules(value: string): readonly HealthRule[] | undefined {
  const found = yamlValue(value);
  const items = Array.isArray(found) ? found : [found];
  return items.map((item: unknown) => {
    if (!isRecord(item) || typeof item["kind"] !== "string") throw new Error("a rule has no `kind`");
    return healthRule(item["kind"], item);
  });
}

/** The rule of one kind from `{healthy: {path, in}, failed: {path, in}}`; throws an `Error` for the caller's message. */
export function healthRule(kind: string, value: unknown): HealthRule {
  const healthy = isRecord(value) ? match(value["healthy"]) : undefined;
  if (!isRecord(value) || healthy === undefined) throw new Error(`the rule for ${kind} has no \`healthy: {path, in}\``);
  return { kind, healthy, failed: match(value["failed"]) };
}

function match(value: unknown): RuleMatch | undefined {
  if (!isRecord(value) || typeof value["path"] !== "string") return undefined;
  const accepted = Array.isArray(value["in"]) ? value["in"] : [value["in"]];
  return { path: value["path"], in: accepted.map(String) };
}
