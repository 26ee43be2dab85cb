import { isRecord } from "@eks-actions/manifest";

/** A workload's `spec.selector` against labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export function matchesSelector(
  selector: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = isRecord(selector["matchLabels"]) ? Object.entries(selector["matchLabels"]) : [];
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const expressions = Array.isArray(selector["matchExpressions"]) ? selector["matchExpressions"] : [];
  return expressions.every((expression: unknown) => {
    if (!isRecord(expression)) return false;
    const value = labels[String(expression["key"])];
    const values = Array.isArray(expression["values"]) ? expression["values"].map(String) : [];
    switch (expression["operator"]) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
}
