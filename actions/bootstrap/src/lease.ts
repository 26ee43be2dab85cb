import { ActionError, type RunContext } from "@eks-actions/action";
import type { Call } from "./action.ts";
import type { Facts } from "./facts.ts";
import { plainWrite } from "./plain-write.ts";
import type { Ports } from "./ports.ts";
import { LEASE } from "./tags.ts";

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
  const role = facts.roles.find((candidate) => candidate.tags["eks-actions/part"]?.endsWith("/role-cluster") === true);
  for (const tags of [facts.cluster?.tags, role?.tags]) refuseForeign(tags?.[LEASE], run, clock.now(), facts);
  let holder: Holder | undefined =
    facts.cluster?.arn !== undefined && facts.cluster.status !== "DELETING"
      ? { kind: "cluster", id: facts.cluster.arn }
      : role === undefined
        ? undefined
        : { kind: "role", id: role.name };
  const value = () => `${run.runId || "local"}.${run.runAttempt}/${Math.floor(clock.now() / 1000)}`;

  const write = async () => {
    if (holder === undefined) return;
    const call =
      holder.kind === "cluster"
        ? {
            service: "eks" as const,
            operation: "TagResource",
            args: { resourceArn: holder.id, tags: { [LEASE]: value() } },
          }
        : {
            service: "iam" as const,
            operation: "TagRole",
            args: { RoleName: holder.id, Tags: [{ Key: LEASE, Value: value() }] },
          };
    await plainWrite(ports, call, signal);
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
      if (holder === undefined) return;
      const call =
        holder.kind === "cluster"
          ? { service: "eks" as const, operation: "UntagResource", args: { resourceArn: holder.id, tagKeys: [LEASE] } }
          : { service: "iam" as const, operation: "UntagRole", args: { RoleName: holder.id, TagKeys: [LEASE] } };
      await plainWrite(ports, call, until).catch((error: unknown) =>
        ports.log.debug(`lease not removed: ${String(error)}`),
      );
    },
  };
}

/** @throws ActionError `LEASE_HELD` when the tag is another run's, and still good */
export function refuseForeign(tag: string | undefined, run: RunContext, now: number, facts: Facts): void {
  const match = /^(.*)\.(\d+)\/(\d+)$/.exec(tag ?? "");
  if (match === null) return;
  const [, runId, , seconds] = match;
  const expires = Number(seconds) * 1000 + LEASE_MS;
  if (runId === (run.runId || "local") || expires <= now) return;
  throw new ActionError("LEASE_HELD", {
    message: `run ${runId} works on cluster ${facts.config.metadata.name}; its claim ends ${new Date(expires).toISOString()}`,
    hint: `let one run at a time work on it:\nconcurrency: {group: eks-${facts.config.metadata.name}, cancel-in-progress: false}`,
  });
}
