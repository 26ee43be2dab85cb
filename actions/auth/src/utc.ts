/** `2026-11-23T10:14:00Z`, as AWS and Kubernetes write the end of credentials. */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** `10:14:00 UTC`, for people. */
export function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
