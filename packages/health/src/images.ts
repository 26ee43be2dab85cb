import type { FailureCause } from "./verdict.ts";

const NOT_FOUND = /not found|manifest unknown|does not exist|name unknown|no such (image|manifest)|404/i;
const DENIED = /pull access denied|unauthorized|no basic auth|denied|forbidden|\b40[13]\b|authentication required/i;
// A registry in trouble may say "not found" of a host, or 403 for a quota: those are worth another pull.
const TRANSIENT =
  /timeout|timed out|deadline exceeded|toomanyrequests|too many requests|\b429\b|\b5\d\d\b|connection refused|connection reset|no such host|\bi\/o timeout|\bEOF\b|TLS handshake/i;

/** What an image pull's error says; `undefined` when it says nothing definite. */
export function pullFault(
  text: string,
  image: string,
): Extract<FailureCause, "IMAGE_NOT_FOUND" | "IMAGE_DENIED" | "IMAGE_PULL_SLOW"> | undefined {
  // Names of images may hold any of the words that are looked for.
  const message = text.replaceAll(image, "").replace(/"[^"]*"/g, "");
  // containerd and docker say "pull access denied … repository does not exist or may require authorization" for both.
  if (/repository does not exist or may require/i.test(message)) return "IMAGE_NOT_FOUND";
  if (TRANSIENT.test(message)) return "IMAGE_PULL_SLOW";
  if (NOT_FOUND.test(message)) return "IMAGE_NOT_FOUND";
  if (DENIED.test(message)) return "IMAGE_DENIED";
  return undefined;
}

export const PULL_REASONS: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "RegistryUnavailable",
  "ImageInspectError",
]);

/** Messages of runtimes for a command that cannot be started, however often it is tried. */
export function isStartFault(message: string): boolean {
  return /executable file not found|no such file or directory|permission denied|exec format error|not a directory/i.test(
    message,
  );
}
