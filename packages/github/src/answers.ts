import type { ApiResponse } from "./api.ts";
import { UnreadableAnswer } from "./failure.ts";

/** Fields of an answer, checked one by one; a missing or mistyped one makes the answer unreadable. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new UnreadableAnswer(`${where} is no object`);
    }
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== "string") throw new UnreadableAnswer(`${this.#where}.${name} is no text`);
    return value;
  }

  /** Absent and null count as empty. */
  textOrEmpty(name: string): string {
    const value = this.#values[name];
    return typeof value === "string" ? value : "";
  }

  integer(name: string): number {
    const value = this.#values[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new UnreadableAnswer(`${this.#where}.${name} is no integer`);
    }
    return value;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  inner(name: string): Fields {
    return new Fields(this.#values[name], `${this.#where}.${name}`);
  }

  raw(name: string): unknown {
    return this.#values[name];
  }
}

export function fieldsOf(response: ApiResponse, where: string): Fields {
  return new Fields(response.data, where);
}
