import type { Evidence, FailureCause, Sureness } from "./verdict.ts";

/** What is wrong with one pod, and until when it is borne. */
export interface Trouble {
  readonly why: FailureCause;
  /** Without names of pods, so that equal troubles of many pods merge. */
  readonly message: string;
  /** Troubles of equal cause and equal `same` are one. */
  readonly same: string;
  /** From this time on the pod counts as doomed, milliseconds since the epoch; `undefined`: it never does by itself. */
  readonly doomedAt: number | undefined;
  /** Nothing can help: one pod is enough to end the wait. */
  readonly fatal: boolean;
  readonly sure: Sureness;
  readonly evidence: readonly Evidence[];
  readonly watching: readonly string[];
}
