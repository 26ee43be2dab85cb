import type { Aws, AwsRetry } from "@eks-actions/aws";

/** What a run has cost so far, for the report. Attempts that failed count too. */
export interface Effort {
  readonly requests: { readonly oidc: number; readonly sts: number; readonly eks: number };
  readonly retries: readonly AwsRetry[];
  /** Server time − this machine's, milliseconds. */
  readonly skewMs: number;
}

/** Counts on: whatever way a run ends, the report tells what had been sent by then. */
export function effortOf({ sent, retries, skew }: Pick<Aws, "sent" | "retries" | "skew">): Effort {
  const to = (service: string) =>
    [...sent].reduce((sum, [api, count]) => (api.startsWith(`${service}:`) ? sum + count : sum), 0);
  return {
    get requests() {
      return { oidc: to("oidc"), sts: to("sts"), eks: to("eks") };
    },
    get retries() {
      return [...retries];
    },
    get skewMs() {
      return skew.offsetMs;
    },
  };
}
