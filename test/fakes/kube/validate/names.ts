import { isObject, type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from "../json.ts";
import { type Cause, invalidValue, required } from "../status.ts";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const labelRule = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
const subdomainRule = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
const keyRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const tooLong = "must be no more than 63 bytes";

const isLabel = (text: string) => text.length <= 63 && new RegExp(`^${label}$`).test(text);
const isSubdomain = (text: string) => text.length <= 253 && new RegExp(`^${subdomain}$`).test(text);

export function labelFaults(field: string, text: string): Cause[] {
  if (text.length > 63) return [invalidValue(field, text, "must be no more than 63 characters")];
  if (text.includes(".") && isSubdomain(text)) return [invalidValue(field, text, "must not contain dots")];
  return isLabel(text) ? [] : [invalidValue(field, text, labelRule)];
}

export function subdomainFaults(field: string, text: string): Cause[] {
  if (text.length > 253) return [invalidValue(field, text, "must be no more than 253 characters")];
  return isSubdomain(text) ? [] : [invalidValue(field, text, subdomainRule)];
}

// Its Jobs get eleven characters more.
function cronJobFaults(field: string, text: string): Cause[] {
  return text.length > 52
    ? [invalidValue(field, text, "must be no more than 52 characters")]
    : subdomainFaults(field, text);
}

function pathFaults(field: string, text: string): Cause[] {
  if (text === "." || text === "..") return [invalidValue(field, text, `may not be '${text}'`)];
  const bad = ["/", "%"].find((mark) => text.includes(mark));
  return bad === undefined ? [] : [invalidValue(field, text, `may not contain '${bad}'`)];
}

// Since 1.36 a Service's name may begin with a digit.
const nameRules: Readonly<Record<string, (field: string, text: string) => Cause[]>> = {
  Namespace: labelFaults,
  Service: labelFaults,
  CronJob: cronJobFaults,
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
  causes.push(...annotationFaults("metadata.annotations", metadata["annotations"]));
  return [...causes, ...ownerFaults(metadata)];
}

function ownerFaults(metadata: JsonObject): Cause[] {
  const owners = objectsAt(metadata, "ownerReferences");
  const field = "metadata.ownerReferences";
  const causes = owners.flatMap((owner) =>
    ["kind", "name", "uid"].flatMap((part) =>
      owner[part] ? [] : [invalidValue(`${field}.${part}`, textAt(owner, part) ?? "", "must not be empty")],
    ),
  );
  const [first, second] = owners.filter((owner) => owner["controller"] === true).map(nameOfOwner);
  if (first === undefined || second === undefined) return causes;
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...causes, invalidValue(field, owners.map(inOrder), why)];
}

// As the Go type has its fields.
const inOrder = ({ apiVersion = "", kind = "", name = "", uid = "", ...more }: JsonObject): JsonObject => ({
  apiVersion,
  kind,
  name,
  uid,
  ...more,
});

const nameOfOwner = (owner: JsonObject) => `${textAt(owner, "kind") ?? ""}/${textAt(owner, "name") ?? ""}`;

const standardFinalizers = ["foregroundDeletion", "orphan", "kubernetes"];

/** Of the server's own kinds; a custom resource may use any name. */
export function finalizerFaults(metadata: JsonObject): Cause[] {
  return listAt(metadata, "finalizers").flatMap((finalizer, index) => {
    const name = String(finalizer);
    if (name.includes("/") || standardFinalizers.includes(name)) return [];
    const why = "name is neither a standard finalizer name nor is it fully qualified";
    return [invalidValue(`metadata.finalizers[${index}]`, name, why)];
  });
}

export function keyFaults(field: string, key: string): Cause[] {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  const empty = name === "" ? [invalidValue(field, key, "name part must be non-empty")] : [];
  if (prefix !== undefined && !isSubdomain(prefix)) return [invalidValue(field, key, `prefix part ${subdomainRule}`)];
  if (name.length > 63) return [invalidValue(field, key, "name part must be no more than 63 bytes")];
  const isName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name);
  return isName ? [] : [...empty, invalidValue(field, key, keyRule)];
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
