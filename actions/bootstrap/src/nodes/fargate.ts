import type { EksFargateProfile } from "@eks-actions/aws";
import type { FargateProfile } from "@eks-actions/cluster-config";
import { plannedSubnets } from "../network/subnets.ts";
import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { type Comparison, compare, type FieldPair } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { APPLIED, retag, tagsOf, userTags } from "../plan/tags.ts";
import { ref, resolve, sortedSet } from "../plan/value.ts";

/** EKS makes and deletes one profile of a cluster at a time. */
const LOCKS = [{ name: "fargate", shared: false }] as const;

export function planFargate(context: Context): Step {
  const { config, facts, ownership, inputs } = context;
  const steps = config.fargateProfiles.map((profile, index) => planProfile(context, profile, index));
  const listed = config.fargateProfiles.map((profile) => profile.name);
  const extra = facts.fargateProfiles.filter((live) => !listed.includes(live.fargateProfileName ?? ""));
  const isOurs = (live: EksFargateProfile) => partOf(ownership.cluster, live.tags ?? {}) !== undefined;
  const remove = inputs.unmanaged === "delete" ? extra.filter(isOurs) : [];
  return {
    actions: [
      ...steps.flatMap((step) => step.actions),
      ...remove.map((live) => deleteProfile(live, ["delete-fargate-profile"])),
    ],
    findings: steps.flatMap((step) => step.findings ?? []),
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    unmanaged: extra.map((live) => ({
      kind: "FargateProfile",
      name: live.fargateProfileName ?? "",
      orphan: isOurs(live),
      note: (live.selectors ?? []).map((selector) => selector.namespace).join(", "),
    })),
  };
}

function planProfile(context: Context, profile: FargateProfile, index: number): Step {
  const target = { kind: "FargateProfile", name: profile.name };
  const live = context.facts.fargateProfiles.find((candidate) => candidate.fargateProfileName === profile.name);
  const part = `fargate-${profile.name}`;
  const pairs = profilePairs(context, profile, index, live);
  const fields = Object.fromEntries(pairs.map((pair) => [pair.path, pair.desired ?? null]));
  const creation = createCall(context, profile, part, fields);
  if (live === undefined) return { actions: [createAction(context, profile, part, [creation])] };
  switch (live.status) {
    case "CREATING":
      return {
        actions: [
          create({ part, op: "wait", target, locks: LOCKS, until: { kind: "fargate-active", name: profile.name } }),
        ],
      };
    case "DELETING":
      return {
        actions: [
          create({ part, op: "wait", target, locks: LOCKS, until: { kind: "fargate-gone", name: profile.name } }),
        ],
      };
    case "CREATE_FAILED":
    case "DELETE_FAILED":
      return { actions: [], findings: [failed(profile.name, live)] };
    default:
      return changeProfile(context, profile, live, compare(context.config, pairs, live.tags?.[APPLIED]));
  }
}

function profilePairs(
  context: Context,
  profile: FargateProfile,
  index: number,
  live: EksFargateProfile | undefined,
): readonly FieldPair[] {
  const pair = (name: string, letter: string, desired: unknown, value: unknown): FieldPair => ({
    path: `fargateProfiles[${profile.name}].${name}`,
    source: `fargateProfiles[${index}].${name}`,
    class: letter,
    desired,
    live: value,
  });
  const selectors = profile.selectors.map(({ namespace, labels }) => ({ namespace, labels }));
  const present = (live?.selectors ?? []).map(({ namespace, labels }) => ({ namespace, labels: labels ?? {} }));
  return [
    pair("podExecutionRoleARN", "D", resolve(roleOf(context, profile), context.known), live?.podExecutionRoleArn),
    pair("selectors", "D", sortedSet(selectors), sortedSet(present)),
    pair("subnets", "D", resolve({ set: subnetsOf(context, profile) }, context.known), sortedSet(live?.subnets ?? [])),
    pair("tags", "P", { ...context.ownership.common, ...profile.tags }, userTags(live?.tags)),
  ];
}

