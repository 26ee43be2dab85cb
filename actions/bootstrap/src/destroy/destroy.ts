import { deleteRole } from "../access/roles.ts";
import { deleteAddon } from "../addons/addon.ts";
import { deleteCapability } from "../addons/capability.ts";
import { logGroupName } from "../cluster/log-group.ts";
import type { Facts } from "../facts.ts";
import type { Inputs } from "../inputs.ts";
import { deleteProfile } from "../nodes/fargate.ts";
import { deleteGroup } from "../nodes/nodegroup.ts";
import type { Action } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { consentFindings } from "../plan/consent.ts";
import { type Context, createContext, partOf } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { planHash } from "../plan/hash.ts";
import { order, timing } from "../plan/order.ts";
import { OWNER } from "../plan/tags.ts";
import type { Plan } from "../plan.ts";
import { foreignGroups, sweepAction, volumeActions } from "./leftovers.ts";
import { deleteNetwork } from "./network.ts";

/** Everything of ours, in the order in which AWS lets go of it. Deletes by owner tag only. */
export function planDestroy(inputs: Inputs, facts: Facts): Plan {
  const context = createContext(inputs, facts);
  const ownerFaults = ownerFindings(context);
  const isOurs = ownerFaults.every((finding) => finding.level !== "fatal");
  const unprotected = unprotect(context);
  const first = unprotected.map((action) => action.id);
  const behind = (action: Action): Action => ({ ...action, after: [...action.after, ...first] });
  const groups = facts.nodegroups.map((group) => behind(deleteGroup(group, [], [])));
  const profiles = facts.fargateProfiles.map((profile) => behind(deleteProfile(profile, [])));
  const capabilities = facts.capabilities.map((capability) => behind(deleteCapability(capability, [])));
  const groupIds = [...groups, ...profiles].map((action) => action.id);
  const addons = facts.addons.map((addon) => {
    // Pods on the last nodes need the CNI until they are gone.
    const others = facts.addons.filter((other) => other !== addon).map((other) => `addon-gone-${other.addonName}`);
    return deleteAddon(addon, [...first, ...groupIds, ...(addon.addonName === "vpc-cni" ? others : [])], []);
  });
  const cluster = clusterDeletion(
    context,
    [...unprotected, ...groups, ...profiles, ...capabilities, ...addons].map((action) => action.id),
  );
  const gone = cluster.map((action) => action.id);
  const swept = sweepAction(context, [...gone, ...groupIds]);
  const clean = [...gone, ...groupIds, ...swept.map((action) => action.id)];
  const actions = isOurs
    ? order([
        ...unprotected,
        ...groups,
        ...profiles,
        ...capabilities,
        ...addons,
        ...cluster,
        ...providers(context, gone),
        ...roles(context, [...gone, ...groupIds]),
        ...logGroup(context, gone),
        ...swept,
        ...volumeActions(context, gone),
        ...deleteNetwork(context, clean),
      ])
    : [];
  const findings = [
    ...confirmation(context),
    ...ownerFaults,
    ...foreignParts(context),
    ...foreignGroups(context),
    ...consentFindings(actions, inputs.allow),
  ];
  return {
    inputs,
    facts,
    kind: "destroy",
    actions,
    findings,
    unchanged: [],
    drift: [],
    unmanaged: [],
    resolved: { version: facts.cluster?.version ?? "", upgradePath: [], zones: [], addons: {}, nodegroups: {} },
    timing: timing(actions),
    planHash: planHash(actions),
  };
}

function confirmation(context: Context): readonly Finding[] {
  const { inputs, config } = context;
  if (inputs.mode !== "destroy" || inputs.confirm === config.metadata.name) return [];
  return [
    {
      level: "fatal",
      code: "CONFIRM_MISMATCH",
      message: `\`confirm\` is \`${inputs.confirm ?? ""}\`, the cluster is ${config.metadata.name}`,
      hint: `with:\n    confirm: ${config.metadata.name}`,
    },
  ];
}

