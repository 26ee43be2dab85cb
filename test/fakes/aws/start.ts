import type { Aws, AwsOptions } from "./aws.ts";

/** Starts the stand-in on 127.0.0.1. */
export async function startAws(options: AwsOptions = {}): Promise<Aws> {
  throw new Error(`not running yet: ${JSON.stringify(options.account)}`);
}
