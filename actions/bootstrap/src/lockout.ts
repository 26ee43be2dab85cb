import type { Action } from "./action.ts";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";

const ADMIN = /\/AmazonEKSClusterAdminPolicy$/;

/** Ways in which a plan would leave nobody, or not the runner, with access. */
export function lockoutFindings(context: Context, actions: readonly Action[]): readonly Finding[] {
  if (!context.inputs.preventLockout || context.facts.cluster === undefined) return [];
  return [...lastAdmin(context, actions), ...endpoint(context)];
}

function lastAdmin(context: Context, actions: readonly Action[]): readonly Finding[] {
  const { facts, config } = context;
  const gone = new Set(
    actions
      .filter((action) => action.target.kind === "AccessEntry" && action.op === "delete")
      .map((action) => action.target.name),
  );
  const wantedAdmin = config.accessConfig.accessEntries.some((entry) =>
    entry.accessPolicies.some((policy) => ADMIN.test(policy.policyARN) && policy.accessScope.type === "cluster"),
  );
  const listed = new Set(config.accessConfig.accessEntries.map((entry) => entry.principalARN));
  const admins = facts.entries.filter((live) =>
    live.policies.some((policy) => ADMIN.test(policy.policyArn ?? "") && policy.accessScope?.type === "cluster"),
  );
  const losing = admins.filter(
    (live) => gone.has(live.entry.principalArn ?? "") || (listed.has(live.entry.principalArn ?? "") && !wantedAdmin),
  );
  const staying = admins.length - losing.length + (wantedAdmin ? 1 : 0);
  if (losing.length === 0 || staying > 0) return [];
  return [
    {
      level: "block",
      code: "LOCKOUT_LAST_ADMIN",
      message: `${losing.map((live) => live.entry.principalArn).join(", ")} would be the last administrator to go`,
      hint: "keep one entry with AmazonEKSClusterAdminPolicy of scope cluster, or set `prevent-lockout: false`",
    },
  ];
}

/** Public ranges that no longer cover the runner's networks, with no private way in. */
function endpoint(context: Context): readonly Finding[] {
  const { config, inputs } = context;
  const { clusterEndpoints, publicAccessCIDRs } = config.vpc;
  if (clusterEndpoints.privateAccess || publicAccessCIDRs.length === 0 || !clusterEndpoints.publicAccess) return [];
  const outside = inputs.runnerCidrs.filter((cidr) => !publicAccessCIDRs.some((range) => covers(range, cidr)));
  if (outside.length === 0) return [];
  return [
    {
      level: "block",
      code: "LOCKOUT_ENDPOINT",
      path: "vpc.publicAccessCIDRs",
      message: `the public endpoint would no longer answer ${outside.join(", ")}`,
      hint: "add the range to `vpc.publicAccessCIDRs`, or switch `privateAccess` on",
    },
  ];
}

function covers(range: string, inner: string): boolean {
  const [base = "", size = "32"] = range.split("/");
  const [address = "", mask = "32"] = inner.split("/");
  if (base.includes(":") || address.includes(":")) return range === inner;
  if (Number(mask) < Number(size)) return false;
  const shift = 2 ** (32 - Number(size));
  return Math.floor(number(base) / shift) === Math.floor(number(address) / shift);
}

function number(ip: string): number {
  return ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
