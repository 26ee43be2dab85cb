import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@eks-actions/action";
import { createBuilder, type Repository } from "./builder.ts";
import { jobClaims } from "./claims.ts";
import { Contract } from "./contract.ts";
import { type Fault, FaultScript } from "./faults.ts";
import { createIssuer, GITHUB_ISSUER, type Issuer } from "./issuer.ts";
import { addToken, type Job, type JobOptions, startJob } from "./jobs.ts";
import { type Limits, RateLimiter } from "./limits.ts";
import type { View } from "./present.ts";
import { createRepository, type RepositorySeed } from "./repository.ts";
import { createSequence } from "./seed.ts";
import { createGitHubServer, type SeenRequest, type World } from "./server.ts";
import type { RepoState } from "./state.ts";
import type { Permissions } from "./tokens.ts";
import { StandInViolations, type Violation } from "./violations.ts";

/** The first job's options, and the stand-in's own. */
export interface GitHubOptions extends Omit<JobOptions, "sameRunAs"> {
  /** Ids and SHAs follow from it. Default 1. */
  readonly seed?: number | undefined;
  readonly clock?: Clock | undefined;
  /** `owner/name`, or more about the repository. */
  readonly repo?: string | RepositorySeed | undefined;
  /** Fills the repository before the event is made of it. */
  readonly prepare?: ((repository: Repository) => void) | undefined;
  /** `iss` of the id tokens. Default: github.com's; `local` for the stand-in's own address. */
  readonly issuerUrl?: string | undefined;
  readonly issuerSkewMs?: number | undefined;
  readonly faults?: readonly Fault[] | undefined;
}

/** The stand-in; `env`, `context` and `token` are those of its first job. */
export interface GitHub extends Repository, Job, AsyncDisposable {
  readonly url: string;
  readonly issuer: Issuer;
  readonly repo: RepoState;
  readonly limits: Limits;
  readonly requests: readonly SeenRequest[];
  readonly violations: readonly Violation[];
  /** Operation ids that the stand-in answers. */
  readonly operations: readonly string[];
  fault(fault: Fault): void;
  /** Starts another job: of a new event, or of the same run with other permissions. */
  job(options?: JobOptions): Job;
  /** Another token: of other permissions, another login, or another repository (`hasAccess: false`). */
  issueToken(permissions: Permissions, options?: { login?: string; hasAccess?: boolean }): string;
  /** Hands out the violations so far, so that dispose does not fail for them. */
  takeViolations(): readonly Violation[];
}

/** Starts GitHub on a port of 127.0.0.1. Dispose fails if the contract was violated or a fault was never met. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const clock = options.clock ?? systemClock;
  const ids = createSequence(options.seed ?? 1);
  const seed = typeof options.repo === "string" ? { fullName: options.repo } : (options.repo ?? {});
  const state = createRepository(seed, ids, clock.now());
  const repository = createBuilder(state, ids, clock);
  options.prepare?.(repository);
  const late: { world?: World } = {};
  const server = createGitHubServer(() => {
    if (late.world === undefined) throw new Error("the stand-in is still starting");
    return late.world;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const view: View = { repo: state, url: `http://127.0.0.1:${port}` };
  const base = `${view.url}/_oidc`;
  const issuer = createIssuer({
    url: options.issuerUrl === "local" ? base : (options.issuerUrl ?? GITHUB_ISSUER),
    base,
    clock,
    jobClaims: (identity) => jobClaims(state, identity ?? first.identity),
    nextId: () => ids.uuid(),
  });
  issuer.skewMs = options.issuerSkewMs ?? 0;
  const world: World = {
    view,
    clock,
    ids,
    contract: Contract.shared(),
    faults: new FaultScript(),
    limiter: new RateLimiter(clock),
    tokens: new Map(),
    issuer,
    idTokens: new Map(),
    requests: [],
    violations: [],
  };
  late.world = world;
  for (const fault of options.faults ?? []) world.faults.add(fault);
  const first = startJob(world, repository, options);
  return {
    ...repository,
    ...first,
    url: view.url,
    issuer,
    repo: state,
    limits: world.limiter.limits,
    requests: world.requests,
    violations: world.violations,
    operations: world.contract.operations.map((operation) => operation.id),
    fault: (fault) => world.faults.add(fault),
    job: (more = {}) => startJob(world, repository, more),
    issueToken: (granted, { login = "github-actions[bot]", hasAccess = true } = {}) =>
      addToken(world, granted, login, hasAccess),
    takeViolations: () => world.violations.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      const unused = world.faults.unused().map((message) => ({ code: "STANDIN_FAULT_UNUSED" as const, message }));
      const all = [...world.violations, ...unused];
      if (all.length > 0) throw new StandInViolations(all);
    },
  };
}
