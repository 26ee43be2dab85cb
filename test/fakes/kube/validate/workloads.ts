import {
  equal,
  get,
  isObject,
  type Json,
  type JsonObject,
  listAt,
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
  const bad = objectsAt(selector, "matchExpressions").findIndex(
    (one) => ["In", "NotIn"].includes(textAt(one, "operator") ?? "") && listAt(one, "values").length === 0,
  );
  if (bad >= 0) {
    const field = `spec.selector.matchExpressions[${bad}].values`;
    return [
      required(field, "must be specified when `operator` is 'In' or 'NotIn'"),
      invalidValue("spec.selector", selector, "invalid label selector"),
    ];
  }
  return matchesSelector(selector, labels) ? [] : [mismatch];
}

/** A number of pods or a share of them: not below 0, not above 100%. */
export function shareFaults(field: string, value: Json | undefined): Cause[] {
  if (typeof value === "number") {
    return value < 0 ? [invalidValue(field, value, "must be greater than or equal to 0")] : [];
  }
  if (typeof value !== "string") return [];
  if (!/^[0-9]+%$/.test(value)) {
    const why =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    return [invalidValue(field, value, why)];
  }
  return Number.parseInt(value, 10) > 100 ? [invalidValue(field, value, "must not be greater than 100%")] : [];
}

/** More pods than all may be added, but not taken away. */
function surgeFaults(field: string, value: Json | undefined): Cause[] {
  return shareFaults(field, value).filter((cause) => !cause.message.includes("greater than 100%"));
}

/** What a template may say only in a Job. `owner` is the kind that the message names. */
function onlyForever(spec: JsonObject, owner: string): Cause[] {
  const pod = objectAt(spec, "template", "spec");
  const policy = textAt(pod, "restartPolicy") || "Always";
  const causes = policy === "Always" ? [] : [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])];
  if (pod["activeDeadlineSeconds"] === undefined) return causes;
  const why = `activeDeadlineSeconds in ${owner} is not Supported`;
  return [...causes, forbiddenField("spec.template.spec.activeDeadlineSeconds", why)];
}

export function validateDeployment(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const causes = [...notNegative(spec, "spec", ["replicas"]), ...selectorFaults(spec)];
  causes.push(...validateTemplate(spec, "spec.template"), ...onlyForever(spec, "ReplicaSet"));
  causes.push(...strategyFaults(objectAt(spec, "strategy")));
  causes.push(...notNegative(spec, "spec", ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]));
  const deadline = numberAt(spec, "progressDeadlineSeconds") ?? 600;
  if (deadline <= (numberAt(spec, "minReadySeconds") ?? 0)) {
    causes.push(invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  }
  return causes;
}

const isNone = (value: Json | undefined) => value === 0 || value === "0%" || value === "0";

function strategyFaults(strategy: JsonObject): Cause[] {
  const type = textAt(strategy, "type") ?? "";
  const rolling = strategy["rollingUpdate"];
  if (type === "Recreate" && isObject(rolling)) {
    return [forbiddenField("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== "Recreate" && type !== "RollingUpdate") {
    // The message shows the server's internal type, which has no JSON names.
    return [unsupported("spec.strategy", { Type: type, RollingUpdate: null }, ["Recreate", "RollingUpdate"])];
  }
  if (type === "RollingUpdate" && isNone(get(rolling, "maxSurge")) && isNone(get(rolling, "maxUnavailable"))) {
    return [
      invalidValue(
        "spec.strategy.rollingUpdate.maxUnavailable",
        get(rolling, "maxUnavailable"),
        "may not be 0 when `maxSurge` is 0",
      ),
    ];
  }
  const at = "spec.strategy.rollingUpdate";
  return [
    ...shareFaults(`${at}.maxUnavailable`, get(rolling, "maxUnavailable")),
    ...surgeFaults(`${at}.maxSurge`, get(rolling, "maxSurge")),
  ];
}

export function validateReplicaSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...notNegative(spec, "spec", ["replicas"]),
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyForever(spec, "ReplicaSet"),
  ];
}

export function validateStatefulSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...notNegative(spec, "spec", ["replicas", "minReadySeconds"]),
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyForever(spec, "StatefulSet"),
    ...statefulSetFaults(spec),
  ];
}

function statefulSetFaults(spec: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const pods = textAt(spec, "podManagementPolicy") ?? "OrderedReady";
  if (pods !== "OrderedReady" && pods !== "Parallel") {
    causes.push(invalidValue("spec.podManagementPolicy", pods, "must be 'OrderedReady' or 'Parallel'"));
  }
  const type = textAt(spec, "updateStrategy", "type") ?? "RollingUpdate";
  if (type !== "RollingUpdate" && type !== "OnDelete") {
    const internal = { Type: type, RollingUpdate: null };
    causes.push(invalidValue("spec.updateStrategy", internal, "must be 'RollingUpdate' or 'OnDelete'"));
  }
  return causes;
}

function daemonSetFaults(rolling: JsonObject): Cause[] {
  const { maxUnavailable = 1, maxSurge = 0 } = rolling;
  const at = "spec.updateStrategy.rollingUpdate";
  if (isNone(maxUnavailable) && isNone(maxSurge)) {
    return [required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0")];
  }
  return [...shareFaults(`${at}.maxUnavailable`, maxUnavailable), ...shareFaults(`${at}.maxSurge`, maxSurge)];
}

export function validateDaemonSet(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  return [
    ...selectorFaults(spec),
    ...validateTemplate(spec, "spec.template"),
    ...onlyForever(spec, "DaemonSet"),
    ...daemonSetFaults(objectAt(spec, "updateStrategy", "rollingUpdate")),
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

const concurrencies = ["Allow", "Forbid", "Replace"];

function scheduleFaults(schedule: string): Cause[] {
  const fields = schedule.trim().split(/\s+/);
  if (schedule.startsWith("@") || fields.length === 5) return [];
  const why = `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
  return [invalidValue("spec.schedule", schedule, why)];
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export function validateCronJob(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const schedule = textAt(spec, "schedule") ?? "";
  const causes: Cause[] = schedule === "" ? [required("spec.schedule")] : scheduleFaults(schedule);
  const policy = textAt(spec, "concurrencyPolicy") ?? "Allow";
  if (!concurrencies.includes(policy)) causes.push(unsupported("spec.concurrencyPolicy", policy, concurrencies));
  const zone = textAt(spec, "timeZone");
  if (zone !== undefined && !isZone(zone))
    causes.push(invalidValue("spec.timeZone", zone, `unknown time zone ${zone}`));
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
