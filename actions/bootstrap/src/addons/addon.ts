import type { EksAddon } from "@eks-actions/aws";
import type { Addon } from "@eks-actions/cluster-config";
import { deleteFailedAddon } from "../cluster/failed.ts";
import type { Action, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { compare, type FieldPair } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { APPLIED, OWNER, retag, tagsOf, userTags } from "../plan/tags.ts";
import { resolve, sortedSet } from "../plan/value.ts";
import { addonVersion, isLeftBehind } from "../upgrade/versions.ts";
import { type AddonIdentity, addonIdentity } from "./identity.ts";
import { addonStepPart } from "./steps.ts";

/** Add-ons that run as DaemonSets and are ACTIVE without a node. */
const NEEDS_NO_NODE = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "aws-node-termination-handler"];

export function planAddon(context: Context, addon: Addon, version: string): Step {
  const identity = addonIdentity(context, addon);
  const live = context.facts.addons.find((candidate) => candidate.addonName === addon.name);
  const wanted = addonVersion(addon, context.facts.addonInfos.get(addon.name), version);
  const findings = [
    ...(identity.finding === undefined ? [] : [identity.finding]),
    ...addonFindings(context, addon, wanted, version),
  ];
  if (live === undefined) {
    if (wanted === undefined) return { actions: [], findings };
    return { actions: [createAddon(context, addon, identity, wanted, version)], findings };
  }
  const target = { kind: "Addon", name: addon.name };
  const part = `addon-${addon.name}`;
  const needsNodes = !NEEDS_NO_NODE.includes(addon.name);
  switch (live.status) {
    case "CREATING":
    case "UPDATING":
      return {
        actions: [
          create({
            part,
            op: "wait",
            target,
            until: { kind: "addon-active", name: addon.name, needsNodes },
            expectedSeconds: usual.addonCreate.usual,
          }),
        ],
        findings,
      };
    case "DELETING":
      return {
        actions: [create({ part, op: "wait", target, until: { kind: "addon-gone", name: addon.name } })],
        findings,
      };
    case "CREATE_FAILED":
    case "DELETE_FAILED":
      if (live.status === "CREATE_FAILED" && addon.resolveConflicts === "OVERWRITE")
        return { actions: [deleteFailedAddon(live)], findings };
      return { actions: [], findings: [...findings, failed(addon, live)] };
    default:
      return changeAddon(context, addon, identity, live, { wanted, version }, findings);
  }
}

/** Where an add-on goes. */
interface Goal {
  /** Add-on version that the file means. */
  readonly wanted: string | undefined;
  /** Kubernetes version that the cluster ends at. */
  readonly version: string;
}

function addonPairs(
  context: Context,
  addon: Addon,
  identity: AddonIdentity,
  { wanted, version }: Goal,
  live: EksAddon | undefined,
): readonly FieldPair[] {
  const index = context.config.addons.indexOf(addon);
  const pair = (name: string, desired: unknown, value: unknown): FieldPair => ({
    path: `addons[${addon.name}].${name}`,
    source: `addons[${index}].${name}`,
    class: "P",
    desired,
    live: value,
  });
  const found: FieldPair[] = [
    pair("tags", { ...context.ownership.common, ...addon.tags }, userTags(live?.tags)),
    pair("serviceAccountRoleARN", resolve(identity.serviceAccountRoleArn, context.known), live?.serviceAccountRoleArn),
    pair("configurationValues", normalValues(addon.configurationValues), normalValues(live?.configurationValues)),
  ];
  if (movesVersion(context, addon, live, version)) found.push(pair("version", wanted, live?.addonVersion));
  if (identity.podIdentityAssociations !== undefined) {
    const desired = resolve({ set: identity.podIdentityAssociations }, context.known);
    found.push(pair("podIdentityAssociations", desired, sortedSet(liveAssociations(context, live))));
  }
  return found;
}

