/** RFC 3339 in whole seconds, as `metav1.Time` is written. */
export const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A Go duration (`1500ms`, `1m30s`) or an RFC 3339 time, as milliseconds from `now`. Unreadable text: 0. */
export function delayMs(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length > 0) {
    const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
