import type { AccessEntry, AccessPolicy } from "@eks-actions/cluster-config";
import type { LiveEntry } from "../facts.ts";
import type { Action, Call, Step, UnmanagedEntry } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { compare, type FieldPair, sorted } from "../plan/diff.ts";
import { principalPart } from "../plan/names.ts";
import { APPLIED, tagsOf } from "../plan/tags.ts";
import { canonical } from "../plan/value.ts";

/** Entries of the file against the live ones, with their policies. */
export function planAccess(context: Context): Step {
  const { config, facts } = context;
  const steps = config.accessConfig.accessEntries.map((entry) => planEntry(context, entry));
  const listed = config.accessConfig.accessEntries.map((entry) => entry.principalARN);
  const extra = facts.entries.filter(
    (live) => !listed.includes(live.entry.principalArn ?? "") && !isSystem(context, live),
  );
  const isOurs = (live: LiveEntry) => partOf(context.ownership.cluster, live.entry.tags ?? {}) !== undefined;
  const remove = context.inputs.unmanaged === "delete";
  return {
    actions: [
      ...steps.flatMap((step) => step.actions),
      ...(remove ? extra.filter(isOurs).map((live) => deleteEntry(context, live, [], ["delete-access-entry"])) : []),
    ],
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    unmanaged: extra.map(
      (live): UnmanagedEntry => ({
        kind: "AccessEntry",
        name: live.entry.principalArn ?? "",
        orphan: isOurs(live),
        note:
          live.policies.length === 0
            ? (live.entry.type ?? "")
            : live.policies.map((policy) => policy.policyArn?.split("/").at(-1)).join(", "),
      }),
    ),
  };
}

