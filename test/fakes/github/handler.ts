import type { Clock } from "@eks-actions/action";
import type { View } from "./present.ts";
import type { Sequence } from "./seed.ts";
import type { Token } from "./tokens.ts";

/** A request that has passed authentication and the contract. */
export interface Call {
  readonly view: View;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of an upload. */
  readonly file?: Buffer;
  readonly token: Token;
  readonly ids: Sequence;
  readonly clock: Clock;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A list to be cut into pages by the server. */
  readonly items?: readonly unknown[];
  /** Where the list goes when the page is an object: `artifacts` beside `total_count`. */
  readonly itemsIn?: string;
}

/** Plain functions on plain state; none of them reads the wall clock. */
export type Handler = (call: Call) => Answer;

export const notFound: Answer = {
  status: 404,
  body: { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" },
};

export function invalid(resource: string, field: string, message: string): Answer {
  return {
    status: 422,
    body: {
      message: "Validation Failed",
      errors: [{ resource, code: "unprocessable", field, message }],
      documentation_url: "https://docs.github.com/rest",
      status: "422",
    },
  };
}

export function text(call: Call, name: string): string | undefined {
  const value = call.body[name];
  return typeof value === "string" ? value : undefined;
}

export function number(call: Call, name: string): number {
  return Number(call.params[name]);
}
