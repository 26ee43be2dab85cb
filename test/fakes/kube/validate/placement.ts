import { get, isObject, type JsonObject, listAt, numberAt, objectsAt, textAt } from "../json.ts";
import { type Cause, invalidValue, required, unsupported } from "../status.ts";
import { keyFaults, labelMapFaults } from "./names.ts";

/** Faults of what decides on which node a pod may run. */
export function placementFaults(spec: JsonObject, path: string): Cause[] {
  return [
    ...labelMapFaults(`${path}.nodeSelector`, spec["nodeSelector"]),
    ...affinityFaults(spec, `${path}.affinity`),
    ...objectsAt(spec, "tolerations").flatMap((one, index) => tolerationFaults(one, `${path}.tolerations[${index}]`)),
    ...objectsAt(spec, "topologySpreadConstraints").flatMap((one, index) =>
      spreadFaults(one, `${path}.topologySpreadConstraints[${index}]`),
    ),
  ];
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function tolerationFaults(toleration: JsonObject, path: string): Cause[] {
  const key = textAt(toleration, "key") ?? "";
  const operator = textAt(toleration, "operator") ?? "";
  const effect = textAt(toleration, "effect") ?? "";
  const causes = key === "" ? [] : keyFaults(`${path}.key`, key);
  if (key === "" && operator !== "Exists") {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(invalidValue(`${path}.operator`, operator, why));
  }
  if (toleration["tolerationSeconds"] !== undefined && effect !== "NoExecute") {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    causes.push(invalidValue(`${path}.effect`, effect, why));
  }
  const value = textAt(toleration, "value") ?? "";
  if (operator === "Exists" && value !== "") {
    causes.push(invalidValue(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  }
  if (effect !== "" && !effects.includes(effect)) causes.push(unsupported(`${path}.effect`, effect, effects));
  return causes;
}

function affinityFaults(spec: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  const rule = "requiredDuringSchedulingIgnoredDuringExecution";
  const nodes = get(spec, "affinity", "nodeAffinity", rule);
  if (isObject(nodes) && listAt(nodes, "nodeSelectorTerms").length === 0) {
    const field = `${path}.nodeAffinity.${rule}.nodeSelectorTerms`;
    causes.push(required(field, "must have at least one node selector term"));
  }
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    for (const [index, term] of objectsAt(spec, "affinity", kind, rule).entries()) {
      const field = `${path}.${kind}.${rule}[${index}].topologyKey`;
      const key = textAt(term, "topologyKey") ?? "";
      if (key === "") causes.push(required(field, "can not be empty"));
      causes.push(...keyFaults(field, key));
    }
  }
  return causes;
}

const actions = ["DoNotSchedule", "ScheduleAnyway"];

function spreadFaults(constraint: JsonObject, path: string): Cause[] {
  const skew = numberAt(constraint, "maxSkew") ?? 0;
  const causes = skew > 0 ? [] : [invalidValue(`${path}.maxSkew`, skew, "must be greater than zero")];
  if (!constraint["topologyKey"]) causes.push(required(`${path}.topologyKey`, "can not be empty"));
  const action = textAt(constraint, "whenUnsatisfiable") ?? "";
  if (!actions.includes(action)) causes.push(unsupported(`${path}.whenUnsatisfiable`, action, actions));
  return causes;
}