/** Entries that EKS makes itself: for service-linked roles and the roles of node groups and capabilities. */
function isSystem(context: Context, live: LiveEntry): boolean {
  const principal = live.entry.principalArn ?? "";
  if (/\/aws-service-role\//.test(principal) || /:role\/AWSServiceRoleFor/.test(principal)) return true;
  if (principal === context.config.remoteNetworkConfig?.iam?.roleARN) return true;
  if (context.facts.capabilities.some((capability) => capability.roleArn === principal)) return true;
  if (live.entry.type === "STANDARD") return false;
  const nodeRoles = context.facts.nodegroups.map((group) => group.nodeRole);
  const ours = context.facts.roles.map((role) => role.arn);
  return nodeRoles.includes(principal) || ours.includes(principal) || live.entry.type === "EC2";
}

/** A principal, perhaps of a role that does not exist yet, and what it may do. */
export interface PolicyWish {
  readonly principalARN: unknown;
  readonly accessPolicies: readonly AccessPolicy[];
}

export function entryPart(wanted: AccessEntry): string {
  return `entry-${principalPart(wanted.principalARN)}`;
}

function planEntry(context: Context, wanted: AccessEntry): Step {
  const live = context.facts.entries.find((candidate) => candidate.entry.principalArn === wanted.principalARN);
  const part = entryPart(wanted);
  const target = { kind: "AccessEntry", name: wanted.principalARN };
  const pairs = entryPairs(wanted, live);
  const fields = Object.fromEntries(pairs.map((pair) => [pair.path, pair.desired ?? null]));
  if (live === undefined) {
    const calls: Call[] = [
      createCall(context, wanted, part, fields),
      ...wanted.accessPolicies.map((policy) => associate(context, wanted, policy)),
    ];
    return { actions: [create({ part, op: "create", target, after: ["cluster"], calls })] };
  }
  if ((live.entry.type ?? "STANDARD") !== wanted.type)
    return { actions: [recreate(context, wanted, live, part, fields)] };
  const comparison = compare(context.config, pairs, live.entry.tags?.[APPLIED]);
  if (comparison.changed.length === 0) return { actions: [], unchanged: [target] };
  const calls: Call[] = [];
  const has = (name: string) => comparison.changed.some((pair) => pair.path.endsWith(`.${name}`));
  if (has("kubernetesGroups") || has("kubernetesUsername")) {
    calls.push({
      service: "eks",
      operation: "UpdateAccessEntry",
      args: {
        clusterName: context.ownership.cluster,
        principalArn: wanted.principalARN,
        kubernetesGroups: wanted.kubernetesGroups,
        ...(wanted.kubernetesUsername === undefined ? {} : { username: wanted.kubernetesUsername }),
      },
    });
  }
  calls.push(...policyCalls(context, wanted, live.policies));
  calls.push({
    service: "eks",
    operation: "TagResource",
    args: { resourceArn: live.entry.accessEntryArn, tags: { [APPLIED]: { hashOf: comparison.fields } } },
  });
  return {
    actions: [
      create({ part, op: "update", target, class: "P", after: ["cluster"], calls, changes: comparison.changes }),
    ],
  };
}

function createCall(context: Context, wanted: AccessEntry, part: string, fields: unknown): Call {
  return {
    service: "eks",
    operation: "CreateAccessEntry",
    args: {
      clusterName: context.ownership.cluster,
      principalArn: wanted.principalARN,
      type: wanted.type,
      ...(wanted.kubernetesGroups.length === 0 ? {} : { kubernetesGroups: wanted.kubernetesGroups }),
      ...(wanted.kubernetesUsername === undefined ? {} : { username: wanted.kubernetesUsername }),
      tags: tagsOf(context.ownership, part, fields),
    },
  };
}

/** The type of an entry cannot be changed: it goes and comes back. */
function recreate(context: Context, wanted: AccessEntry, live: LiveEntry, part: string, fields: unknown): Action {
  const target = { kind: "AccessEntry", name: wanted.principalARN };
  return create({
    part,
    op: "replace",
    target,
    class: "D",
    destructive: true,
    needs: ["delete-access-entry"],
    after: ["cluster"],
    calls: [
      {
        service: "eks",
        operation: "DeleteAccessEntry",
        args: { clusterName: context.ownership.cluster, principalArn: wanted.principalARN },
      },
      { ...createCall(context, wanted, part, fields), generation: live.entry.createdAt?.toISOString() },
      ...wanted.accessPolicies.map((policy) => associate(context, wanted, policy)),
    ],
  });
}

function entryPairs(wanted: AccessEntry, live: LiveEntry | undefined): readonly FieldPair[] {
  const pair = (name: string, desired: unknown, value: unknown): FieldPair => ({
    path: `accessEntries[${wanted.principalARN}].${name}`,
    source: `${wanted.source}.${name}`,
    class: "P",
    desired,
    live: value,
  });
  const found = [
    pair(
      "accessPolicies",
      wanted.accessPolicies.map(wantedPolicy).sort(byText),
      (live?.policies ?? []).map(livePolicy).sort(byText),
    ),
  ];
  // EKS sets groups and username of node entries itself.
  if (wanted.type === "STANDARD") {
    found.push(pair("kubernetesGroups", sorted(wanted.kubernetesGroups), sorted(live?.entry.kubernetesGroups)));
    if (wanted.kubernetesUsername !== undefined) {
      found.push(pair("kubernetesUsername", wanted.kubernetesUsername, live?.entry.username));
    }
  }
  return found;
}

function wantedPolicy(policy: AccessPolicy): unknown {
  const { type, namespaces } = policy.accessScope;
  return { policy: policy.policyARN, type, namespaces: sorted(namespaces) };
}

function livePolicy(policy: LiveEntry["policies"][number]): unknown {
  return {
    policy: policy.policyArn,
    type: policy.accessScope?.type,
    namespaces: sorted(policy.accessScope?.namespaces),
  };
}

function byText(a: unknown, b: unknown): number {
  return canonical(a) < canonical(b) ? -1 : 1;
}

/** Calls that bring the associated policies of one principal from the live to the wanted ones. */
export function policyCalls(context: Context, wanted: PolicyWish, live: LiveEntry["policies"]): readonly Call[] {
  const present = live.map((policy) => canonical(livePolicy(policy)));
  const missing = wanted.accessPolicies.filter((policy) => !present.includes(canonical(wantedPolicy(policy))));
  const gone = live.filter((policy) => !wanted.accessPolicies.some((other) => other.policyARN === policy.policyArn));
  return [
    ...missing.map((policy) => associate(context, wanted, policy)),
    ...gone.map(
      (policy): Call => ({
        service: "eks",
        operation: "DisassociateAccessPolicy",
        args: {
          clusterName: context.ownership.cluster,
          principalArn: wanted.principalARN,
          policyArn: policy.policyArn,
        },
      }),
    ),
  ];
}

function associate(context: Context, wanted: PolicyWish, policy: AccessPolicy): Call {
  const { type, namespaces } = policy.accessScope;
  return {
    service: "eks",
    operation: "AssociateAccessPolicy",
    args: {
      clusterName: context.ownership.cluster,
      principalArn: wanted.principalARN,
      policyArn: policy.policyARN,
      accessScope: { type, ...(namespaces.length === 0 ? {} : { namespaces }) },
    },
  };
}

export function deleteEntry(
  context: Context,
  live: LiveEntry,
  after: readonly string[],
  needs: Action["needs"],
): Action {
  const principal = live.entry.principalArn ?? "";
  return create({
    part: `entry-gone-${principalPart(principal)}`,
    op: "delete",
    target: { kind: "AccessEntry", name: principal },
    destructive: true,
    needs,
    after,
    calls: [
      {
        service: "eks",
        operation: "DeleteAccessEntry",
        args: { clusterName: context.ownership.cluster, principalArn: principal },
      },
    ],
  });
}
