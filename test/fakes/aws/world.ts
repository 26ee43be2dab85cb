import type { Agenda } from "./agenda.ts";
import type { Connection, Outcome } from "./aws.ts";
import type { Durations } from "./durations.ts";
import { fault } from "./fault.ts";
import type { Operation } from "./operations.ts";
import type { Random } from "./random.ts";
import type { Account, Session } from "./state.ts";

/** Everything that handlers may touch: state, virtual time, seeded chance. No wall clock but the one of signatures. */
export interface World {
  readonly account: Account;
  readonly agenda: Agenda;
  readonly random: Random;
  readonly durations: Durations;
  /** Milliseconds of the clock that signatures, tokens and sessions live by. */
  wallNow(): number;
  /** Largest page, or no bound but the service's own. */
  readonly pageSize: number | undefined;
  readonly iamPropagation: boolean;
  /** Client request tokens already seen: operation and token → parameters and answer. */
  readonly tokens: Map<string, { readonly input: string; readonly output: unknown }>;
  /** By cluster name; `*` for all others. */
  readonly connections: Map<string, Connection>;
  /** Issuer URL → where its JWKS is. */
  readonly issuers: Map<string, string>;
}

/** One request that passed authentication. */
export interface Call {
  readonly world: World;
  readonly operation: Operation;
  /** Absent for the unsigned operations of STS. */
  readonly session: Session | undefined;
  readonly requestId: string;
  /** Scripted bad end of what this request begins. */
  readonly outcome: Outcome | undefined;
}

/** Does the work of an operation on plain state. The input has passed the contract check. */
export type Handler = (call: Call, input: unknown) => unknown;

/** Types a handler by the SDK's command types. The contract check has just compared the input with that very schema. */
export function handler<Input, Output>(
  run: (call: Call, input: Input) => WithoutMetadata<Output> | Promise<WithoutMetadata<Output>>,
): Handler {
  return (call, input) => run(call, input as Input);
}

type WithoutMetadata<Output> = Omit<Output, "$metadata">;

/** ARN of the caller. */
export function callerArn(call: Call): string {
  return call.session?.arn ?? "anonymous";
}

/** One page of a list, with an opaque token; an unknown token is the service's own error. */
export function page<Item>(
  world: World,
  items: readonly Item[],
  request: { readonly size?: number | undefined; readonly token?: string | undefined; readonly max: number },
  invalidToken: () => Error = () => fault("InvalidParameterException", "Invalid pagination token."),
): { readonly items: Item[]; readonly next: string | undefined } {
  let start = 0;
  if (request.token !== undefined) {
    const match = /^page-(\d+)$/.exec(Buffer.from(request.token, "base64url").toString("utf8"));
    if (match === null) throw invalidToken();
    start = Number(match[1]);
  }
  const size = Math.min(request.size ?? request.max, request.max, world.pageSize ?? request.max);
  const end = start + size;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`page-${end}`).toString("base64url") : undefined,
  };
}
