import { get, isObject, type Json, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { isQuantity, quantityValue } from "../quantity.ts";
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { labelFaults } from "./names.ts";

/** Where a container stands: what of the pod its rules ask for. */
export interface ContainerPlace {
  readonly path: string;
  /** Names of the pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  /** Names of the pod's containers so far. */
  readonly seen: Set<string>;
  readonly isHostNetwork: boolean;
}

const probes = ["livenessProbe", "readinessProbe", "startupProbe"];

export function containerFaults(container: JsonObject, place: ContainerPlace): Cause[] {
  const { path, seen } = place;
  const name = textAt(container, "name") ?? "";
  const causes: Cause[] = name === "" ? [required(`${path}.name`)] : labelFaults(`${path}.name`, name);
  if (name !== "" && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  seen.add(name);
  const image = textAt(container, "image") ?? "";
  if (image === "") causes.push(required(`${path}.image`));
  // Only pods are checked: a template with such an image is accepted, and its pods are refused.
  else if (path.startsWith("spec.containers") && image !== image.trim())
    causes.push(invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace"));
  const isInitOnly = path.includes(".initContainers[") && container["restartPolicy"] !== "Always";
  causes.push(...(isInitOnly ? initFaults(container, path) : lifecycleFaults(container, path)));
  causes.push(...portFaults(container, `${path}.ports`, place.isHostNetwork));
  causes.push(...envFaults(container, `${path}.env`));
  causes.push(...mountFaults(container, `${path}.volumeMounts`, place.volumes));
  if (!isInitOnly) for (const probe of probes) causes.push(...probeFaults(container, path, probe));
  const pull = textAt(container, "imagePullPolicy");
  const pulls = ["Always", "IfNotPresent", "Never"];
  if (pull !== undefined && !pulls.includes(pull)) causes.push(unsupported(`${path}.imagePullPolicy`, pull, pulls));
  causes.push(...resourceFaults(container, `${path}.resources`));
  return [...causes, ...securityFaults(container, `${path}.securityContext`)];
}

function initFaults(container: JsonObject, path: string): Cause[] {
  const given = ["lifecycle", ...probes].filter((name) => isObject(container[name]));
  return given.map((name) =>
    forbiddenField(`${path}.${name}`, "may not be set for init containers without restartPolicy=Always"),
  );
}

function lifecycleFaults(container: JsonObject, path: string): Cause[] {
  return ["postStart", "preStop"].flatMap((hook) => {
    const handler = get(container, "lifecycle", hook);
    if (!isObject(handler) || Object.keys(handler).length > 0) return [];
    return [required(`${path}.lifecycle.${hook}`, "must specify a handler type")];
  });
}

function portFaults(container: JsonObject, path: string, isHostNetwork: boolean): Cause[] {
  const names = new Set<string>();
  const protocols = ["SCTP", "TCP", "UDP"];
  return objectsAt(container, "ports").flatMap((port, index) => {
    const at = `${path}[${index}]`;
    const causes: Cause[] = [];
    const name = textAt(port, "name") ?? "";
    if (name !== "") {
      causes.push(...portNameFaults(`${at}.name`, name));
      if (names.has(name)) causes.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const number = numberAt(port, "containerPort") ?? 0;
    if (number === 0) causes.push(required(`${at}.containerPort`));
    else causes.push(...portNumberFaults(`${at}.containerPort`, number));
    const host = numberAt(port, "hostPort") ?? 0;
    if (host !== 0) causes.push(...portNumberFaults(`${at}.hostPort`, host));
    const protocol = textAt(port, "protocol") ?? "TCP";
    if (!protocols.includes(protocol)) causes.push(unsupported(`${at}.protocol`, protocol, protocols));
    if (isHostNetwork && host !== 0 && host !== number) {
      causes.push(invalidValue(`${at}.hostPort`, host, "must match `containerPort` when `hostNetwork` is true"));
    }
    return causes;
  });
}

export function portNumberFaults(field: string, port: number): Cause[] {
  return port >= 1 && port <= 65535 ? [] : [invalidValue(field, port, "must be between 1 and 65535, inclusive")];
}

export function portNameFaults(field: string, name: string): Cause[] {
  const faults = [
    [name.length > 15, "must be no more than 15 characters"],
    [!/^[-a-z0-9]+$/.test(name), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"],
    [!/[a-z]/.test(name), "must contain at least one letter (a-z)"],
    [name.includes("--"), "must not contain consecutive hyphens"],
    [/^-|-$/.test(name), "must not begin or end with a hyphen"],
  ] as const;
  return faults.flatMap(([isBad, why]) => (isBad ? [invalidValue(field, name, why)] : []));
}

/** A port by number or by name, as probes and Services have it. */
export function portFaultsOf(field: string, port: Json | undefined): Cause[] {
  return typeof port === "string" ? portNameFaults(field, port) : portNumberFaults(field, Number(port ?? 0));
}

const sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const fieldLabels =
  /^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/;

function envFaults(container: JsonObject, path: string): Cause[] {
  return objectsAt(container, "env").flatMap((variable, index) => {
    const at = `${path}[${index}]`;
    const name = textAt(variable, "name") ?? "";
    const causes: Cause[] = [];
    if (name === "") causes.push(required(`${at}.name`));
    else if (!/^[ -<>-~]+$/.test(name)) {
      const why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
      causes.push(invalidValue(`${at}.name`, name, why));
    }
    const source = variable["valueFrom"];
    return isObject(source) ? [...causes, ...sourceFaults(variable, source, `${at}.valueFrom`)] : causes;
  });
}

function sourceFaults(variable: JsonObject, source: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  const label = textAt(source, "fieldRef", "fieldPath");
  if (label !== undefined && !fieldLabels.test(label)) {
    const why = `error converting fieldPath: field label not supported: ${label}`;
    causes.push(invalidValue(`${path}.fieldRef.fieldPath`, label, why));
  }
  for (const kind of ["configMapKeyRef", "secretKeyRef"]) {
    const ref = source[kind];
    if (isObject(ref) && !ref["key"]) causes.push(required(`${path}.${kind}.key`));
  }
  if (!sources.some((kind) => isObject(source[kind]))) {
    const names = sources.map((kind) => `\`${kind}\``);
    const why = `must specify one of: ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
    causes.push(invalidValue(path, "", why));
  } else if (textAt(variable, "value")) {
    causes.push(invalidValue(path, "", "may not be specified when `value` is not empty"));
  }
  return causes;
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

const isStandard = (name: string) => /^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name);
// Devices and the like: whole numbers, and nothing may be promised that is not also the limit.
const isExtended = (name: string) => name.includes("/") && !name.includes("kubernetes.io/");

function resourceFaults(container: JsonObject, path: string): Cause[] {
  const limits = objectAt(container, "resources", "limits");
  const requests = objectAt(container, "resources", "requests");
  const causes: Cause[] = [];
  for (const [kind, values] of Object.entries({ limits, requests })) {
    for (const [name, value] of Object.entries(values)) {
      causes.push(...amountFaults(`${path}.${kind}[${name}]`, name, String(value)));
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const [asked, most] = [quantityValue(String(value)), quantityValue(String(limit))];
    const relation = isExtended(name) ? asked !== most && "equal to" : asked > most && "less than or equal to";
    if (relation !== false)
      causes.push(invalidValue(`${path}.requests`, value, `must be ${relation} ${name} limit of ${String(limit)}`));
  }
  return causes;
}

function amountFaults(field: string, name: string, amount: string): Cause[] {
  const causes: Cause[] = [];
  if (!name.includes("/") && !isStandard(name)) {
    causes.push(invalidValue(field, name, "must be a standard resource type or fully qualified"));
    causes.push(invalidValue(field, name, "must be a standard resource for containers"));
  }
  if (!isQuantity(amount)) return causes;
  const value = quantityValue(amount);
  if (value < 0) causes.push(invalidValue(field, amount, "must be greater than or equal to 0"));
  else if (isExtended(name) && !Number.isInteger(value)) causes.push(invalidValue(field, amount, "must be an integer"));
  return causes;
}

const handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
const counts = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function probeFaults(container: JsonObject, path: string, name: string): Cause[] {
  const probe = container[name];
  if (!isObject(probe)) return [];
  const at = `${path}.${name}`;
  const found = handlers.filter((handler) => isObject(probe[handler]));
  if (found.length === 0) return [required(at, "must specify a handler type")];
  const [, ...more] = found;
  const causes = more.map((handler) => forbiddenField(`${at}.${handler}`, "may not specify more than 1 handler type"));
  for (const handler of ["httpGet", "tcpSocket"]) {
    if (isObject(probe[handler])) causes.push(...portFaultsOf(`${at}.${handler}.port`, get(probe, handler, "port")));
  }
  for (const count of counts) {
    const value = numberAt(probe, count) ?? 0;
    if (value < 0) causes.push(invalidValue(`${at}.${count}`, value, "must be greater than or equal to 0"));
  }
  const successes = numberAt(probe, "successThreshold") ?? 1;
  if (name !== "readinessProbe" && successes !== 1)
    causes.push(invalidValue(`${at}.successThreshold`, successes, "must be 1"));
  return causes;
}

function securityFaults(container: JsonObject, path: string): Cause[] {
  const context = objectAt(container, "securityContext");
  const causes = idFaults(context, path);
  if (context["privileged"] !== true || context["allowPrivilegeEscalation"] !== false) return causes;
  const why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
  return [...causes, invalidValue(path, internalSecurity(context), why)];
}

// The message shows the server's internal type, which has no JSON names.
function internalSecurity(context: JsonObject): JsonObject {
  const names =
    "capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile appArmorProfile";
  const internal = (name: string) =>
    name === "seLinuxOptions" ? "SELinuxOptions" : name[0]?.toUpperCase() + name.slice(1);
  return Object.fromEntries(names.split(" ").map((name) => [internal(name), context[name] ?? null]));
}

/** User and group ids of a pod or a container. */
export function idFaults(context: JsonObject, path: string): Cause[] {
  return ["runAsUser", "runAsGroup", "fsGroup"].flatMap((name) => {
    const id = numberAt(context, name) ?? 0;
    if (id >= 0 && id <= 2_147_483_647) return [];
    return [invalidValue(`${path}.${name}`, id, "must be between 0 and 2147483647, inclusive")];
  });
}
