import type { ErrorCode } from "@eks-actions/action";
import type { Target } from "./action.ts";
import type { Word } from "./consent.ts";

/** Something a person should know before the plan is carried out. */
export interface Finding {
  /** `block`: nothing is written while it stands. `fatal`: no consent cures it, the plan is red too. */
  readonly level: "fatal" | "block" | "warn" | "info";
  readonly code: ErrorCode | "NOTICE";
  readonly target?: Target | undefined;
  readonly path?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The word that lets it pass. */
  readonly allow?: Word | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}
