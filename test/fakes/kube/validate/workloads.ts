import {
  equal,
  get,
  isObject,
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
} from "../json.ts";
import { matchesSelector } from "../selectors.ts";
import { type Cause, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { validateTemplate } from "./pod.ts";

function notNegative(spec: JsonObject, path: string, names: readonly string[]): Cause[] {
  return names.flatMap((name) => {
    const value = numberAt(spec, name) ?? 0;
    return value < 0 ? [invalidValue(`${path}.${name}`, value, "must be greater than or equal to 0")] : [];
  });
}

/** A selector must be there, not be empty and match the template it stands beside. */
function selectorFaults(spec: JsonObject): Cause[] {
  const selector = spec["selector"];
  const labels = textsAt(spec, "template", "metadata", "labels");
  const shown = Object.keys(labels).length === 0 ? null : labels;
  const mismatch = invalidValue("spec.template.metadata.labels", shown, "`selector` does not match template `labels`");
  if (!isObject(selector)) return [required("spec.selector"), mismatch];
  if (Object.keys(selector).length === 0) {
    return [invalidValue("spec.selector", selector, "empty selector is invalid for deployment")];
  }
  return matchesSelector(selector, labels) ? [] : [mismatch];
}

function onlyAlways(spec: JsonObject): Cause[] {
  const policy = textAt(spec, "template", "spec", "restartPolicy") ?? "";
  if (policy === "Always" || policy === "") return [];
  return [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])];
}

export function validateDeployment(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const causes = [...notNegative(spec, "spec", ["replicas"]), ...selectorFaults(spec)];
  causes.push(...validateTemplate(spec, "spec.template"), ...onlyAlways(spec));
  causes.push(...strategyFaults(objectAt(spec, "strategy")));
  causes.push(...notNegative(spec, "spec", ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]));
  const deadline = numberAt(spec, "progressDeadlineSeconds") ?? 600;
  if (deadline <= (numberAt(spec, "minReadySeconds") ?? 0)) {
    causes.push(invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  }
  return causes;
}

function strategyFaults(strategy: JsonObject): Cause[] {
  const type = textAt(strategy, "type") ?? "";
  const rolling = strategy["rollingUpdate"];
  if (type === "Recreate" && isObject(rolling)) {
    return [forbiddenField("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== "Recreate" && type !== "RollingUpdate")
    return [unsupported("spec.strategy.type", type, ["Recreate", "RollingUpdate"])];
  const isNone = (value: Json | undefined) => value === 0 || value === "0%" || value === "0";
  if (type === "RollingUpdate" && isNone(get(rolling, "maxSurge")) && isNone(get(rolling, "maxUnavailable"))) {
    return [
      invalidValue(
        "spec.strategy.rollingUpdate.maxUnavailable",
        get(rolling, "maxUnavailable"),
        "may not be 0 when `maxSurge` is 0",
      ),
    ];
  }
  return [];
}

export function validateReplicaSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...notNegative(spec, "spec", ["replicas"]),
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyAlways(spec),
  ];
}

export function validateStatefulSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...notNegative(spec, "spec", ["replicas", "minReadySeconds"]),
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyAlways(spec),
  ];
}

export function validateDaemonSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyAlways(spec),
    ...notNegative(spec, "spec", ["minReadySeconds"]),
  ];
}

export function validateJob(object: JsonObject): Cause[] {
  return jobSpecFaults(objectAt(object, "spec"), "spec");
}

function jobSpecFaults(spec: JsonObject, path: string): Cause[] {
  const causes = notNegative(spec, path, [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
  ]);
  causes.push(...validateTemplate(spec, `${path}.template`));
  const policy = textAt(spec, "template", "spec", "restartPolicy") ?? "";
  if (policy === "Always") {
    causes.push({
      reason: "FieldValueInvalid",
      message: 'Required value: valid values: "OnFailure", "Never"',
      field: `${path}.template.spec.restartPolicy`,
    });
  }
  return causes.map((cause) =>
    cause.message.startsWith("Required value: valid") ? { ...cause, reason: "FieldValueRequired" } : cause,
  );
}

export function validateCronJob(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const schedule = textAt(spec, "schedule") ?? "";
  const causes: Cause[] = schedule === "" ? [required("spec.schedule")] : [];
  return [...causes, ...jobSpecFaults(objectAt(spec, "jobTemplate", "spec"), "spec.jobTemplate.spec")];
}

const immutable = (field: string, value: Json | undefined) => invalidValue(field, value, "field is immutable");

export function selectorUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const selector = get(next, "spec", "selector");
  return equal(selector, get(live, "spec", "selector")) ? [] : [immutable("spec.selector", selector)];
}

const statefulSetRule =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const statefulSetFields = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

export function statefulSetUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const fixed = (object: JsonObject) => {
    const spec = { ...objectAt(object, "spec") };
    for (const name of statefulSetFields) delete spec[name];
    const claims = objectsAt(spec, "volumeClaimTemplates").map((claim) => ({ ...claim, status: {} }));
    return { ...spec, volumeClaimTemplates: claims };
  };
  return equal(fixed(next), fixed(live)) ? [] : [forbiddenField("spec", statefulSetRule)];
}

export function jobUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const causes: Cause[] = [];
  for (const name of ["completions", "selector"]) {
    const value = get(next, "spec", name);
    if (!equal(value, get(live, "spec", name))) causes.push(immutable(`spec.${name}`, value));
  }
  const template = get(next, "spec", "template");
  const mayMove = get(live, "spec", "suspend") === true;
  if (!mayMove && !equal(template, get(live, "spec", "template"))) causes.push(immutable("spec.template", template));
  const mode = get(next, "spec", "completionMode");
  if (!equal(mode, get(live, "spec", "completionMode"))) causes.push(immutable("spec.completionMode", mode));
  return causes;
}
