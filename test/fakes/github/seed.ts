import { createHash } from "node:crypto";

/** Deterministic numbers and ids: equal seeds give equal ids in equal order. */
export interface Sequence {
  id(): number;
  sha(what: string): string;
  uuid(): string;
}

export function createSequence(seed: number): Sequence {
  let next = 1_000_000 + (seed % 1000) * 10_000;
  let serial = 0;
  const hash = (text: string) => createHash("sha1").update(`${seed}:${text}`).digest("hex");
  return {
    id: () => next++,
    sha: (what) => hash(`sha:${what}`),
    uuid: () => {
      const hex = hash(`uuid:${serial++}`);
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  };
}
