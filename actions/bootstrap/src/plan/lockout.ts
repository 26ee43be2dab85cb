import type { LiveEntry } from "../facts.ts";
import type { Action } from "./action.ts";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";

const ADMIN = /\/AmazonEKSClusterAdminPolicy$/;

/** Ways in which a plan would leave nobody, or not the runner, with access. */
export function lockoutFindings(context: Context, actions: readonly Action[]): readonly Finding[] {
  if (!context.inputs.preventLockout || context.facts.cluster === undefined) return [];
  return [...lastAdmin(context, actions), ...ownAccess(context, actions), ...endpoint(context)];
}

/** The administrator that this very run works as, when the plan takes its rights in the cluster away. */
function ownAccess(context: Context, actions: readonly Action[]): readonly Finding[] {
  const { facts, config } = context;
  const own = facts.entries.find((live) => isCaller(facts.callerArn, live.entry.principalArn ?? ""));
  const principal = own?.entry.principalArn;
  if (own === undefined || principal === undefined || !own.policies.some(isAdmin)) return [];
  const wanted = config.accessConfig.accessEntries.find((entry) => entry.principalARN === principal);
  const isDeleted = actions.some((action) => action.target.name === principal && action.op === "delete");
  const isDemoted = wanted !== undefined && !wanted.accessPolicies.some((policy) => ADMIN.test(policy.policyARN));
  if (!isDeleted && !isDemoted) return [];
  return [
    {
      level: "block",
      code: "LOCKOUT_SELF",
      path: wanted?.source,
      target: { kind: "AccessEntry", name: principal },
      message: `${principal}, which this run works as, would no longer administer the cluster`,
      hint: "keep AmazonEKSClusterAdminPolicy of scope cluster on it, or set `prevent-lockout: false`",
    },
  ];
}

/** STS shows a role without its path: `arn:aws:sts::1:assumed-role/deploy/session` for `arn:aws:iam::1:role/ci/deploy`. */
function isCaller(callerArn: string, principal: string): boolean {
  const [, account, name] = /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(callerArn) ?? [];
  if (name === undefined) return callerArn === principal;
  return principal.includes(`::${account}:role/`) && principal.endsWith(`/${name}`);
}

function isAdmin(policy: LiveEntry["policies"][number]): boolean {
  return ADMIN.test(policy.policyArn ?? "") && policy.accessScope?.type === "cluster";
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
  const admins = facts.entries.filter((live) => live.policies.some(isAdmin));
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
