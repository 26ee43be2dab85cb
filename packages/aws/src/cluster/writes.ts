import { withTimeout } from "../attempt.ts";
import { awsErrorInfo } from "../classify.ts";
import type { Aws } from "../client.ts";
import type { Clients } from "./clients.ts";
import type { Rate } from "./rate.ts";
import type { Traffic } from "./request.ts";

export type WriteService = "eks" | "ec2" | "iam" | "logs";

/** One mutating request as data: a plan can show it, hash it and hand it to {@link ClusterWrites}. */
export interface WriteCall {
  readonly service: WriteService;
  /** Without `Command`: `CreateCluster`. */
  readonly operation: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Sends one attempt; what an error means is the caller's business, because only it knows what the call was for. */
export interface ClusterWrites {
  write(call: WriteCall, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
}

interface Sender {
  send(command: unknown, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

export function createWrites(
  aws: Aws,
  clients: Clients,
  rates: Readonly<Partial<Record<WriteService, Rate>>>,
  traffic: Traffic,
): ClusterWrites {
  async function sender(service: WriteService): Promise<{ readonly sdk: object; readonly client: Sender }> {
    switch (service) {
      case "eks":
        return clients.eks() as Promise<{ sdk: object; client: Sender }>;
      case "ec2":
        return clients.ec2() as Promise<{ sdk: object; client: Sender }>;
      case "iam":
        return clients.iam() as Promise<{ sdk: object; client: Sender }>;
      case "logs":
        return clients.logs() as Promise<{ sdk: object; client: Sender }>;
      default:
        return service satisfies never;
    }
  }

  return {
    async write(call, signal) {
      const { sdk, client } = await sender(call.service);
      const command = commandOf(sdk, call);
      await rates[call.service]?.take(signal);
      traffic.writes += 1;
      return withTimeout(aws.clock, aws.requestTimeoutMs, signal, async (abortSignal) => {
        traffic.open += 1;
        try {
          const answer = await client.send(command, { abortSignal });
          return typeof answer === "object" && answer !== null ? { ...answer } : {};
        } catch (error) {
          if (awsErrorInfo(error).kind === "throttle") rates[call.service]?.slowDown();
          throw error;
        } finally {
          traffic.open -= 1;
        }
      });
    },
  };
}

type CommandClass = new (args: object) => object;

/** The SDK's command class by name, from the closed list that `sdk/` exports. */
function commandOf(sdk: object, call: WriteCall): object {
  const entry = Object.entries(sdk).find(([name]) => name === `${call.operation}Command`);
  if (entry === undefined) throw new Error(`no such operation: ${call.service}:${call.operation}`);
  const Command = entry[1] as CommandClass;
  return new Command({ ...call.args });
}
