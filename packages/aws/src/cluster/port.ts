import type { Aws } from "../client.ts";
import { createClients, type RequestHandler } from "./clients.ts";
import { createEc2Reads, type Ec2Reads } from "./ec2-reads.ts";
import { createEksReads, type EksReads } from "./eks-reads.ts";
import { createIdentityReads, type IdentityReads } from "./identity-reads.ts";
import { createLogReads, type LogReads } from "./log-reads.ts";
import { createRate } from "./rate.ts";
import { createRead, type Traffic } from "./request.ts";
import { type ClusterWrites, createWrites } from "./writes.ts";

/** Everything that building a cluster asks of AWS. */
export interface ClusterApi extends ClusterWrites {
  readonly eks: EksReads;
  readonly ec2: Ec2Reads;
  readonly iam: IdentityReads;
  readonly logs: LogReads;
  readonly traffic: Readonly<Traffic>;
}

/** `requestHandler` answers requests in this process, for tests. */
export function createClusterApi(aws: Aws, options: { readonly requestHandler?: RequestHandler } = {}): ClusterApi {
  const clients = createClients(aws, options.requestHandler);
  const traffic: Traffic = { reads: 0, writes: 0, open: 0 };
  const read = (service: string, perSecond: number, burst: number) =>
    createRead(aws, service, createRate(aws.clock, perSecond, burst), traffic);
  return {
    // Reads of EKS: 5 a second after a burst; EC2 and IAM throttle much later.
    eks: createEksReads(clients, read("eks", 5, 20)),
    ec2: createEc2Reads(clients, read("ec2", 20, 50)),
    iam: createIdentityReads(clients, read("iam", 10, 50), read("sts", 10, 10)),
    logs: createLogReads(clients, read("logs", 5, 10)),
    ...createWrites(
      aws,
      clients,
      {
        eks: createRate(aws.clock, 1, 8),
        ec2: createRate(aws.clock, 5, 50),
        iam: createRate(aws.clock, 5, 30),
        logs: createRate(aws.clock, 2, 5),
      },
      traffic,
    ),
    traffic,
  };
}
