import type { Exchange } from "./exchange.ts";
import { isObject, type Json, type JsonObject, numberAt, objectAt, textAt } from "./json.ts";
import type { ResourceType } from "./registry.ts";
import type { DeleteOptions } from "./remove.ts";
import { BodySyntaxError, type ParsedBody, parseJson, parseYaml } from "./source.ts";
import { ApiFailure, badRequest, type Cause, invalid, invalidValue, unsupported } from "./status.ts";
import type { WriteOptions } from "./write.ts";

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
] as const;
export type PatchType = (typeof patchTypes)[number];

const mediaType = (exchange: Exchange): string => (exchange.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";

export function patchTypeOf(exchange: Exchange, type: ResourceType): PatchType {
  const found = patchTypes.find((known) => known === mediaType(exchange));
  const isStrategic = found === "application/strategic-merge-patch+json";
  if (found !== undefined && !(isStrategic && type.custom !== undefined)) return found;
  const failure = { code: 415, reason: "UnsupportedMediaType" };
  if (!isStrategic) throw new ApiFailure({ ...failure, message: "415: Unsupported Media Type", details: {} });
  const accepted = patchTypes.filter((known) => known !== found).join(", ");
  throw new ApiFailure({
    ...failure,
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  });
}

/** The object in a POST or PUT, as JSON or YAML. */
export function objectIn(
  exchange: Exchange,
  type: ResourceType,
): { readonly object: JsonObject; readonly duplicates: readonly string[] } {
  const media = mediaType(exchange);
  if (media !== "" && !/^application\/(json|yaml)$/.test(media)) {
    throw new ApiFailure({
      code: 415,
      reason: "UnsupportedMediaType",
      message:
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    });
  }
  const parsed = parse(exchange, media, type);
  const object = isObject(parsed.value) ? parsed.value : {};
  checkKind(object, type);
  return { object, duplicates: parsed.duplicates };
}

function parse(exchange: Exchange, media: string, type: ResourceType): ParsedBody {
  try {
    return media === "application/yaml"
      ? { value: parseYaml(exchange.body, false), duplicates: [] }
      : parseJson(exchange.body);
  } catch (error) {
    if (!(error instanceof BodySyntaxError)) throw error;
    const why = `couldn't get version/kind; json parse error: ${error.message}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): ${why} (${exchange.body.slice(0, 80)})`,
    );
  }
}

function checkKind(object: JsonObject, type: ResourceType) {
  const kind = textAt(object, "kind") ?? type.kind;
  const version = textAt(object, "apiVersion") ?? type.groupVersion;
  const short = version.includes("/") ? version.slice(version.indexOf("/") + 1) : version;
  if (kind === type.kind && version === type.groupVersion) return;
  const start = `${kind} in version ${JSON.stringify(short)} cannot be handled as a ${type.kind}`;
  const internalName = type.group === "" ? "core" : type.group.split(".")[0];
  if (version === type.groupVersion) {
    throw badRequest(`${start}: converting (${short}.${kind}) to (${internalName}.${type.kind}): unknown conversion`);
  }
  throw badRequest(
    `${start}: no kind "${kind}" is registered for version ${JSON.stringify(version)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}

export function patchIn(exchange: Exchange): ParsedBody {
  try {
    return parseJson(exchange.body);
  } catch (error) {
    if (error instanceof BodySyntaxError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

export function applyConfigIn(exchange: Exchange): Json {
  const strict = exchange.query.get("fieldValidation") === "Strict";
  try {
    return parseYaml(exchange.body, strict);
  } catch (error) {
    if (error instanceof BodySyntaxError) throw badRequest(error.message);
    throw error;
  }
}

const validations = ["Ignore", "Strict", "Warn"] as const;

/** `dryRun`, `fieldValidation`, `fieldManager` and `force` of a write. `kind` names the options in a 422. */
export function writeOptions(
  exchange: Exchange,
  kind: string,
  subresource: string | undefined,
): WriteOptions & { readonly warnings: string[] } {
  const { query } = exchange;
  const options = { group: "meta.k8s.io", kind };
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) {
    throw invalid(options, "", [unsupported("dryRun", dryRun, ["All"])]);
  }
  const asked = query.get("fieldValidation") ?? "";
  const validation = validations.find((known) => known === asked);
  if (asked !== "" && validation === undefined)
    throw invalid(options, "", [unsupported("fieldValidation", asked, ["", ...validations])]);
  const causes = managerFaults(query.get("fieldManager") ?? "");
  if (causes.length > 0) throw invalid(options, "", causes);
  const agent = (exchange.headers["user-agent"] ?? "").split("/")[0] ?? "";
  return {
    manager: query.get("fieldManager") || agent,
    subresource,
    dryRun: dryRun.length > 0,
    force: query.get("force") === "true",
    validation: validation ?? "Warn",
    warnings: [],
  };
}

function managerFaults(manager: string): Cause[] {
  const field = "fieldManager";
  const bad = [...manager].findIndex((char) => !/[ -~\u00a1-\uffff]/u.test(char));
  if (Buffer.byteLength(manager) > 128) {
    return [{ reason: "FieldValueTooLong", message: "Too long: may not be more than 128 bytes", field }];
  }
  if (bad < 0) return [];
  const code = (manager.codePointAt(bad) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const shown = JSON.stringify(manager).replaceAll(/\\u00([0-9a-f]{2})/g, "\\x$1");
  const message = `Invalid value: ${shown}: invalid character U+${code} (at position ${bad})`;
  return [{ reason: "FieldValueInvalid", message, field }];
}

const policies = ["Foreground", "Background", "Orphan"] as const;

export function deleteOptions(exchange: Exchange): DeleteOptions {
  const { query } = exchange;
  const parsed = exchange.body.trim() === "" ? {} : parseDeleteBody(exchange);
  const asked = textAt(parsed, "propagationPolicy") ?? query.get("propagationPolicy") ?? "";
  const propagation = policies.find((known) => known === asked);
  const options = { group: "meta.k8s.io", kind: "DeleteOptions" };
  if (asked !== "" && propagation === undefined)
    throw invalid(options, "", [unsupported("propagationPolicy", asked, [...policies, "nil"])]);
  if (asked !== "" && typeof parsed["orphanDependents"] === "boolean") {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    throw invalid(options, "", [invalidValue("propagationPolicy", asked, why)]);
  }
  const grace =
    numberAt(parsed, "gracePeriodSeconds") ??
    (query.has("gracePeriodSeconds") ? Number(query.get("gracePeriodSeconds")) : undefined);
  const dryRun = query.get("dryRun") === "All" || (Array.isArray(parsed["dryRun"]) && parsed["dryRun"].includes("All"));
  const conditions = objectAt(parsed, "preconditions");
  return {
    uid: textAt(conditions, "uid"),
    resourceVersion: textAt(conditions, "resourceVersion"),
    propagation,
    gracePeriodSeconds: grace,
    dryRun,
  };
}

function parseDeleteBody(exchange: Exchange): JsonObject {
  try {
    const { value } = parseJson(exchange.body);
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof BodySyntaxError)
      throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
}
