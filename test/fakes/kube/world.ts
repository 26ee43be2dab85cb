import type { Clock } from "@eks-actions/action";
import type { JsonObject } from "./json.ts";
import type { User } from "./rbac.ts";
import type { Registry } from "./registry.ts";
import type { WriteWorld } from "./write.ts";

/** What the request handlers and controllers of one server share. */
export interface World extends WriteWorld {
  readonly registry: Registry;
  readonly clock: Clock;
  /** Kinds that are answered and never stored: access and token reviews. */
  readonly reviews: Readonly<Record<string, (object: JsonObject, user: User) => JsonObject>>;
  /** Adds a warning to the answer that is being made. */
  warn(text: string): void;
  takeWarnings(): string[];
  /** What a container has written; `previous` is the run before its last restart. */
  logOf(pod: JsonObject, container: string, previous: boolean): string | undefined;
}
