import { isObject, type Json, type JsonObject, objectAt, textAt } from "../json.ts";
import { type Cause, invalidValue, required } from "../status.ts";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const labelRule = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
const subdomainRule = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
const serviceRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const keyRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const tooLong = "must be no more than 63 bytes";

const isLabel = (text: string) => text.length <= 63 && new RegExp(`^${label}$`).test(text);
const isSubdomain = (text: string) => text.length <= 253 && new RegExp(`^${subdomain}$`).test(text);

export function labelFaults(field: string, text: string): Cause[] {
  if (text.length > 63) return [invalidValue(field, text, "must be no more than 63 characters")];
  if (text.includes(".")) return [invalidValue(field, text, "must not contain dots")];
  return isLabel(text) ? [] : [invalidValue(field, text, labelRule)];
}

function subdomainFaults(field: string, text: string): Cause[] {
  if (text.length > 253) return [invalidValue(field, text, "must be no more than 253 characters")];
  return isSubdomain(text) ? [] : [invalidValue(field, text, subdomainRule)];
}

function serviceFaults(field: string, text: string): Cause[] {
  if (text.length > 63) return [invalidValue(field, text, "must be no more than 63 characters")];
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text) ? [] : [invalidValue(field, text, serviceRule)];
}

function pathFaults(field: string, text: string): Cause[] {
  if (text === "." || text === "..") return [invalidValue(field, text, `may not be '${text}'`)];
  const bad = ["/", "%"].find((mark) => text.includes(mark));
  return bad === undefined ? [] : [invalidValue(field, text, `may not contain '${bad}'`)];
}

// 1.36 checks Service names as plain RFC 1123 labels behind a feature gate that is off by default.
const nameRules: Readonly<Record<string, (field: string, text: string) => Cause[]>> = {
  Namespace: labelFaults,
  Service: serviceFaults,
  Role: pathFaults,
  ClusterRole: pathFaults,
  RoleBinding: pathFaults,
  ClusterRoleBinding: pathFaults,
};

export function validateMetadata(kind: string, object: JsonObject): Cause[] {
  const metadata = objectAt(object, "metadata");
  const name = textAt(metadata, "name") ?? "";
  const causes: Cause[] = [];
  if (name === "") causes.push(required("metadata.name", "name or generateName is required"));
  else causes.push(...(nameRules[kind] ?? subdomainFaults)("metadata.name", name));
  causes.push(...labelMapFaults("metadata.labels", metadata["labels"]));
  return [...causes, ...annotationFaults("metadata.annotations", metadata["annotations"])];
}

function keyFaults(field: string, key: string): Cause[] {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (prefix !== undefined && !isSubdomain(prefix)) return [invalidValue(field, key, `prefix part ${subdomainRule}`)];
  if (name.length > 63) return [invalidValue(field, key, "name part must be no more than 63 bytes")];
  return /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name) ? [] : [invalidValue(field, key, keyRule)];
}

export function labelMapFaults(field: string, labels: Json | undefined): Cause[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const text = String(value);
    const fits = text.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text);
    const why = text.length > 63 ? tooLong : valueRule;
    return [...keyFaults(field, key), ...(fits ? [] : [invalidValue(field, text, why)])];
  });
}

function annotationFaults(field: string, annotations: Json | undefined): Cause[] {
  if (!isObject(annotations)) return [];
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  const tooLong: Cause[] =
    size > 262_144
      ? [{ reason: "FieldValueTooLong", message: "Too long: may not be more than 262144 bytes", field }]
      : [];
  return [...Object.keys(annotations).flatMap((key) => keyFaults(field, key.toLowerCase())), ...tooLong];
}
