const LIMIT_MS = 5_000;
const MOST_BYTES = 64 * 1024;

/** What an address answered. Status 0: nothing came within 5 s, and `body` says why. */
export interface UrlAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks an address once. Redirects are answers, not followed: a probe says what it expects. */
export async function fetchUrl(url: string, signal: AbortSignal): Promise<UrlAnswer> {
  try {
    const answer = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      headers: { "user-agent": "eks-actions-rollout" },
    });
    return { status: answer.status, body: await beginning(answer) };
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, body: reasonOf(error) };
  }
}

async function beginning(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString("utf8");
}

// `fetch` says "fetch failed"; what failed stands in its cause.
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
