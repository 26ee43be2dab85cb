import type { Clients } from "./clients.ts";
import type { Read } from "./request.ts";

export interface LiveLogGroup {
  readonly name: string;
  readonly retentionInDays: number | undefined;
}

export interface LogReads {
  logGroup(name: string, signal: AbortSignal): Promise<LiveLogGroup | undefined>;
}

export function createLogReads(clients: Clients, read: Read): LogReads {
  return {
    async logGroup(logGroupNamePrefix, signal) {
      const { sdk, client } = await clients.logs();
      const answer = await read("DescribeLogGroups", signal, (abortSignal) =>
        client.send(new sdk.DescribeLogGroupsCommand({ logGroupNamePrefix, limit: 50 }), { abortSignal }),
      );
      const group = answer.logGroups?.find((entry) => entry.logGroupName === logGroupNamePrefix);
      return group === undefined ? undefined : { name: logGroupNamePrefix, retentionInDays: group.retentionInDays };
    },
  };
}
