import { placeOf } from "@eks-actions/cluster-config";
import { planAccess } from "./access/access.ts";
import {
  autoModeRole,
  capabilityRole,
  clusterRole,
  fargateRole,
  hybridRole,
  karpenterRole,
  nodeRole,
  serviceAccountRoles,
} from "./access/desired-roles.ts";
import { planPodIdentities, podIdentityRoles } from "./access/pod-identity.ts";
import { planRole } from "./access/roles.ts";
import { planAddon, unlistedAddons } from "./addons/addon.ts";
import { planCapabilities } from "./addons/capability.ts";
import { addonIdentity, cniHasOwnRole } from "./addons/identity.ts";
import { planCluster } from "./cluster/cluster.ts";
import { clusterFirst } from "./cluster/failed.ts";
import { planIdentityProviders } from "./cluster/identity-provider.ts";
import { planLogRetention } from "./cluster/log-group.ts";
import { planOidcProvider } from "./cluster/oidc.ts";
import { planDestroy } from "./destroy/destroy.ts";
import type { Facts } from "./facts.ts";
import type { Inputs } from "./inputs.ts";
import { ownNetwork } from "./network/network.ts";
import { foreignFindings, isForeignNetwork, plannedSubnets } from "./network/subnets.ts";
import { planFargate } from "./nodes/fargate.ts";
import { planHybrid } from "./nodes/hybrid.ts";
import { planKarpenter } from "./nodes/karpenter.ts";
import { liveGroups, planNodeGroup } from "./nodes/nodegroup.ts";
import { groupAmiType } from "./nodes/nodegroup-fields.ts";
import { unlistedGroups, unlistedRoles } from "./nodes/unlisted.ts";
import type { Action, DriftEntry, Step, Target, UnmanagedEntry } from "./plan/action.ts";
import { consentFindings } from "./plan/consent.ts";
import { createContext } from "./plan/context.ts";
import type { Finding } from "./plan/finding.ts";
import { planHash } from "./plan/hash.ts";
import { lockoutFindings } from "./plan/lockout.ts";
import { holdOutside } from "./plan/maintenance.ts";
import { order, type Timing, timing } from "./plan/order.ts";
import { protectionFindings } from "./plan/protection.ts";
import { unsupportedFindings } from "./plan/unsupported.ts";
import { watchFindings } from "./report/watch.ts";
import { adoptedFirst, adoptParts } from "./run/adopt-parts.ts";
import { planUpgrade } from "./upgrade/upgrade.ts";
import { addonVersion, targetVersion, upgradePath } from "./upgrade/versions.ts";

export interface Plan {
  readonly inputs: Inputs;
  readonly facts: Facts;
  readonly kind: "apply" | "destroy";
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly unchanged: readonly Target[];
  readonly drift: readonly DriftEntry[];
  readonly unmanaged: readonly UnmanagedEntry[];
  readonly resolved: Resolved;
  readonly timing: Timing;
  readonly planHash: string;
}

export interface ResolvedGroup {
  readonly instanceTypes: readonly string[];
  /** `CUSTOM` for an image of the user's own; absent with a launch template of theirs. */
  readonly amiType?: string | undefined;
  /** The live one, or the file's; absent: the newest when the group is made. */
  readonly releaseVersion?: string | undefined;
}

export interface Resolved {
  readonly version: string;
  readonly upgradePath: readonly string[];
  readonly zones: readonly string[];
  /** Add-on → version that is or will be installed. */
  readonly addons: Readonly<Record<string, string>>;
  readonly nodegroups: Readonly<Record<string, ResolvedGroup>>;
}

/** What would be done, and what stands against it. Pure: equal inputs and facts give an equal plan. */
export function plan(inputs: Inputs, facts: Facts): Plan {
  const isDestroy = inputs.mode === "destroy" || (inputs.mode === "plan" && inputs.planFor === "destroy");
  if (!isDestroy) return planApply(inputs, facts);
  const planned = planDestroy(inputs, facts);
  return { ...planned, findings: [...planned.findings, ...protectionFindings(facts, planned.actions)] };
}

