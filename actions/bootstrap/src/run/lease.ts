import { ActionError, type RunContext } from "@eks-actions/action";
import type { WriteCall } from "@eks-actions/aws";
import type { Facts } from "../facts.ts";
import type { Call } from "../plan/action.ts";
import { LEASE, PART } from "../plan/tags.ts";
import type { Ports } from "../ports.ts";
import { plainWrite } from "./plain-write.ts";

const LEASE_MS = 15 * 60_000;
const RENEW_MS = 5 * 60_000;

/** A soft claim on the cluster, kept in a tag. EKS has no compare-and-swap: what is correct does not rest on it. */
export interface Lease {
  /** Puts the claim into the call that makes its first holder. */
  decorate(call: Call, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Renews until the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
  release(signal: AbortSignal): Promise<void>;
}

interface Holder {
  readonly kind: "cluster" | "role";
  /** ARN of the cluster, or name of the role. */
  readonly id: string;
}

/** Takes the lease. @throws ActionError `LEASE_HELD` when another run's is still good */
export async function takeLease(ports: Ports, facts: Facts, signal: AbortSignal): Promise<Lease> {
  const { clock, run } = ports;
  for (const { tag } of holdersOf(facts)) refuseForeign(tag, run, clock.now(), facts);
  let [holder]: readonly Holder[] = holdersOf(facts);
  const value = () => `${run.runId || "local"}.${run.runAttempt}/${Math.floor(clock.now() / 1000)}`;
  const write = async () => {
    if (holder !== undefined) await plainWrite(ports, claim(holder, value()), signal);
  };
  await write();

  return {
    decorate(call, args) {
      if (holder !== undefined) return args;
      if (call.operation === "CreateRole" && typeof args["RoleName"] === "string" && Array.isArray(args["Tags"])) {
        holder = { kind: "role", id: args["RoleName"] };
        return { ...args, Tags: [...args["Tags"], { Key: LEASE, Value: value() }] };
      }
      return args;
    },
    async keep(until) {
      while (!until.aborted) {
        await clock.sleep(RENEW_MS, until).catch(() => undefined);
        if (until.aborted) return;
        // A renewal that fails is tried again in five minutes; the lease is soft.
        await write().catch((error: unknown) => ports.log.debug(`lease not renewed: ${String(error)}`));
      }
    },
    async release(until) {
      if (holder !== undefined) await letGo(ports, holder, until);
      await dropLeftLeases(ports, { ...facts, cluster: holder?.kind === "cluster" ? undefined : facts.cluster }, until);
    },
  };
}

/** A run that has just begun has its parts of EC2 within this time. */
const SETTLING_MS = 20_000;

/**
 * Of two runs that begin together one makes the first role, which has a unique name; what EC2 makes has none. So whoever
 * meets such a young role waits until the other's VPC can be seen. Answers whether it waited.
 */
export async function letOtherBegin(ports: Ports, madeAt: number, signal: AbortSignal): Promise<boolean> {
  const left = madeAt + SETTLING_MS - ports.clock.now();
  if (left <= 0) return false;
  await ports.clock.sleep(Math.min(left, SETTLING_MS), signal);
  return true;
}

/** When the first role of a cluster that does not exist yet was made. */
export function begunAt(facts: Facts): number | undefined {
  return facts.cluster === undefined ? clusterRoleOf(facts)?.createdAt : undefined;
}

function clusterRoleOf(facts: Facts): Facts["roles"][number] | undefined {
  return facts.roles.find((candidate) => candidate.tags[PART]?.endsWith("/role-cluster") === true);
}

/** Removes claims that a killed run of this workflow run left, and those that have ended. */
export async function dropLeftLeases(ports: Ports, facts: Facts, signal: AbortSignal): Promise<void> {
  const { clock, run } = ports;
  for (const holder of holdersOf(facts)) {
    const claimed = readClaim(holder.tag);
    if (claimed !== undefined && !isForeign(claimed, run, clock.now())) await letGo(ports, holder, signal);
  }
}

/** What can carry the claim, the one that does so now first: the cluster, before it exists its role. */
function holdersOf(facts: Facts): readonly (Holder & { readonly tag: string | undefined })[] {
  const { cluster } = facts;
  const role = clusterRoleOf(facts);
  return [
    ...(cluster?.arn === undefined || cluster.status === "DELETING"
      ? []
      : [{ kind: "cluster", id: cluster.arn, tag: cluster.tags?.[LEASE] } as const]),
    ...(role === undefined ? [] : [{ kind: "role", id: role.name, tag: role.tags[LEASE] } as const]),
  ];
}

function claim({ kind, id }: Holder, value: string): WriteCall {
  return kind === "cluster"
    ? { service: "eks", operation: "TagResource", args: { resourceArn: id, tags: { [LEASE]: value } } }
    : { service: "iam", operation: "TagRole", args: { RoleName: id, Tags: [{ Key: LEASE, Value: value }] } };
}

async function letGo(ports: Ports, { kind, id }: Holder, signal: AbortSignal): Promise<void> {
  const call: WriteCall =
    kind === "cluster"
      ? { service: "eks", operation: "UntagResource", args: { resourceArn: id, tagKeys: [LEASE] } }
      : { service: "iam", operation: "UntagRole", args: { RoleName: id, TagKeys: [LEASE] } };
  await plainWrite(ports, call, signal).catch((error: unknown) =>
    ports.log.debug(`lease not removed: ${String(error)}`),
  );
}

interface Claim {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

function readClaim(tag: string | undefined): Claim | undefined {
  const match = /^(.*)\.\d+\/(\d+)$/.exec(tag ?? "");
  return match === null ? undefined : { runId: match[1] ?? "", expires: Number(match[2]) * 1000 + LEASE_MS };
}

function isForeign({ runId, expires }: Claim, run: RunContext, now: number): boolean {
  return runId !== (run.runId || "local") && expires > now;
}

/** @throws ActionError `LEASE_HELD` when the tag is another run's, and still good */
export function refuseForeign(tag: string | undefined, run: RunContext, now: number, facts: Facts): void {
  const held = readClaim(tag);
  if (held === undefined || !isForeign(held, run, now)) return;
  const { name } = facts.config.metadata;
  throw new ActionError("LEASE_HELD", {
    message: `run ${held.runId} works on cluster ${name}; its claim ends ${new Date(held.expires).toISOString()}`,
    hint: `let one run at a time work on it:\nconcurrency: {group: eks-${name}, cancel-in-progress: false}`,
  });
}
