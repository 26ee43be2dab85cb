import type { FieldSource } from "@eks-actions/manifest";
import { isRecord } from "@eks-actions/manifest";
import type { Manifest } from "../model.ts";

/** `default/Deployment/web`; without a namespace for cluster-scoped kinds. */
export function objectId(manifest: Manifest): string {
  const { kind, metadata } = manifest.object;
  return metadata.namespace === undefined
    ? `${kind}/${metadata.name}`
    : `${metadata.namespace}/${kind}/${metadata.name}`;
}

/** Where fields of the object stand, for errors about them. */
export function sourceOf(manifest: Manifest): FieldSource {
  return {
    object: objectId(manifest),
    place: (path) => ({ file: manifest.file, line: manifest.lineOf(path) ?? manifest.line }),
  };
}

/** The value at a path of plain data, or `undefined`. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  let node = value;
  for (const step of path) {
    if (Array.isArray(node)) node = node[Number(step)];
    else if (isRecord(node) && Object.hasOwn(node, String(step))) node = node[String(step)];
    else return undefined;
  }
  return node ?? undefined;
}

export function digText(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = dig(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

export function digList(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = dig(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A mapping of texts; other values are left out. */
export function digTexts(value: unknown, ...path: readonly (string | number)[]): Readonly<Record<string, string>> {
  const found = dig(value, ...path);
  if (!isRecord(found)) return {};
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}
