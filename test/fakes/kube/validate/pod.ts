import { isIP } from "node:net";
import { get, isObject, type Json, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { containerFaults, idFaults } from "./containers.ts";
import { labelFaults, labelMapFaults } from "./names.ts";
import { placementFaults } from "./placement.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
export const ipRule = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

export function validatePodSpec(spec: JsonObject, path: string): Cause[] {
  const containers = objectsAt(spec, "containers");
  const volumes = objectsAt(spec, "volumes");
  const causes: Cause[] = volumeFaults(volumes, `${path}.volumes`);
  const place = {
    volumes: new Set(volumes.map((volume) => textAt(volume, "name") ?? "")),
    seen: new Set<string>(),
    isHostNetwork: spec["hostNetwork"] === true,
  };
  if (containers.length === 0) causes.push(required(`${path}.containers`));
  for (const list of ["containers", "initContainers"]) {
    for (const [index, container] of objectsAt(spec, list).entries()) {
      causes.push(...containerFaults(container, { ...place, path: `${path}.${list}[${index}]` }));
    }
  }
  causes.push(...oneOf(`${path}.restartPolicy`, textAt(spec, "restartPolicy") ?? "", restartPolicies));
  causes.push(...oneOf(`${path}.dnsPolicy`, textAt(spec, "dnsPolicy") ?? "ClusterFirst", dnsPolicies));
  causes.push(...idFaults(objectAt(spec, "securityContext"), `${path}.securityContext`));
  const deadline = numberAt(spec, "activeDeadlineSeconds");
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647)) {
    const why = "must be between 1 and 2147483647, inclusive";
    causes.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, why));
  }
  causes.push(...placementFaults(spec, path));
  for (const [index, alias] of objectsAt(spec, "hostAliases").entries()) {
    const ip = textAt(alias, "ip") ?? "";
    if (isIP(ip) === 0) causes.push(invalidValue(`${path}.hostAliases[${index}].ip`, ip, ipRule));
  }
  return causes;
}

function oneOf(field: string, value: string, known: readonly string[]): Cause[] {
  return known.includes(value) ? [] : [unsupported(field, value, known)];
}

// In the order in which the server looks for them: the second one found is too much.
const volumeTypes =
  "emptyDir hostPath secret nfs persistentVolumeClaim downwardAPI configMap projected csi ephemeral image".split(" ");

function volumeFaults(volumes: readonly JsonObject[], path: string): Cause[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const name = textAt(volume, "name") ?? "";
    const at = `${path}[${index}]`;
    const causes: Cause[] = name === "" ? [required(`${at}.name`)] : labelFaults(`${at}.name`, name);
    if (seen.has(name)) causes.push(duplicate(`${at}.name`, name));
    const [, ...extra] = volumeTypes.filter((type) => volume[type] !== undefined);
    causes.push(...extra.map((type) => forbiddenField(`${at}.${type}`, "may not specify more than 1 volume type")));
    causes.push(...volumeFieldFaults(volume, at));
    // A volume that is refused does not take its name.
    if (causes.length === 0) seen.add(name);
    return causes;
  });
}

const neededFields = [
  ["hostPath", "path"],
  ["secret", "secretName"],
  ["persistentVolumeClaim", "claimName"],
  ["configMap", "name"],
] as const;

function volumeFieldFaults(volume: JsonObject, at: string): Cause[] {
  const causes: Cause[] = [];
  for (const [type, field] of neededFields) {
    const source = volume[type];
    if (isObject(source) && !source[field]) causes.push(required(`${at}.${type}.${field}`));
  }
  for (const type of ["secret", "configMap", "projected", "downwardAPI"]) {
    const mode = numberAt(volume, type, "defaultMode") ?? 0;
    if (mode >= 0 && mode <= 0o777) continue;
    const why = "must be a number between 0 and 0777 (octal), both inclusive";
    causes.push(invalidValue(`${at}.${type}.defaultMode`, mode, why));
  }
  return causes;
}

export function validateTemplate(owner: JsonObject, path: string): Cause[] {
  const template = objectAt(owner, "template");
  const labels: Json | undefined = get(template, "metadata", "labels");
  return [
    ...labelMapFaults(`${path}.metadata.labels`, labels),
    ...validatePodSpec(objectAt(template, "spec"), `${path}.spec`),
  ];
}
