import { groupOf, isRecord, type KubeObject } from "@eks-actions/manifest";
import { failed, healthy, waiting } from "./result.ts";
import type { HealthRule, Verdict } from "./verdict.ts";

/** The user's rule for a kind: `Database.example.com`, or `Database` for any group. */
export function ruleFor(object: KubeObject, rules: readonly HealthRule[]): HealthRule | undefined {
  const group = groupOf(object.apiVersion);
  return rules.find((rule) => rule.kind === `${object.kind}.${group}` || rule.kind === object.kind);
}

export function judgeByRule(object: KubeObject, rule: HealthRule): Verdict {
  const failure = rule.failed === undefined ? undefined : valueAt(object, rule.failed.path);
  if (failure !== undefined && rule.failed?.in.includes(failure) === true) {
    return failed(object, "RESOURCE_FAILED", `${rule.failed.path} is ${failure}`);
  }
  const state = valueAt(object, rule.healthy.path);
  if (state !== undefined && rule.healthy.in.includes(state))
    return healthy(object, `${rule.healthy.path} is ${state}`);
  return waiting(
    object,
    state === undefined ? `${rule.healthy.path} is not set yet` : `${rule.healthy.path} is ${state}`,
  );
}

/** Dots step into maps, `[type=Ready]` picks the list item whose field has that value. */
function valueAt(object: KubeObject, path: string): string | undefined {
  let value: unknown = object;
  for (const [, name, field, wanted] of path.matchAll(/([^.[\]]+)|\[([^=\]]+)=([^\]]*)\]/g)) {
    if (name !== undefined) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    else if (Array.isArray(value))
      value = value.find((item: unknown) => isRecord(item) && field !== undefined && String(item[field]) === wanted);
    else return undefined;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
