import { ActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import { at, isRecord, type KubeObject, nameOf, type ObjectRef, type ObjectSource } from "@eks-actions/manifest";

/** What was being done when the API server said no. */
export interface Occasion {
  readonly ref: ObjectRef;
  /** Present for objects of the set: their messages point to the file. */
  readonly object?: KubeObject | undefined;
  readonly source?: ObjectSource | undefined;
  readonly phase: "read" | "preflight" | "write";
}

/** The API server's refusal as one of our errors; anything else is returned as it is. */
export function explain(error: unknown, occasion: Occasion): unknown {
  if (!(error instanceof KubeApiError)) return error;
  const { ref, source } = occasion;
  const field = fieldOf(error);
  const line = source === undefined ? undefined : (lineOf(field, occasion) ?? source.line);
  const where = source === undefined ? "" : `${source.file}:${line}: `;
  const build = (code: ConstructorParameters<typeof ActionError>[0], message: string, hint?: string) =>
    new ActionError(code, { message: `${where}${message}`, hint, file: source?.file, line, cause: error });
  if (error.denial !== undefined) {
    const { user, verb, resource, group, namespace } = error.denial;
    const scope = namespace === undefined ? "in the cluster" : `in namespace ${namespace}`;
    return build(
      "FORBIDDEN",
      `${user} may not ${verb} ${resource}${group === "" ? "" : `.${group}`} ${scope}`,
      rule(error.denial),
    );
  }
  if (isConflict(error)) {
    const owners = conflictsOf(error).map(({ manager, field: name }) => `${name} (${manager})`);
    const managers = [...new Set(conflictsOf(error).map(({ manager }) => manager))];
    return build(
      "FIELD_CONFLICT",
      `${nameOf(ref)}: fields are owned by others: ${owners.join(", ")}`,
      `remove the fields from the manifest, or take them over: \`force-conflicts: ${managers.join(",")}\``,
    );
  }
  if (isImmutable(error)) {
    const way =
      ref.kind === "Job"
        ? "`recreate-jobs: on-change` makes a new Job beside the old one"
        : `\`recreate: ${ref.kind}/${ref.name}\` deletes and creates it anew`;
    return build(
      "FIELD_IMMUTABLE",
      `${nameOf(ref)}: ${field === "" ? "a field" : field} cannot be changed on the existing object: ${short(error.message)}`,
      way,
    );
  }
  if (
    error.status === 404 &&
    (error.details.kind === "namespaces" || /namespaces? "[^"]*" not found/.test(error.message))
  ) {
    const namespace = error.details.kind === "namespaces" ? error.details.name : ref.namespace;
    return build(
      "NAMESPACE_MISSING",
      `namespace ${namespace ?? ref.namespace ?? ""} does not exist`,
      "add it to the manifests, or set `create-namespace: true`",
    );
  }
  if (error.status === 404 && occasion.phase !== "read") {
    return build(
      "KIND_UNKNOWN",
      `the cluster serves no ${ref.kind} of ${ref.apiVersion}`,
      "check apiVersion and kind, or add the CRD to the set",
    );
  }
  return build(
    occasion.phase === "write" ? "APPLY_REJECTED" : "REJECTED",
    `${nameOf(ref)}: ${short(error.message)}`,
    hintFor(error),
  );
}

/** As `explain`, for `catch` blocks. */
export function rethrow(error: unknown, occasion: Occasion): never {
  throw explain(error, occasion);
}

export function isConflict(error: KubeApiError): boolean {
  return error.status === 409 && error.details.causes.some((cause) => cause.reason === "FieldManagerConflict");
}

export interface Conflict {
  readonly manager: string;
  readonly field: string;
}

/** Who owns what: the manager stands in quotes in each cause's message. */
export function conflictsOf(error: KubeApiError): readonly Conflict[] {
  return error.details.causes
    .filter((cause) => cause.reason === "FieldManagerConflict")
    .map((cause) => ({
      manager: /conflict with "((?:[^"\\]|\\.)*)"/.exec(cause.message)?.[1] ?? "unknown",
      field: cause.field,
    }));
}

/** Only what the API server itself calls immutable: any other 422 is a plain refusal. */
export function isImmutable(error: KubeApiError): boolean {
  if (error.status !== 422) return false;
  return error.details.causes.some(
    (cause) =>
      (cause.reason === "FieldValueInvalid" && cause.message.includes("field is immutable")) ||
      (cause.reason === "FieldValueForbidden" &&
        /updates to statefulset spec for fields other than/.test(cause.message)),
  );
}

function fieldOf(error: KubeApiError): string {
  const cause = error.details.causes.find((one) => one.field !== "");
  if (cause !== undefined) return cause.field.replace(/^\./, "");
  const unknown = /unknown field "([^"]+)"/.exec(error.message) ?? /: (\.[\w.[\]"=/-]+): /.exec(error.message);
  return (unknown?.[1] ?? "").replace(/^\./, "");
}

/** Line of `spec.containers[name="web"].image` or its deepest part that was written. */
function lineOf(field: string, { object, source }: Occasion): number | undefined {
  const path: (string | number)[] = [];
  let line: number | undefined;
  for (const [, name, index, key, value] of field.matchAll(/([^.[\]]+)|\[(\d+)\]|\[(\w+)="?([^"\]]*)"?\]/g)) {
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else {
      const list = at(object, path);
      const found = Array.isArray(list)
        ? list.findIndex((item: unknown) => isRecord(item) && key !== undefined && String(item[key]) === value)
        : -1;
      if (found < 0) return line;
      path.push(found);
    }
    line = source?.lineOf(path) ?? line;
  }
  return line;
}

function rule(denial: { readonly verb: string; readonly resource: string; readonly group: string }): string {
  return `add to the role:\n  - apiGroups: ["${denial.group}"]\n    resources: ["${denial.resource}"]\n    verbs: ["${denial.verb}"]`;
}

function hintFor(error: KubeApiError): string | undefined {
  if (/exceeded quota/.test(error.message)) return "raise the ResourceQuota, or ask for less";
  if (/unknown field|not declared in schema/.test(error.message))
    return "correct or remove the field; nothing was written";
  if (/admission webhook/.test(error.message)) return "the webhook's own words say what it wants";
  return undefined;
}

function short(message: string): string {
  const flat = message.replace(/\s+/g, " ").trim();
  return flat.length > 400 ? `${flat.slice(0, 399)}…` : flat;
}