/** The file names a version, or the installed one is left behind where the cluster goes. */
function movesVersion(context: Context, addon: Addon, live: EksAddon | undefined, version: string): boolean {
  if (addon.version !== undefined) return true;
  if (live?.addonVersion === undefined) return false;
  return isLeftBehind(addon.name, live.addonVersion, context.facts.addonInfos.get(addon.name), version);
}

function createAddon(context: Context, addon: Addon, identity: AddonIdentity, wanted: string, version: string): Action {
  const { ownership, config } = context;
  const part = `addon-${addon.name}`;
  const fields = Object.fromEntries(
    addonPairs(context, addon, identity, { wanted, version }, undefined).map((pair) => [
      pair.path,
      pair.desired ?? null,
    ]),
  );
  return create({
    part,
    op: "create",
    target: { kind: "Addon", name: addon.name },
    after: ["cluster", ...identity.roles.map((role) => role.part)],
    calls: [
      {
        service: "eks",
        operation: "CreateAddon",
        args: {
          clusterName: config.metadata.name,
          addonName: addon.name,
          addonVersion: wanted,
          ...identityArgs(identity),
          ...(addon.configurationValues === undefined ? {} : { configurationValues: addon.configurationValues }),
          ...(addon.namespace === undefined ? {} : { namespaceConfig: { namespace: addon.namespace } }),
          ...(addon.resolveConflicts === undefined ? {} : { resolveConflicts: addon.resolveConflicts }),
          tags: tagsOf(ownership, part, fields, addon.tags),
        },
      },
    ],
    until: { kind: "addon-active", name: addon.name, needsNodes: !NEEDS_NO_NODE.includes(addon.name) },
    expectedSeconds: usual.addonCreate.usual,
  });
}

function identityArgs(identity: AddonIdentity): Readonly<Record<string, unknown>> {
  return {
    ...(identity.serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn: identity.serviceAccountRoleArn }),
    ...(identity.podIdentityAssociations === undefined
      ? {}
      : { podIdentityAssociations: identity.podIdentityAssociations }),
  };
}

function changeAddon(
  context: Context,
  addon: Addon,
  identity: AddonIdentity,
  live: EksAddon,
  goal: Goal,
  findings: readonly Finding[],
): Step {
  const target = { kind: "Addon", name: addon.name };
  const comparison = compare(context.config, addonPairs(context, addon, identity, goal, live), live.tags?.[APPLIED]);
  const owner = live.tags?.[OWNER];
  if (owner !== undefined && owner !== context.ownership.owner) {
    return { actions: [], findings: [...findings, foreign(addon, owner)] };
  }
  const { changed } = comparison;
  if (changed.length === 0) return { actions: [], findings, unchanged: [target] };
  const has = (name: string) => changed.some((pair) => pair.path.endsWith(`.${name}`));
  const isUpdate = ["version", "serviceAccountRoleARN", "configurationValues", "podIdentityAssociations"].some(has);
  const updateArgs = {
    clusterName: context.ownership.cluster,
    addonName: addon.name,
    addonVersion: movesVersion(context, addon, live, goal.version) ? goal.wanted : live.addonVersion,
    ...identityArgs(identity),
    ...(has("configurationValues") ? { configurationValues: addon.configurationValues ?? "" } : {}),
    resolveConflicts: addon.resolveConflicts ?? "PRESERVE",
  };
  const action = create({
    part: `addon-${addon.name}`,
    op: "update",
    target,
    class: "P",
    after: ["cluster", addonStepPart(addon.name), ...identity.roles.map((role) => role.part)],
    locks: [{ name: `addon:${addon.name}`, shared: false }],
    calls: [
      ...(isUpdate ? [{ service: "eks", operation: "UpdateAddon", args: updateArgs } as const] : []),
      ...retag(live.addonArn, live.tags, { ...context.ownership.common, ...addon.tags }, comparison.fields),
    ],
    until: isUpdate ? { kind: "update", addon: addon.name } : undefined,
    changes: comparison.changes,
    expectedSeconds: isUpdate ? usual.addonUpdate.usual : 1,
  });
  return { actions: [action], findings };
}