function roleOf(context: Context, profile: FargateProfile): unknown {
  return profile.podExecutionRoleARN ?? context.config.iam.fargatePodExecutionRoleARN ?? ref("role-fargate", "arn");
}

/** Fargate takes private subnets only. */
function subnetsOf(context: Context, profile: FargateProfile): readonly unknown[] {
  const chosen = plannedSubnets(context).filter((subnet) =>
    profile.subnets.length === 0 ? !subnet.isPublic : subnet.names.some((name) => profile.subnets.includes(name)),
  );
  return chosen.map((subnet) => subnet.id);
}

function createCall(context: Context, profile: FargateProfile, part: string, fields: unknown): Call {
  const selectors = profile.selectors.map(({ namespace, labels }) =>
    Object.keys(labels).length === 0 ? { namespace } : { namespace, labels },
  );
  return {
    service: "eks",
    operation: "CreateFargateProfile",
    args: {
      clusterName: context.ownership.cluster,
      fargateProfileName: profile.name,
      podExecutionRoleArn: roleOf(context, profile),
      subnets: subnetsOf(context, profile),
      selectors,
      tags: tagsOf(context.ownership, part, fields, profile.tags),
    },
  };
}

function createAction(
  context: Context,
  profile: FargateProfile,
  part: string,
  calls: readonly Call[],
  after: readonly string[] = [],
): Action {
  const routes = plannedSubnets(context).flatMap((subnet) =>
    subnet.part === undefined || subnet.isPublic ? [] : [`rt-${subnet.part}`, `rt-${subnet.part}-route`],
  );
  return create({
    part,
    op: "create",
    target: { kind: "FargateProfile", name: profile.name },
    after: ["cluster", "role-fargate", ...routes, ...after],
    locks: LOCKS,
    calls,
    until: { kind: "fargate-active", name: profile.name },
    expectedSeconds: usual.fargateCreate.usual,
  });
}

/** Nothing of a profile but its tags can be changed: it goes, and comes back. */
function changeProfile(
  context: Context,
  profile: FargateProfile,
  live: EksFargateProfile,
  comparison: Comparison,
): Step {
  const target = { kind: "FargateProfile", name: profile.name };
  const part = `fargate-${profile.name}`;
  const { changed, changes, fields } = comparison;
  if (changed.length === 0) return { actions: [], unchanged: [target] };
  if (changed.some((pair) => pair.class === "D")) {
    const removal: Action = { ...deleteProfile(live, ["delete-fargate-profile"]), class: "D", changes };
    const call = { ...createCall(context, profile, part, fields), generation: live.createdAt?.toISOString() };
    return { actions: [removal, createAction(context, profile, part, [call], [removal.id])] };
  }
  const calls = retag(live.fargateProfileArn, live.tags, { ...context.ownership.common, ...profile.tags }, fields);
  return { actions: [create({ part, op: "update", target, class: "P", calls, changes })] };
}

export function deleteProfile(live: EksFargateProfile, needs: Action["needs"]): Action {
  const name = live.fargateProfileName ?? "";
  const isGoing = live.status === "DELETING";
  const args = { clusterName: live.clusterName, fargateProfileName: name };
  return create({
    part: `fargate-gone-${name}`,
    op: isGoing ? "wait" : "delete",
    target: { kind: "FargateProfile", name },
    destructive: true,
    needs,
    locks: LOCKS,
    calls: isGoing ? [] : [{ service: "eks", operation: "DeleteFargateProfile", args }],
    until: { kind: "fargate-gone", name },
    expectedSeconds: usual.fargateDelete.usual,
  });
}

function failed(name: string, live: EksFargateProfile): Finding {
  const issues = (live.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  return {
    level: "fatal",
    code: "FARGATE_FAILED",
    target: { kind: "FargateProfile", name },
    message: `Fargate profile ${name} is ${live.status}${issues === "" ? "" : `: ${issues}`}`,
    hint: "delete the profile once the cause is cured, and run again",
  };
}
