import type { EksPodIdentity } from "@eks-actions/aws";
import type { PodIdentityAssociation } from "@eks-actions/cluster-config";
import type { Action, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { compare, type FieldPair } from "../plan/diff.ts";
import { APPLIED, retag, tagsOf, userTags } from "../plan/tags.ts";
import { ref, resolve } from "../plan/value.ts";
import { identityPart, podIdentityRole } from "./desired-roles.ts";
import type { RoleSpec } from "./roles.ts";

/** Roles that the file's associations need, in their order. */
export function podIdentityRoles(context: Context): readonly RoleSpec[] {
  return context.config.iam.podIdentityAssociations.flatMap((entry, index) =>
    entry.roleARN === undefined
      ? [podIdentityRole(context, entry, rolePart(entry), `iam.podIdentityAssociations[${index}]`)]
      : [],
  );
}

function rolePart(entry: PodIdentityAssociation): string {
  return identityPart("role-pia", entry.namespace, entry.serviceAccountName);
}

export function planPodIdentities(context: Context): Step {
  const { config, facts } = context;
  const listed = config.iam.podIdentityAssociations;
  const steps = listed.map((entry, index) => planAssociation(context, entry, index));
  const owned = facts.addons.flatMap((addon) => addon.podIdentityAssociations ?? []);
  const extra = facts.podIdentities.filter(
    (live) =>
      live.ownerArn === undefined &&
      !owned.includes(live.associationArn ?? "") &&
      !listed.some((entry) => entry.namespace === live.namespace && entry.serviceAccountName === live.serviceAccount),
  );
  const isOurs = (live: EksPodIdentity) => partOf(context.ownership.cluster, live.tags ?? {}) !== undefined;
  const remove = context.inputs.unmanaged === "delete";
  return {
    actions: [
      ...steps.flatMap((step) => step.actions),
      ...(remove ? extra.filter(isOurs).map((live) => deleteAssociation(live, [], ["delete-pod-identity"])) : []),
    ],
    unchanged: steps.flatMap((step) => step.unchanged ?? []),
    unmanaged: extra.map((live) => ({
      kind: "PodIdentity",
      name: `${live.namespace}/${live.serviceAccount}`,
      orphan: isOurs(live),
      note: live.roleArn ?? "",
    })),
  };
}

function planAssociation(context: Context, entry: PodIdentityAssociation, index: number): Step {
  const { facts, known, ownership } = context;
  const part = identityPart("pia", entry.namespace, entry.serviceAccountName);
  const target = { kind: "PodIdentity", name: `${entry.namespace}/${entry.serviceAccountName}` };
  const role = entry.roleARN ?? ref(rolePart(entry), "arn");
  const live = facts.podIdentities.find(
    (candidate) => candidate.namespace === entry.namespace && candidate.serviceAccount === entry.serviceAccountName,
  );
  const pair = (name: string, desired: unknown, value: unknown): FieldPair => ({
    path: `podIdentityAssociations[${target.name}].${name}`,
    source: `iam.podIdentityAssociations[${index}].${name}`,
    class: "P",
    desired,
    live: value,
  });
  const pairs = [
    pair("roleARN", resolve(role, known), live?.roleArn),
    pair("targetRoleARN", entry.targetRoleARN, live?.targetRoleArn),
    pair("disableSessionTags", entry.disableSessionTags, live?.disableSessionTags ?? false),
    pair("policy", entry.policy, live?.policy),
    pair("tags", { ...ownership.common, ...entry.tags }, userTags(live?.tags)),
  ];
  const settings = {
    roleArn: role,
    ...(entry.disableSessionTags ? { disableSessionTags: true } : {}),
    ...(entry.targetRoleARN === undefined ? {} : { targetRoleArn: entry.targetRoleARN }),
    ...(entry.policy === undefined ? {} : { policy: entry.policy }),
  };
  const after = ["cluster", ...(entry.roleARN === undefined ? [rolePart(entry)] : [])];
  if (live === undefined) {
    const fields = Object.fromEntries(pairs.map(({ path, desired }) => [path, desired ?? null]));
    const args = {
      clusterName: ownership.cluster,
      namespace: entry.namespace,
      serviceAccount: entry.serviceAccountName,
      ...settings,
      tags: tagsOf(ownership, part, fields, entry.tags),
    };
    return {
      actions: [
        create({
          part,
          op: "create",
          target,
          after,
          calls: [{ service: "eks", operation: "CreatePodIdentityAssociation", args }],
        }),
      ],
    };
  }
  const comparison = compare(context.config, pairs, live.tags?.[APPLIED]);
  if (comparison.changed.length === 0) return { actions: [], unchanged: [target] };
  const tagsOnly = comparison.changed.every(({ path }) => path.endsWith(".tags"));
  const action = create({
    part,
    op: "update",
    target,
    class: "P",
    after,
    calls: [
      ...(tagsOnly
        ? []
        : [
            {
              service: "eks",
              operation: "UpdatePodIdentityAssociation",
              args: {
                clusterName: ownership.cluster,
                associationId: live.associationId,
                ...settings,
                disableSessionTags: entry.disableSessionTags,
              },
            } as const,
          ]),
      ...retag(live.associationArn, live.tags, { ...ownership.common, ...entry.tags }, comparison.fields),
    ],
    changes: comparison.changes,
  });
  return { actions: [action] };
}

export function deleteAssociation(live: EksPodIdentity, after: readonly string[], needs: Action["needs"]): Action {
  return create({
    part: `pia-gone-${live.associationId}`,
    op: "delete",
    target: { kind: "PodIdentity", name: `${live.namespace}/${live.serviceAccount}` },
    destructive: true,
    needs,
    after,
    calls: [
      {
        service: "eks",
        operation: "DeletePodIdentityAssociation",
        args: { clusterName: live.clusterName, associationId: live.associationId },
      },
    ],
  });
}
