import { type Aws, type AwsService, clientConfig, watchClock } from "../client.ts";

/** Answers requests in this process, for tests: the SDK's `requestHandler`. */
export type RequestHandler = object;

interface Made<C> {
  readonly offsetMs: number;
  readonly client: C;
}

/** Clients of one run, loaded when first used and renewed when the clock was corrected. */
export interface Clients {
  eks(): Promise<Loaded<typeof import("./sdk/eks.ts"), "EKSClient">>;
  ec2(): Promise<Loaded<typeof import("./sdk/ec2.ts"), "EC2Client">>;
  iam(): Promise<Loaded<typeof import("./sdk/iam.ts"), "IAMClient">>;
  logs(): Promise<Loaded<typeof import("./sdk/others.ts"), "CloudWatchLogsClient">>;
  sts(): Promise<Loaded<typeof import("./sdk/others.ts"), "STSClient">>;
}

type Class<T> = new (config: never) => T;

export interface Loaded<M, K extends keyof M> {
  readonly sdk: M;
  readonly client: M[K] extends Class<infer C> ? C : never;
}

export function createClients(aws: Aws, requestHandler?: RequestHandler): Clients {
  const config = (service: AwsService) => ({
    ...clientConfig(aws, service),
    ...(requestHandler === undefined ? {} : { requestHandler: requestHandler as never }),
  });

  function lazily<M, K extends keyof M, C extends Parameters<typeof watchClock>[0]>(
    load: () => Promise<M>,
    make: (sdk: M) => C,
  ): () => Promise<Loaded<M, K>> {
    let made: Made<C> | undefined;
    return async () => {
      const sdk = await load();
      if (made?.offsetMs !== aws.skew.offsetMs) {
        made = { offsetMs: aws.skew.offsetMs, client: watchClock(make(sdk), aws.skew) };
      }
      return { sdk, client: made.client } as Loaded<M, K>;
    };
  }

  return {
    eks: lazily(
      () => import("./sdk/eks.ts"),
      (sdk) => new sdk.EKSClient(config("EKS")),
    ),
    ec2: lazily(
      () => import("./sdk/ec2.ts"),
      (sdk) => new sdk.EC2Client(config("EC2")),
    ),
    iam: lazily(
      () => import("./sdk/iam.ts"),
      (sdk) => new sdk.IAMClient({ ...config("IAM"), region: iamRegion(aws.region) }),
    ),
    logs: lazily(
      () => import("./sdk/others.ts"),
      (sdk) => new sdk.CloudWatchLogsClient(config("CLOUDWATCH_LOGS")),
    ),
    sts: lazily(
      () => import("./sdk/others.ts"),
      (sdk) => new sdk.STSClient(config("STS")),
    ),
  };
}

/** IAM is one service for a whole partition, and takes only signatures for the region that it lives in. */
function iamRegion(region: string): string {
  if (region.startsWith("cn-")) return "cn-north-1";
  return region.startsWith("us-gov-") ? "us-gov-west-1" : "us-east-1";
}
