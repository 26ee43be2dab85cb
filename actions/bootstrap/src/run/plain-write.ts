import { ActionError, createBudget, retry } from "@eks-actions/action";
import { retryTransient, type WriteCall } from "@eks-actions/aws";
import type { Ports } from "../ports.ts";
import { awsFault } from "./aws-fault.ts";

const PATIENCE_MS = 120_000;

/** A write that may be repeated at will, such as setting a tag. @throws ActionError what no retry cures */
export async function plainWrite(ports: Ports, call: WriteCall, signal: AbortSignal): Promise<void> {
  const { clock } = ports;
  try {
    await retry(() => ports.aws.write(call, signal), {
      clock,
      budget: createBudget(clock, PATIENCE_MS),
      signal,
      random: ports.random,
      classify: (error) => retryTransient(error, clock.now()),
    });
  } catch (error) {
    if (error instanceof ActionError || signal.aborted) throw error;
    throw awsFault(error, `${call.service}:${call.operation}`);
  }
}
