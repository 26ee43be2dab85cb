/** Runs `work` over all items, at most `limit` at once, and gives the results in order. The first error ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      const item = items[index];
      if (item === undefined) continue;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // Lanes that still run after a failure are awaited, so that nothing writes behind the caller's back.
  const ended = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  const bad = ended.find((one) => one.status === "rejected");
  if (bad !== undefined) throw bad.reason;
  return results;
}
