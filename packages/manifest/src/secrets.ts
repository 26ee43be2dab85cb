import { createHmac } from "node:crypto";
import { groupOf, type KubeObject } from "./object.ts";
import { containersOf, isRecord, podTemplates, withValue } from "./pods.ts";

/** Hides values, the same value always by the same word, without giving away short secrets to a guess. */
export type Redactor = (value: string) => string;

/** `key` is random for each run: a plain hash of a short secret can be guessed. */
export function createRedactor(key: Uint8Array): Redactor {
  return (value) => `hmac:${createHmac("sha256", key).update(value).digest("hex").slice(0, 8)}`;
}

const SECRET_NAME =
  /pass(word|wd|phrase)?|token|secret|api_?key|private_?key|access_?key|credential|(^|_)key$|(^|_)auth$/i;

/** True for names of variables whose values are usually secret. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll("-", "_"));
}

export function isSecret(object: KubeObject): boolean {
  return object.kind === "Secret" && groupOf(object.apiVersion) === "";
}

/** A copy that may be shown: values of Secrets become keyed hashes, environment values with secret-like names `***`. */
export function redactObject(object: KubeObject, redact: Redactor): KubeObject {
  if (isSecret(object)) return redactSecret(object, redact);
  let shown: unknown = object;
  for (const container of podTemplates(object).flatMap(containersOf)) {
    const env = container.spec["env"];
    if (!Array.isArray(env)) continue;
    const hidden = env.map((entry: unknown) => {
      if (!isRecord(entry) || typeof entry["name"] !== "string" || entry["value"] === undefined) return entry;
      return looksSecret(entry["name"]) ? { ...entry, value: "***" } : entry;
    });
    shown = withValue(shown, [...container.path, "env"], hidden);
  }
  return shown as KubeObject; // withValue has only replaced lists of variables
}

function redactSecret(object: KubeObject, redact: Redactor): KubeObject {
  const hide = (field: "data" | "stringData"): Record<string, string> | undefined => {
    const values = object[field];
    if (!isRecord(values)) return undefined;
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, redact(plainOf(field, String(value)))]),
    );
  };
  const data = hide("data");
  const stringData = hide("stringData");
  const { "kubectl.kubernetes.io/last-applied-configuration": last, ...annotations } =
    object.metadata.annotations ?? {};
  const metadata = last === undefined ? object.metadata : { ...object.metadata, annotations };
  return {
    ...object,
    metadata,
    ...(data === undefined ? {} : { data }),
    ...(stringData === undefined ? {} : { stringData }),
  };
}

/**
 * Every text that must be masked before anything is printed: the values of a Secret, decoded and in base64, and each
 * line of them. Texts under 4 characters are left out, because masking them would blank out half the log.
 */
export function secretTexts(object: KubeObject): readonly string[] {
  const texts = new Set<string>();
  const add = (text: string) => {
    if (text.trim().length >= 4) texts.add(text);
  };
  const addValue = (plain: string, encoded: string) => {
    add(encoded);
    // Bytes that are no text cannot appear in a log as they are.
    if (plain.includes("\uFFFD")) return;
    add(plain);
    for (const line of plain.split(/\r\n|\r|\n/)) {
      add(line.trim());
      if (line.trim().length >= 4) add(Buffer.from(line.trim()).toString("base64"));
    }
  };
  if (isSecret(object)) {
    for (const field of ["data", "stringData"] as const) {
      const values = object[field];
      if (!isRecord(values)) continue;
      for (const value of Object.values(values)) {
        if (typeof value !== "string") continue;
        const plain = plainOf(field, value);
        addValue(plain, field === "data" ? value : Buffer.from(value).toString("base64"));
      }
    }
  }
  for (const container of podTemplates(object).flatMap(containersOf)) {
    const env = container.spec["env"];
    if (!Array.isArray(env)) continue;
    for (const entry of env as readonly unknown[]) {
      if (!isRecord(entry) || typeof entry["name"] !== "string" || typeof entry["value"] !== "string") continue;
      // A short one is usually a switch: masking `true` would make the log unreadable.
      if (looksSecret(entry["name"]) && entry["value"].length >= 8)
        addValue(entry["value"], Buffer.from(entry["value"]).toString("base64"));
    }
  }
  return [...texts];
}

function plainOf(field: "data" | "stringData", value: string): string {
  return field === "data" ? Buffer.from(value, "base64").toString("utf8") : value;
}
