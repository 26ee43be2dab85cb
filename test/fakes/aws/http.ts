import type { HttpRequest, HttpResponse } from "@smithy/core/protocols";

export interface HttpHandlerOptions {
  readonly abortSignal?: unknown;
}

/** What an SDK client takes as `requestHandler`. */
export interface HttpHandler {
  handle(request: HttpRequest, options?: HttpHandlerOptions): Promise<{ response: HttpResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

export type { HttpRequest, HttpResponse };

/** A request as the stand-in sees it, from the socket or from the in-process handler. */
export interface Incoming {
  readonly method: string;
  /** Path as sent, still percent-encoded. */
  readonly path: string;
  /** Decoded pairs in the order sent. */
  readonly query: readonly (readonly [string, string])[];
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The answer, or `undefined` where the connection is cut. */
export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
