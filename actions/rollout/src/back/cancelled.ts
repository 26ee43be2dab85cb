import { ActionError } from "@eks-actions/action";

/** The run was told to stop; `detail` says what it was doing. */
export function cancelled(detail: string): ActionError {
  return new ActionError("CANCELLED", {
    message: `the run was cancelled; ${detail}`,
    hint: "the post step puts the former state back; if it cannot, `mode: reconcile` does",
  });
}