/** The add-on's associations as EKS keeps them: pod identity associations that it owns. */
function liveAssociations(context: Context, live: EksAddon | undefined): readonly unknown[] {
  const arns = live?.podIdentityAssociations ?? [];
  return context.facts.podIdentities
    .filter((entry) => arns.includes(entry.associationArn ?? ""))
    .map((entry) => ({ serviceAccount: entry.serviceAccount, roleArn: entry.roleArn }));
}

/** JSON is compared by meaning, other text as it is. */
function normalValues(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    // YAML values are compared as text: the API returns what was sent.
    return text.trim();
  }
}

function addonFindings(
  context: Context,
  addon: Addon,
  wanted: string | undefined,
  version: string,
): readonly Finding[] {
  const target = { kind: "Addon", name: addon.name };
  const info = context.facts.addonInfos.get(addon.name);
  const index = context.config.addons.indexOf(addon);
  if (info === undefined) {
    return [
      {
        level: addon.isDefault ? "warn" : "fatal",
        code: "ADDON_INCOMPATIBLE",
        target,
        path: `addons[${index}].name`,
        message: `EKS offers no add-on ${addon.name} for Kubernetes ${version}`,
        hint: "check the name; leave it out, or install it with the rollout action",
      },
    ];
  }
  if (wanted === undefined) {
    return [
      {
        level: "fatal",
        code: "ADDON_INCOMPATIBLE",
        target,
        path: `addons[${index}].version`,
        message: `add-on ${addon.name} has no version ${addon.version ?? ""} for Kubernetes ${version}`,
        hint: `offered: ${info.addonVersions
          ?.slice(0, 5)
          .map((entry) => entry.addonVersion)
          .join(", ")}`,
      },
    ];
  }
  return [];
}

function failed(addon: Addon, live: EksAddon): Finding {
  const issues = (live.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  return {
    level: "fatal",
    code: "ADDON_FAILED",
    target: { kind: "Addon", name: addon.name },
    message: `add-on ${addon.name} is ${live.status}${issues === "" ? "" : `: ${issues}`}`,
    hint: "cure the cause, or remove the add-on and run again",
  };
}

function foreign(addon: Addon, owner: string): Finding {
  return {
    level: "fatal",
    code: "OWNED_BY_OTHER",
    target: { kind: "Addon", name: addon.name },
    message: `add-on ${addon.name} belongs to \`${owner}\``,
    hint: "leave it out of the file, or set `owner`",
  };
}

/** Live add-ons that the file lacks. */
export function unlistedAddons(context: Context): Step {
  const listed = context.config.addons.map((addon) => addon.name);
  const extra = context.facts.addons.filter((live) => !listed.includes(live.addonName ?? ""));
  const isOurs = (live: EksAddon) => partOf(context.ownership.cluster, live.tags ?? {}) !== undefined;
  const remove = context.inputs.unmanaged === "delete";
  return {
    actions: remove ? extra.filter(isOurs).map((live) => deleteAddon(live, [], ["delete-addon"])) : [],
    unmanaged: extra.map((live) => ({
      kind: "Addon",
      name: live.addonName ?? "",
      orphan: isOurs(live),
      note: `version ${live.addonVersion ?? "unknown"}`,
    })),
  };
}

export function deleteAddon(live: EksAddon, after: readonly string[], needs: Action["needs"]): Action {
  const name = live.addonName ?? "";
  const isGoing = live.status === "DELETING";
  return create({
    part: `addon-gone-${name}`,
    op: isGoing ? "wait" : "delete",
    target: { kind: "Addon", name },
    destructive: true,
    needs,
    after,
    calls: isGoing
      ? []
      : [{ service: "eks", operation: "DeleteAddon", args: { clusterName: live.clusterName, addonName: name } }],
    until: { kind: "addon-gone", name },
    expectedSeconds: usual.addonDelete.usual,
  });
}
