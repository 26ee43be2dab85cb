import type { Selection } from "./client.ts";

/** `?a=1&b=2` of what is given; empty when nothing is. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const entries = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === "" || value === false ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return entries.length === 0 ? "" : `?${entries.join("&")}`;
}

export function selectors({ labelSelector, fieldSelector }: Selection) {
  return { labelSelector, fieldSelector };
}
