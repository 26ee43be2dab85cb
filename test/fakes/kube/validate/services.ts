import { isIP } from "node:net";
import { isObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { portFaultsOf, portNumberFaults } from "./containers.ts";
import { subdomainFaults } from "./names.ts";
import { ipRule } from "./pod.ts";

const serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const affinities = ["ClientIP", "None"];

export function validateService(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const type = textAt(spec, "type") ?? "";
  const causes: Cause[] = serviceTypes.includes(type) ? [] : [unsupported("spec.type", type, serviceTypes)];
  const ports = objectsAt(spec, "ports");
  if (ports.length === 0 && type !== "ExternalName" && spec["clusterIP"] !== "None")
    causes.push(required("spec.ports"));
  const seen = new Set<string>();
  for (const [index, port] of ports.entries()) {
    causes.push(...servicePortFaults(port, `spec.ports[${index}]`, { type, seen, isOnly: ports.length === 1 }));
  }
  const affinity = textAt(spec, "sessionAffinity") ?? "None";
  if (!affinities.includes(affinity)) causes.push(unsupported("spec.sessionAffinity", affinity, affinities));
  if (type === "ExternalName") return [...causes, ...externalNameFaults(textAt(spec, "externalName") ?? "")];
  const policy = textAt(spec, "externalTrafficPolicy");
  const isExternal = type === "NodePort" || type === "LoadBalancer" || listAt(spec, "externalIPs").length > 0;
  if (policy !== undefined && !isExternal) {
    causes.push(
      invalidValue("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"),
    );
  }
  return [...causes, ...addressFaults(spec)];
}

interface PortPlace {
  readonly type: string;
  readonly seen: Set<string>;
  readonly isOnly: boolean;
}

function servicePortFaults(port: JsonObject, at: string, { type, seen, isOnly }: PortPlace): Cause[] {
  const causes: Cause[] = [];
  const name = textAt(port, "name") ?? "";
  if (name === "" && !isOnly) causes.push(required(`${at}.name`));
  if (name !== "" && seen.has(name)) causes.push(duplicate(`${at}.name`, name));
  seen.add(name);
  causes.push(...portNumberFaults(`${at}.port`, numberAt(port, "port") ?? 0));
  const target = port["targetPort"];
  if (target !== undefined) causes.push(...portFaultsOf(`${at}.targetPort`, target));
  const node = numberAt(port, "nodePort") ?? 0;
  if (node === 0) return causes;
  if (type === "ClusterIP") {
    causes.push(forbiddenField(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
  } else if (node < 30_000 || node > 32_767) {
    const why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
    causes.push(invalidValue(`${at}.nodePort`, node, why));
  }
  return causes;
}

function externalNameFaults(name: string): Cause[] {
  return name === "" ? [required("spec.externalName")] : subdomainFaults("spec.externalName", name.replace(/\.$/, ""));
}

function addressFaults(spec: JsonObject): Cause[] {
  const address = textAt(spec, "clusterIP") ?? "";
  if (address === "" || address === "None" || isIP(address) !== 0) return [];
  return [invalidValue("spec.clusterIPs[0]", address, ipRule)];
}

const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

export function validateIngress(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const rules = objectsAt(spec, "rules");
  if (rules.length === 0 && !isObject(spec["defaultBackend"])) {
    return [invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified")];
  }
  return [
    ...backendFaults(spec["defaultBackend"], "spec.defaultBackend"),
    ...rules.flatMap((rule, at) => ruleFaults(rule, `spec.rules[${at}]`)),
  ];
}

function ruleFaults(rule: JsonObject, at: string): Cause[] {
  const host = textAt(rule, "host") ?? "";
  const causes = host === "" || host.startsWith("*.") ? [] : subdomainFaults(`${at}.host`, host);
  const paths = objectsAt(rule, "http", "paths");
  if (isObject(rule["http"]) && paths.length === 0) causes.push(required(`${at}.http.paths`));
  return [...causes, ...paths.flatMap((path, index) => pathFaults(path, `${at}.http.paths[${index}]`))];
}

function pathFaults(path: JsonObject, field: string): Cause[] {
  const type = textAt(path, "pathType");
  const causes: Cause[] = [];
  if (type === undefined) causes.push(required(`${field}.pathType`, "pathType must be specified"));
  else if (!pathTypes.includes(type)) causes.push(unsupported(`${field}.pathType`, type, pathTypes));
  if ((type === "Exact" || type === "Prefix") && !(textAt(path, "path") ?? "").startsWith("/")) {
    causes.push(invalidValue(`${field}.path`, textAt(path, "path") ?? "", "must be an absolute path"));
  }
  return [...causes, ...backendFaults(path["backend"], `${field}.backend`)];
}

function backendFaults(backend: unknown, field: string): Cause[] {
  const port = objectAt(backend, "service", "port");
  if (!isObject(backend) || !isObject(backend["service"]) || port["name"] || port["number"]) return [];
  return [required(field, "port name or number is required")];
}
