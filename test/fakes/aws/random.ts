import { createHash } from "node:crypto";

/**
 * Seeded chance. Each draw names its purpose; the n-th draw for a purpose is always the same, so requests that arrive in
 * another order do not change each other's luck.
 */
export interface Random {
  /** 0 ≤ x < 1. */
  draw(purpose: string): number;
  between(purpose: string, low: number, high: number): number;
  /** Lower-case hex digits. */
  hex(purpose: string, length: number): string;
  /** Characters of [A-Z0-9]. */
  upper(purpose: string, length: number): string;
  uuid(purpose: string): string;
}

export function seededRandom(seed: number): Random {
  const counters = new Map<string, number>();

  function bytes(purpose: string): Buffer {
    const count = counters.get(purpose) ?? 0;
    counters.set(purpose, count + 1);
    return createHash("sha512").update(`${seed}|${purpose}|${count}`).digest();
  }
  const draw = (purpose: string) => bytes(purpose).readUInt32BE(0) / 2 ** 32;
  const hex = (purpose: string, length: number) => {
    let text = "";
    while (text.length < length) text += bytes(purpose).toString("hex");
    return text.slice(0, length);
  };

  return {
    draw,
    between: (purpose, low, high) => low + draw(purpose) * (high - low),
    hex,
    upper: (purpose, length) => {
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
      let text = "";
      while (text.length < length) for (const byte of bytes(purpose)) text += letters.charAt(byte % 36);
      return text.slice(0, length);
    },
    uuid: (purpose) => {
      const digits = hex(purpose, 32);
      return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
    },
  };
}