function planApply(inputs: Inputs, facts: Facts): Plan {
  const context = createContext(inputs, facts);
  const { config } = context;
  const target = targetVersion(config, facts.cluster?.version, facts.versions);
  const version = facts.cluster?.version ?? target.version;
  const foreign = isForeignNetwork(context);
  const cluster = planCluster(context, version);
  const upgrade = planUpgrade(
    context,
    target.version,
    cluster.actions.map((action) => action.id),
  );
  const specs = roleSpecs(context);
  const first: readonly Step[] = [
    ...specs.map((spec) => planRole(context, spec)),
    adoptParts(context, specs),
    ...(foreign ? [{ actions: [], findings: foreignFindings(context) }] : [ownNetwork(context)]),
    cluster,
    upgrade,
    planOidcProvider(context),
    planLogRetention(context),
    planAccess(context),
    planHybrid(context),
    planKarpenter(context, target.version),
    planPodIdentities(context),
    planIdentityProviders(context),
    planCapabilities(context),
    ...config.addons.map((addon) => planAddon(context, addon, upgrade.version)),
    unlistedAddons(context),
    ...config.managedNodeGroups.map((group) => planNodeGroup(context, group, upgrade.version)),
    unlistedGroups(context),
    planFargate(context),
  ];
  const wanted = [...specs.map((spec) => spec.part), "role-cluster"];
  const steps = [
    ...first,
    unlistedRoles(
      context,
      wanted,
      first.flatMap((step) => step.actions),
    ),
  ];
  const wished = order(clusterFirst(adoptedFirst(steps.flatMap((step) => step.actions))));
  // A plan shows all of it; only what is to be carried out now waits for its window.
  const windows = inputs.mode === "apply" ? (config.extension?.maintenanceWindows ?? []) : [];
  const { actions, findings: held } = holdOutside(windows, facts.now, wished);
  const findings: readonly Finding[] = [
    ...unsupportedFindings(context),
    ...(target.finding === undefined ? [] : [target.finding]),
    ...steps.flatMap((step) => step.findings ?? []),
    ...held,
    ...protectionFindings(facts, actions),
    ...lockoutFindings(context, actions),
    ...consentFindings(actions, inputs.allow),
    ...(inputs.mode === "drift" ? watchFindings(context) : []),
    ...(config.iam.serviceAccounts.length === 0
      ? []
      : [
          {
            level: "info",
            code: "NOTICE",
            message:
              "iam.serviceAccounts: their roles are made here; annotate the ServiceAccounts where you deploy them",
          } as const,
        ]),
    ...config.notices.map((message): Finding => ({ level: "info", code: "NOTICE", message })),
  ];
  return {
    inputs,
    facts,
    kind: "apply",
    actions,
    findings: findings.map((finding) => placed(finding, facts)),
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    drift: actions.flatMap((action) =>
      action.changes
        .filter((change) => change.origin !== "config")
        .map((change) => ({ target: action.target, path: change.path, from: change.from, to: change.to })),
    ),
    unmanaged: inputs.unmanaged === "ignore" ? [] : steps.flatMap((step) => step.unmanaged ?? []),
    resolved: {
      version: target.version,
      upgradePath: facts.cluster?.version === undefined ? [] : upgradePath(facts.cluster.version, target.version),
      nodegroups: Object.fromEntries(
        config.managedNodeGroups.map((group) => {
          const live = liveGroups(context, group)[0];
          const releaseVersion = group.releaseVersion ?? live?.releaseVersion;
          return [group.name, { instanceTypes: group.instanceTypes, amiType: groupAmiType(group), releaseVersion }];
        }),
      ),
      zones: [...new Set(plannedSubnets(context).map((subnet) => subnet.zone))],
      addons: Object.fromEntries(
        config.addons.map((addon) => {
          const live = facts.addons.find((candidate) => candidate.addonName === addon.name)?.addonVersion;
          const wanted = addonVersion(addon, facts.addonInfos.get(addon.name), upgrade.version);
          return [addon.name, (addon.version === undefined ? (live ?? wanted) : wanted) ?? "none"];
        }),
      ),
    },
    timing: timing(actions),
    planHash: planHash(wished),
  };
}

function roleSpecs(context: ReturnType<typeof createContext>) {
  const { config, facts } = context;
  const hasCni = cniHasOwnRole(context);
  // An adopted cluster keeps the role that it was made with: it cannot be changed.
  const ownsRole = facts.cluster === undefined || facts.roles.some((role) => role.arn === facts.cluster?.roleArn);
  return [
    ...(ownsRole ? [clusterRole(context)] : []),
    autoModeRole(context),
    fargateRole(context),
    hybridRole(context),
    karpenterRole(context, hasCni),
    ...config.managedNodeGroups.map((group) => nodeRole(context, group, hasCni)),
    ...podIdentityRoles(context),
    ...config.capabilities.map((capability, index) => capabilityRole(context, capability, index)),
    ...serviceAccountRoles(context),
    ...config.addons.flatMap((addon) => addonIdentity(context, addon).roles),
  ].filter((spec) => spec !== undefined);
}

/** Findings about a field of the file get its line. */
function placed(finding: Finding, facts: Facts): Finding {
  if (finding.line !== undefined || finding.path === undefined) return finding;
  const place = placeOf(facts.config, finding.path);
  return place === undefined ? finding : { ...finding, ...place };
}

export type PlanStatus = "converged" | "pending" | "in-progress" | "blocked" | "failed";

export function statusOf(plan: Plan): PlanStatus {
  if (plan.findings.some((finding) => finding.level === "fatal")) return "failed";
  if (plan.findings.some((finding) => finding.level === "block")) return "blocked";
  const waits = plan.findings.some((finding) => finding.code === "OUTSIDE_WINDOW");
  if (plan.actions.length === 0) return waits ? "pending" : "converged";
  return plan.actions.every((action) => action.op === "wait") ? "in-progress" : "pending";
}