function ownerFindings(context: Context): readonly Finding[] {
  const { cluster } = context.facts;
  if (cluster === undefined) return [];
  const owner = cluster.tags?.[OWNER];
  if (owner === context.ownership.owner) return [];
  const target = { kind: "Cluster", name: context.ownership.cluster };
  if (owner === undefined) {
    return [
      {
        level: "fatal",
        code: "NOT_OWNED",
        target,
        message: `cluster ${context.ownership.cluster} carries no owner tag, so it is not ours to delete`,
        hint: "adopt it first:\n  with:\n    mode: apply\n    allow: adopt",
      },
    ];
  }
  return [
    {
      level: "fatal",
      code: "OWNED_BY_OTHER",
      target,
      message: `cluster ${context.ownership.cluster} belongs to \`${owner}\`, this run is \`${context.ownership.owner}\``,
      hint: `if the config moved, set its former owner:\n  with:\n    owner: ${owner}`,
    },
  ];
}

/** Objects inside the cluster that somebody else made, and that keep it from being deleted. */
function foreignParts(context: Context): readonly Finding[] {
  const { facts, ownership } = context;
  const names = [
    ...facts.nodegroups
      .filter((group) => partOf(ownership.cluster, group.tags ?? {}) === undefined)
      .map((group) => `node group ${group.nodegroupName}`),
    ...facts.fargateProfiles
      .filter((profile) => partOf(ownership.cluster, profile.tags ?? {}) === undefined)
      .map((profile) => `Fargate profile ${profile.fargateProfileName}`),
    ...facts.capabilities
      .filter((capability) => partOf(ownership.cluster, capability.tags ?? {}) === undefined)
      .map((capability) => `capability ${capability.capabilityName}`),
  ];
  return names.map((name) => ({
    level: "block",
    code: "PROTECTED",
    message: `${name} was not made by this action`,
    hint: "delete it first, where it was made",
  }));
}

/** Deletion protection goes first: whoever does not consent to that keeps everything. */
function unprotect({ facts, ownership }: Context): readonly Action[] {
  if (facts.cluster?.deletionProtection !== true || facts.cluster.status === "DELETING") return [];
  return [
    create({
      part: "cluster",
      suffix: "protection",
      op: "update",
      target: { kind: "Cluster", name: ownership.cluster },
      class: "C",
      needs: ["disable-deletion-protection"],
      calls: [
        {
          service: "eks",
          operation: "UpdateClusterConfig",
          args: { name: ownership.cluster, deletionProtection: false },
        },
      ],
      until: { kind: "update" },
      expectedSeconds: usual.clusterUpdate.usual,
    }),
  ];
}

function clusterDeletion({ facts, ownership }: Context, after: readonly string[]): readonly Action[] {
  const { cluster } = facts;
  if (cluster === undefined) return [];
  const { cluster: name } = ownership;
  const isGoing = cluster.status === "DELETING";
  return [
    create({
      part: "cluster",
      op: isGoing ? "wait" : "delete",
      target: { kind: "Cluster", name },
      destructive: true,
      after,
      calls: isGoing ? [] : [{ service: "eks", operation: "DeleteCluster", args: { name } }],
      until: { kind: "cluster-gone" },
      expectedSeconds: usual.clusterDelete.usual,
    }),
  ];
}

function providers(context: Context, after: readonly string[]): readonly Action[] {
  return context.facts.oidcProviders
    .filter((provider) => provider.tags[OWNER] === context.ownership.owner)
    .filter((provider) => partOf(context.ownership.cluster, provider.tags) !== undefined)
    .map((provider) =>
      create({
        part: "oidc-provider",
        op: "delete",
        target: { kind: "OidcProvider", name: context.ownership.cluster },
        destructive: true,
        after,
        calls: [
          {
            service: "iam",
            operation: "DeleteOpenIDConnectProvider",
            args: { OpenIDConnectProviderArn: provider.arn },
          },
        ],
      }),
    );
}

function roles(context: Context, after: readonly string[]): readonly Action[] {
  return context.facts.roles
    .filter((role) => role.tags[OWNER] === context.ownership.owner)
    .map((role) => deleteRole(context, role, after));
}

function logGroup(context: Context, after: readonly string[]): readonly Action[] {
  if (context.facts.logGroup === undefined || !context.inputs.allow.includes("delete-log-group")) return [];
  const name = logGroupName(context.ownership.cluster);
  return [
    create({
      part: "log-group",
      op: "delete",
      target: { kind: "LogGroup", name },
      destructive: true,
      after,
      calls: [{ service: "logs", operation: "DeleteLogGroup", args: { logGroupName: name } }],
    }),
  ];
}
