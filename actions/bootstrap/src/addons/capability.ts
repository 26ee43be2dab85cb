import type { EksCapability } from "@eks-actions/aws";
import type { Capability } from "@eks-actions/cluster-config";
import { policyCalls } from "../access/access.ts";
import { capabilityPart, capabilityRolePart } from "../access/desired-roles.ts";
import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { type Comparison, compare } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { APPLIED, retag, tagsOf } from "../plan/tags.ts";
import { ref, resolve } from "../plan/value.ts";
import { argoCd, argoCdChange, capabilityPairs, liveArgoCd } from "./capability-fields.ts";

/** Managed controllers that AWS runs for the cluster: ACK, kro, Argo CD. */
export function planCapabilities(context: Context): Step {
  const { config, facts, inputs, ownership } = context;
  const steps = config.capabilities.map((capability, index) => planCapability(context, capability, index));
  const listed = config.capabilities.map((capability) => capability.name);
  const extra = facts.capabilities.filter((live) => !listed.includes(live.capabilityName ?? ""));
  const isOurs = (live: EksCapability) => partOf(ownership.cluster, live.tags ?? {}) !== undefined;
  const removed = inputs.unmanaged === "delete" ? extra.filter(isOurs) : [];
  return {
    actions: [
      ...steps.flatMap((step) => step.actions),
      ...removed.map((live) => deleteCapability(live, ["delete-capability"])),
    ],
    findings: steps.flatMap((step) => step.findings ?? []),
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    unmanaged: extra.map((live) => ({
      kind: "Capability",
      name: live.capabilityName ?? "",
      orphan: isOurs(live),
      note: live.type ?? "",
    })),
  };
}

function planCapability(context: Context, capability: Capability, index: number): Step {
  const { facts, known } = context;
  const part = capabilityPart(capability);
  const target = { kind: "Capability", name: capability.name };
  const live = facts.capabilities.find((candidate) => candidate.capabilityName === capability.name);
  const role = capability.roleArn ?? ref(capabilityRolePart(capability), "arn");
  const pairs = capabilityPairs(context, capability, index, resolve(role, known), live);
  const comparison = compare(context.config, pairs, live?.tags?.[APPLIED]);
  const access = accessActions(context, capability, role, part);
  const name = capability.name;
  switch (live?.status) {
    case undefined:
      return { actions: [createAction(context, capability, role, comparison), ...access] };
    case "CREATING":
    case "UPDATING":
      return { actions: [create({ part, op: "wait", target, until: { kind: "capability-active", name } }), ...access] };
    case "DELETING":
      return { actions: [create({ part, op: "wait", target, until: { kind: "capability-gone", name } })] };
    case "CREATE_FAILED":
    case "DELETE_FAILED":
      return { actions: [], findings: [failed(capability, live)] };
    default: {
      const changes = live === undefined ? [] : changeActions(context, capability, role, live, comparison);
      const actions = [...changes, ...access];
      return { actions, unchanged: actions.length === 0 ? [target] : [] };
    }
  }
}

function createAction(
  context: Context,
  capability: Capability,
  role: unknown,
  { fields }: Comparison,
  former?: { readonly live: EksCapability; readonly after: readonly string[] },
): Action {
  const part = capabilityPart(capability);
  const { name } = capability;
  const argo = argoCd(capability);
  const call: Call = {
    service: "eks",
    operation: "CreateCapability",
    args: {
      clusterName: context.ownership.cluster,
      capabilityName: name,
      type: capability.type,
      roleArn: role,
      deletePropagationPolicy: capability.deletePropagationPolicy,
      ...(argo === undefined ? {} : { configuration: { argoCd: argo } }),
      tags: tagsOf(context.ownership, part, fields, capability.tags),
    },
    ...(former?.live.createdAt === undefined ? {} : { generation: former.live.createdAt.toISOString() }),
  };
  return create({
    part,
    op: "create",
    target: { kind: "Capability", name },
    after: ["cluster", capabilityRolePart(capability), ...(former?.after ?? [])],
    calls: [call],
    until: { kind: "capability-active", name },
    expectedSeconds: usual.capabilityCreate.usual,
  });
}

