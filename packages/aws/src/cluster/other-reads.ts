import type { Clients } from "./clients.ts";
import { orAbsent, type Read } from "./request.ts";

export interface LiveLogGroup {
  readonly name: string;
  readonly retentionInDays: number | undefined;
}

export interface OtherReads {
  parameter(name: string, signal: AbortSignal): Promise<string | undefined>;
  logGroup(name: string, signal: AbortSignal): Promise<LiveLogGroup | undefined>;
  /** The applied value of a quota; `undefined` when it cannot be told. */
  quota(serviceCode: string, quotaCode: string, signal: AbortSignal): Promise<number | undefined>;
}

export function createOtherReads(clients: Clients, reads: { ssm: Read; logs: Read; quotas: Read }): OtherReads {
  return {
    async parameter(Name, signal) {
      const { sdk, client } = await clients.ssm();
      const answer = await orAbsent(
        reads.ssm("GetParameter", signal, (abortSignal) =>
          client.send(new sdk.GetParameterCommand({ Name }), { abortSignal }),
        ),
      );
      return answer?.Parameter?.Value;
    },
    async logGroup(logGroupNamePrefix, signal) {
      const { sdk, client } = await clients.logs();
      const answer = await reads.logs("DescribeLogGroups", signal, (abortSignal) =>
        client.send(new sdk.DescribeLogGroupsCommand({ logGroupNamePrefix, limit: 50 }), { abortSignal }),
      );
      const group = answer.logGroups?.find((entry) => entry.logGroupName === logGroupNamePrefix);
      return group === undefined ? undefined : { name: logGroupNamePrefix, retentionInDays: group.retentionInDays };
    },
    async quota(ServiceCode, QuotaCode, signal) {
      const { sdk, client } = await clients.quotas();
      const answer = await orAbsent(
        reads.quotas("GetServiceQuota", signal, (abortSignal) =>
          client.send(new sdk.GetServiceQuotaCommand({ ServiceCode, QuotaCode }), { abortSignal }),
        ),
      );
      return answer?.Quota?.Value;
    },
  };
}
