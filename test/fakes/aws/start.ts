import type { Clock } from "@eks-actions/action";
import { systemClock } from "@eks-actions/action";
import { emptyAccount } from "./account.ts";
import { createAgenda } from "./agenda.ts";
import type { Aws, AwsOptions, AwsRequest, Violation } from "./aws.ts";
import { scaledClock } from "./clock.ts";
import { createDurations } from "./durations.ts";
import { faultScript } from "./faults.ts";
import { type Handling, handleRequest } from "./handle.ts";
import { inProcessHandler } from "./inProcess.ts";
import { seededRandom } from "./random.ts";
import { createRegions, type Regions } from "./regions.ts";
import { repeatRequest } from "./repeat.ts";
import { seedAccessEntry, seedCluster, seedIssuer, seedNetwork, seedRole, seedSession } from "./seed.ts";
import { type Answer, close, listen } from "./server.ts";
import { reviewToken } from "./tokenReview.ts";
import type { World } from "./world.ts";

const defaultScale = 1 / 600;

/** Starts the stand-in on 127.0.0.1. */
export async function startAws(options: AwsOptions = {}): Promise<Aws> {
  const clock = options.clock ?? scaledClock(options.scale ?? defaultScale);
  const world = createWorld(options, clock);
  const regions = createRegions(world);
  const startedAt = callerLine();
  const faults = faultScript(options.faults ?? [], world.random);
  const requests: AwsRequest[] = [];
  const violations: Violation[] = [];
  const busy = { open: 0 };
  const handling: Handling = {
    regions,
    faults,
    requests,
    violations,
    throttle: options.throttle ?? 0,
    latency: options.latency ?? options.clock === undefined,
    async wait(ms) {
      busy.open -= 1;
      await clock.sleep(ms);
      busy.open += 1;
    },
  };
  const answer: Answer = async (request) => {
    busy.open += 1;
    try {
      return await handleRequest(handling, request);
    } finally {
      busy.open -= 1;
    }
  };
  const { url, server } = await listen(answer, world.wallNow);
  return {
    url,
    env: environment(url),
    account: world.account,
    requests,
    violations,
    clock,
    isBusy: () => busy.open > 0,
    requestHandler: inProcessHandler(answer, world.wallNow),
    trustIssuer(issuerUrl, jwksUrl, { clientIds = ["sts.amazonaws.com"] } = {}) {
      if (jwksUrl !== undefined) world.issuers.set(issuerUrl, jwksUrl);
      return seedIssuer(world, issuerUrl, clientIds);
    },
    knowIssuer: (issuerUrl, jwksUrl) => void world.issuers.set(issuerUrl, jwksUrl),
    addRole: (seed) => seedRole(world, seed).arn,
    accountIn: (region) => regionOf(regions, region).account,
    addCluster: (seed) => seedCluster(regionOf(regions, seed.region), seed),
    addNetwork: () => seedNetwork(world),
    addAccessEntry(clusterName, seed) {
      const holder = regions.all().find((candidate) => candidate.account.clusters.has(clusterName));
      seedAccessEntry(holder ?? world, clusterName, seed);
    },
    issueSession: (roleArn, sessionOptions = {}) => seedSession(world, roleArn, sessionOptions),
    tokenReview: async (token, asking = {}) => reviewToken(regions.all(), token, asking),
    connect: (clusterName, connection) => void world.connections.set(clusterName, connection),
    repeat: (request) => repeatRequest(regions, request),
    async [Symbol.asyncDispose]() {
      await close(server);
      for (const unused of faults.unused()) {
        violations.push({
          code: "STANDIN_FAULT_UNUSED",
          operation: unused.op,
          message: `no request met the fault ${JSON.stringify(unused)} of the stand-in started at ${startedAt}`,
        });
      }
      if (violations.length > 0) throw new Error(`AWS stand-in: ${violations.map(line).join("\n")}`);
    },
  };
}

function regionOf(regions: Regions, region: string | undefined): World {
  const world = region === undefined ? regions.home : regions.of(region);
  if (world === undefined) throw new Error(`the stand-in knows no region ${region} (services/ec2/zones.ts)`);
  return world;
}

/** File and line of the test that started the stand-in. */
function callerLine(): string {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  return frames.find((frame) => !/\/start\.ts/.test(frame))?.replace(/^\s*at\s+/, "") ?? "an unknown place";
}

function createWorld(options: AwsOptions, clock: Clock): World {
  const random = seededRandom(options.seed ?? Number(process.env["TEST_SEED"] ?? 1));
  const wall = options.wallClock ?? systemClock;
  return {
    account: emptyAccount(options.account ?? "111122223333", options.region ?? "us-east-1"),
    agenda: createAgenda(() => clock.now()),
    random,
    durations: createDurations(options.durations ?? "range", random),
    wallNow: () => wall.now(),
    pageSize: (options.smallPages ?? true) ? 2 : undefined,
    iamPropagation: options.iamPropagation ?? true,
    tokens: new Map(),
    connections: new Map(),
    issuers: new Map(),
  };
}

function environment(url: string): Record<string, string> {
  const services = ["EKS", "STS", "IAM", "EC2", "SSM", "PRICING", "CLOUDWATCH_LOGS", "SERVICE_QUOTAS"];
  return {
    AWS_ENDPOINT_URL: url,
    ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, url])),
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

function line({ code, operation, message }: Violation): string {
  return `${code} ${operation}: ${message}`;
}