function changeActions(
  context: Context,
  capability: Capability,
  role: unknown,
  live: EksCapability,
  comparison: Comparison,
): readonly Action[] {
  const { changed, changes, fields } = comparison;
  if (changed.length === 0) return [];
  const part = capabilityPart(capability);
  const target = { kind: "Capability", name: capability.name };
  if (changed.some((pair) => pair.class === "D")) {
    const removal: Action = { ...deleteCapability(live, ["delete-capability"]), class: "D", changes };
    return [removal, createAction(context, capability, role, comparison, { live, after: [removal.id] })];
  }
  const has = (name: string) => changed.some((pair) => pair.path.endsWith(`.${name}`));
  const argo = argoCdChange(capability, liveArgoCd(live));
  const isUpdate = has("roleArn") || argo !== undefined;
  const update: Call = {
    service: "eks",
    operation: "UpdateCapability",
    args: {
      clusterName: context.ownership.cluster,
      capabilityName: capability.name,
      ...(has("roleArn") ? { roleArn: role } : {}),
      ...(argo === undefined ? {} : { configuration: { argoCd: argo } }),
    },
    generation: live.modifiedAt?.toISOString(),
  };
  const wanted = { ...context.ownership.common, ...capability.tags };
  return [
    create({
      part,
      op: "update",
      target,
      class: "P",
      after: ["cluster", capabilityRolePart(capability)],
      calls: [...(isUpdate ? [update] : []), ...retag(live.arn, live.tags, wanted, fields)],
      until: isUpdate ? { kind: "update", capability: capability.name } : undefined,
      changes,
      expectedSeconds: usual.addonUpdate.usual,
    }),
  ];
}

/**
 * EKS makes the role's access entry together with the capability, with the policy of its type; the file's policies are
 * put beside that one.
 */
function accessActions(context: Context, capability: Capability, role: unknown, part: string): readonly Action[] {
  const arn = resolve(role, context.known);
  const live = context.facts.entries.find((entry) => entry.entry.principalArn === arn);
  const own = (live?.policies ?? []).filter(
    (policy) => !/\/AmazonEKS(ACK|KRO|ArgoCD)\w*Policy$/i.test(policy.policyArn ?? ""),
  );
  const calls = policyCalls(context, { principalARN: role, accessPolicies: capability.accessPolicies }, own);
  if (calls.length === 0) return [];
  return [
    create({
      part: `${part}-access`,
      op: "update",
      target: { kind: "Capability", name: capability.name },
      class: "P",
      after: ["cluster", part],
      calls,
      changes: [
        {
          path: `capabilities[${capability.name}].accessPolicies`,
          from: own.map((policy) => policy.policyArn),
          to: capability.accessPolicies.map((policy) => policy.policyARN),
          origin: "config",
        },
      ],
    }),
  ];
}

/** Takes the controller away; what it made in AWS and in the cluster stays (RETAIN). */
export function deleteCapability(live: EksCapability, needs: Action["needs"]): Action {
  const name = live.capabilityName ?? "";
  const isGoing = live.status === "DELETING";
  return create({
    part: `capability-gone-${name}`,
    op: isGoing ? "wait" : "delete",
    target: { kind: "Capability", name },
    destructive: true,
    needs,
    calls: isGoing
      ? []
      : [
          {
            service: "eks",
            operation: "DeleteCapability",
            args: { clusterName: live.clusterName, capabilityName: name },
          },
        ],
    until: { kind: "capability-gone", name },
    expectedSeconds: usual.addonDelete.usual,
  });
}

function failed(capability: Capability, live: EksCapability): Finding {
  const issues = (live.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  return {
    level: "fatal",
    code: "CAPABILITY_FAILED",
    target: { kind: "Capability", name: capability.name },
    message: `capability ${capability.name} is ${live.status}${issues === "" ? "" : `: ${issues}`}`,
    hint: "delete the capability once the cause is cured, and run again",
  };
}
