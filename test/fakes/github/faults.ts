/** Something that goes wrong on purpose. */
export interface Fault {
  /** Operation id (`issues/create-comment`), `oidc/token`, `oidc/jwks`, or nothing for any request. */
  readonly operation?: string | undefined;
  /** Hits the n-th matching request from now, from 1. Default 1. */
  readonly nth?: number | undefined;
  /** How many matching requests in a row. Default 1. */
  readonly times?: number | undefined;
  readonly kind: FaultKind;
}

export type FaultKind =
  /** An error status with GitHub's JSON body. */
  | {
      readonly type: "status";
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The secondary limit: 403 or 429 with `retry-after`; a request before that time is a violation. */
  | { readonly type: "secondary-limit"; readonly retryAfterSeconds: number; readonly status?: 403 | 429 }
  /** The connection breaks before anything is done. */
  | { readonly type: "reset" }
  /** The request is carried out, but the answer never arrives. */
  | { readonly type: "lost-answer" }
  /** A proxy's HTML page in place of JSON. */
  | { readonly type: "html"; readonly status?: number }
  /** JSON that breaks off. */
  | { readonly type: "truncated" }
  | { readonly type: "redirect"; readonly location: string }
  /** The answer comes late; the clock decides when. */
  | { readonly type: "delay"; readonly ms: number };

interface Armed {
  readonly fault: Fault;
  seen: number;
  left: number;
}

/** The faults of one stand-in, each used up in the order of the requests. */
export class FaultScript {
  readonly #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0, left: fault.times ?? 1 });
  }

  /** The fault for this request, if one is due. */
  next(operation: string): FaultKind | undefined {
    let due: FaultKind | undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      armed.seen++;
      if (due !== undefined || armed.left === 0 || armed.seen < (fault.nth ?? 1)) continue;
      armed.left--;
      due = fault.kind;
    }
    return due;
  }

  /** What was never, or not often enough, met. */
  unused(): readonly string[] {
    return this.#armed
      .filter((armed) => armed.left > 0)
      .map(({ fault, left }) => `${fault.kind.type} for ${fault.operation ?? "any request"} (${left} left)`);
  }
}
