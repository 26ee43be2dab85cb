import { ActionError, formatDuration } from "@eks-actions/action";
import type { AppState } from "../live/app-state.ts";

/** Another run holds the lock; the message names it. */
export function locked(state: {
  readonly app: string;
  readonly lease: AppState["lease"];
  readonly now: number;
}): ActionError {
  const url = state.lease?.record?.run.url;
  const age = formatDuration(Math.max(0, state.now - (state.lease?.renewedAt ?? state.now)));
  return new ActionError("LOCKED", {
    message: `app ${state.app} is being rolled out by ${url ?? state.lease?.holder ?? "another run"} (last sign of life ${age} ago)`,
    hint: "wait for that run to end; give the workflow a `concurrency` group so that runs queue up",
  });
}
