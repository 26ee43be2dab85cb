import type { JsonObject } from "./json.ts";

/** One HTTP request, read completely, and the means to answer it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  json(status: number, body: JsonObject, headers?: Readonly<Record<string, string>>): void;
  text(status: number, body: string, headers?: Readonly<Record<string, string>>): void;
  /** Starts an answer that is written piece by piece. */
  stream(contentType: string): Stream;
  /** Cuts the connection without an answer. */
  drop(): void;
}

export interface Stream {
  write(text: string): void;
  end(): void;
  /** Cuts the stream without an end. */
  drop(): void;
  onClose(listener: () => void): void;
}
