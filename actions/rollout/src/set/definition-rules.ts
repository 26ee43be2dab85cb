import { ActionError } from "@eks-actions/action";
import type { HealthRule } from "@eks-actions/health";
import { at, type ObjectSource } from "@eks-actions/manifest";
import { healthRule, yamlValue } from "../inputs/rules.ts";
import { annotations, type Wanted } from "../model.ts";

/**
 * Health rules that CRDs of the set carry as annotation `eks-actions.dev/health-rule`, for the kind that they define.
 * @throws ActionError `OBJECT_INVALID`
 */
export function definitionRules(wanted: readonly Wanted[]): readonly HealthRule[] {
  return wanted.flatMap(({ ref, object, source }) => {
    const text = object.metadata.annotations?.[annotations.healthRule];
    if (ref.kind !== "CustomResourceDefinition" || text === undefined) return [];
    const kind = `${String(at(object, ["spec", "names", "kind"]))}.${String(at(object, ["spec", "group"]))}`;
    try {
      return [healthRule(kind, yamlValue(text))];
    } catch (cause) {
      throw invalid(ref.name, source, cause);
    }
  });
}

function invalid(name: string, source: ObjectSource, cause: unknown): ActionError {
  const line = source.lineOf(["metadata", "annotations", annotations.healthRule]) ?? source.line;
  return new ActionError("OBJECT_INVALID", {
    message: `${source.file}:${line}: CRD ${name}, annotation ${annotations.healthRule}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: `write it as YAML:\n  ${annotations.healthRule}: "{healthy: {path: status.phase, in: [Ready]}}"`,
    file: source.file,
    line,
    cause,
  });
}
