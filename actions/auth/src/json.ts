/** An object of a parsed JSON text, and nothing else that JavaScript calls one. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
