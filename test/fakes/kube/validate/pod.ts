import { get, isObject, type Json, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { isQuantity, quantityValue } from "../quantity.ts";
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { labelFaults, labelMapFaults } from "./names.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];

export function validatePodSpec(spec: JsonObject, path: string): Cause[] {
  const containers = objectsAt(spec, "containers");
  const causes: Cause[] = [];
  const volumes = objectsAt(spec, "volumes");
  causes.push(...volumeFaults(volumes, `${path}.volumes`));
  const names = new Set(volumes.map((volume) => textAt(volume, "name") ?? ""));
  if (containers.length === 0) causes.push(required(`${path}.containers`));
  const seen = new Set<string>();
  containers.forEach((container, index) => {
    causes.push(...containerFaults(container, `${path}.containers[${index}]`, seen, names));
  });
  objectsAt(spec, "initContainers").forEach((container, index) => {
    causes.push(...containerFaults(container, `${path}.initContainers[${index}]`, seen, names));
  });
  const policy = textAt(spec, "restartPolicy") ?? "";
  if (!restartPolicies.includes(policy)) causes.push(unsupported(`${path}.restartPolicy`, policy, restartPolicies));
  const grace = numberAt(spec, "terminationGracePeriodSeconds") ?? 0;
  if (grace < 0)
    causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0"));
  return causes;
}

function volumeFaults(volumes: readonly JsonObject[], path: string): Cause[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const name = textAt(volume, "name") ?? "";
    const at = `${path}[${index}]`;
    const causes: Cause[] = name === "" ? [required(`${at}.name`)] : labelFaults(`${at}.name`, name);
    if (seen.has(name)) causes.push(duplicate(`${at}.name`, name));
    if (Object.keys(volume).length > 2) {
      const extra = Object.keys(volume).filter((key) => key !== "name")[1] ?? "";
      causes.push(forbiddenField(`${at}.${extra}`, "may not specify more than 1 volume type"));
    }
    const claim = volume["persistentVolumeClaim"];
    if (isObject(claim) && !claim["claimName"]) causes.push(required(`${at}.persistentVolumeClaim.claimName`));
    const secret = volume["secret"];
    if (isObject(secret) && !secret["secretName"]) causes.push(required(`${at}.secret.secretName`));
    const map = volume["configMap"];
    if (isObject(map) && !map["name"]) causes.push(required(`${at}.configMap.name`));
    // A volume that is refused does not take its name.
    if (causes.length === 0) seen.add(name);
    return causes;
  });
}

function containerFaults(
  container: JsonObject,
  path: string,
  seen: Set<string>,
  volumes: ReadonlySet<string>,
): Cause[] {
  const name = textAt(container, "name") ?? "";
  const causes: Cause[] = name === "" ? [required(`${path}.name`)] : labelFaults(`${path}.name`, name);
  if (name !== "" && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  seen.add(name);
  const image = textAt(container, "image") ?? "";
  if (image === "") causes.push(required(`${path}.image`));
  // Only pods are checked: a template with such an image is accepted, and its pods are refused.
  else if (path.startsWith("spec.containers") && image !== image.trim())
    causes.push(invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace"));
  causes.push(...portFaults(container, `${path}.ports`));
  causes.push(...envFaults(container, `${path}.env`));
  causes.push(...mountFaults(container, `${path}.volumeMounts`, volumes));
  causes.push(...resourceFaults(container, `${path}.resources`));
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"])
    causes.push(...probeFaults(container, path, probe));
  return causes;
}

function portFaults(container: JsonObject, path: string): Cause[] {
  const names = new Set<string>();
  return objectsAt(container, "ports").flatMap((port, index) => {
    const at = `${path}[${index}]`;
    const causes: Cause[] = [];
    const name = textAt(port, "name") ?? "";
    if (name !== "") {
      if (name.length > 15) causes.push(invalidValue(`${at}.name`, name, "must be no more than 15 characters"));
      if (names.has(name)) causes.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const number = numberAt(port, "containerPort") ?? 0;
    if (number === 0) causes.push(required(`${at}.containerPort`));
    else causes.push(...portNumberFaults(`${at}.containerPort`, number));
    return causes;
  });
}

export function portNumberFaults(field: string, port: number): Cause[] {
  return port >= 1 && port <= 65535 ? [] : [invalidValue(field, port, "must be between 1 and 65535, inclusive")];
}

function envFaults(container: JsonObject, path: string): Cause[] {
  return objectsAt(container, "env").flatMap((variable, index) => {
    const name = textAt(variable, "name") ?? "";
    const causes: Cause[] = name === "" ? [required(`${path}[${index}].name`)] : [];
    const source = variable["valueFrom"];
    if (isObject(source) && textAt(variable, "value")) {
      causes.push(invalidValue(`${path}[${index}].valueFrom`, "", "may not be specified when `value` is not empty"));
    }
    for (const kind of ["secretKeyRef", "configMapKeyRef"]) {
      const ref = isObject(source) ? source[kind] : undefined;
      if (isObject(ref) && !ref["key"]) causes.push(required(`${path}[${index}].valueFrom.${kind}.key`));
    }
    return causes;
  });
}

function mountFaults(container: JsonObject, path: string, volumes: ReadonlySet<string>): Cause[] {
  const paths = new Set<string>();
  return objectsAt(container, "volumeMounts").flatMap((mount, index) => {
    const at = `${path}[${index}]`;
    const name = textAt(mount, "name") ?? "";
    const place = textAt(mount, "mountPath") ?? "";
    const causes: Cause[] = [];
    if (name === "") causes.push(required(`${at}.name`));
    else if (!volumes.has(name))
      causes.push({ reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(name)}`, field: `${at}.name` });
    if (place === "") causes.push(required(`${at}.mountPath`));
    if (paths.has(place)) causes.push(invalidValue(`${at}.mountPath`, place, "must be unique"));
    paths.add(place);
    return causes;
  });
}

function resourceFaults(container: JsonObject, path: string): Cause[] {
  const resources = objectAt(container, "resources");
  const causes: Cause[] = [];
  const limits = objectAt(resources, "limits");
  const requests = objectAt(resources, "requests");
  for (const [kind, values] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const text = String(value);
      if (isQuantity(text) && quantityValue(text) < 0) {
        causes.push(invalidValue(`${path}.${kind}[${name}]`, text, "must be greater than or equal to 0"));
      }
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || quantityValue(String(value)) <= quantityValue(String(limit))) continue;
    causes.push(
      invalidValue(`${path}.requests`, value, `must be less than or equal to ${name} limit of ${String(limit)}`),
    );
  }
  return causes;
}

const handlers = ["exec", "httpGet", "tcpSocket", "grpc"];

function probeFaults(container: JsonObject, path: string, name: string): Cause[] {
  const probe = container[name];
  if (!isObject(probe)) return [];
  const found = handlers.filter((handler) => isObject(probe[handler]));
  if (found.length === 0) return [required(`${path}.${name}`, "must specify a handler type")];
  return found
    .slice(1)
    .map((handler) => forbiddenField(`${path}.${name}.${handler}`, "may not specify more than 1 handler type"));
}

export function validateTemplate(owner: JsonObject, path: string): Cause[] {
  const template = objectAt(owner, "template");
  const labels: Json | undefined = get(template, "metadata", "labels");
  return [
    ...labelMapFaults(`${path}.metadata.labels`, labels),
    ...validatePodSpec(objectAt(template, "spec"), `${path}.spec`),
  ];
}
