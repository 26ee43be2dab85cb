import { type JsonObject, objectsAt, textAt, textsAt } from "./json.ts";
import { badRequest } from "./status.ts";

export type Labels = Readonly<Record<string, string>>;

/** Evaluates a `LabelSelector`. An empty one matches everything. */
export function matchesSelector(selector: JsonObject, labels: Labels): boolean {
  const exact = Object.entries(textsAt(selector, "matchLabels")).every(([key, value]) => labels[key] === value);
  return exact && objectsAt(selector, "matchExpressions").every((expression) => matchesExpression(expression, labels));
}

export function matchesExpression(expression: JsonObject, labels: Labels): boolean {
  const key = textAt(expression, "key") ?? "";
  const value = labels[key];
  const list = expression["values"];
  const values = Array.isArray(list) ? list.map(String) : [];
  switch (textAt(expression, "operator")) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** Parses the query form of a label selector: `a=b,c!=d,e in (f,g),!h,i`. */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const tests = split(text).map(requirement);
  return (labels) => tests.every((test) => test(labels));
}

function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const mark of text) {
    if (mark === "(") depth += 1;
    if (mark === ")") depth -= 1;
    if (mark === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += mark;
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== "");
}

function requirement(text: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    const isIn = (labels: Labels) => labels[key] !== undefined && values.includes(labels[key]);
    return operator === "in" ? isIn : (labels) => !isIn(labels);
  }
  const pair = /^([^=!<>\s]+)\s*(==|=|!=)\s*([^=!<>\s]*)$/.exec(text);
  if (pair !== null) {
    const [, key = "", operator, value = ""] = pair;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const bare = /^(!?)\s*([^=!<>\s()]+)$/.exec(text);
  if (bare === null) throw badRequest("unable to parse requirement: found '=', expected: identifier");
  const [, not = "", key = ""] = bare;
  return not === "" ? (labels) => labels[key] !== undefined : (labels) => labels[key] === undefined;
}

const common = ["metadata.name", "metadata.namespace"];
const perKind: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
  ],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
  secrets: ["type"],
  services: ["spec.clusterIP", "spec.type"],
  "jobs.batch": ["status.successful"],
  "replicasets.apps": ["status.replicas"],
};

/** Parses `metadata.name=x,status.phase!=Running`; a field the kind does not select by is refused, as by the real server. */
export function parseFieldSelector(resource: string, text: string): (object: JsonObject) => boolean {
  const known = [...common, ...(perKind[resource] ?? [])];
  const tests = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, field = "", operator = "", value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      if (operator === "") throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      if (!known.includes(field)) throw badRequest(unknownField(resource, field));
      const read = (object: JsonObject) => String(textAt(object, ...field.split(".")) ?? "");
      return operator === "!="
        ? (object: JsonObject) => read(object) !== value
        : (object: JsonObject) => read(object) === value;
    });
  return (object) => tests.every((test) => test(object));
}

const unknownField = (resource: string, field: string): string =>
  perKind[resource] === undefined
    ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
    : `field label not supported: ${field}`;

/** The text form of a selector, as `scale` reports it. */
export function printSelector(selector: JsonObject): string {
  const exact = Object.entries(textsAt(selector, "matchLabels"))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const expressions = objectsAt(selector, "matchExpressions").map((expression) => {
    const key = textAt(expression, "key") ?? "";
    const list = expression["values"];
    const values = Array.isArray(list) ? list.map(String).join(",") : "";
    const operator = textAt(expression, "operator") ?? "";
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values})`;
  });
  return [...exact, ...expressions].join(",");
}
