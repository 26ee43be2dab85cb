import { identityPart } from "../access/desired-roles.ts";
import type { RoleSpec } from "../access/roles.ts";
import type { Action, Step, Target } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { rolePath } from "../plan/names.ts";
import { iamTags, OWNER, PART, type Tags } from "../plan/tags.ts";

interface Found {
  readonly part: string;
  readonly target: Target;
  readonly arn: string | undefined;
  readonly tags: Tags | undefined;
}

/**
 * Objects that are the file's by name and carry no owner: something else made them, or their tags were stripped. With
 * consent they are tagged as ours, and nothing of them is made twice.
 */
export function adoptParts(context: Context, specs: readonly RoleSpec[]): Step {
  const { status, tags } = context.facts.cluster ?? {};
  if (status === undefined || status === "CREATING" || status === "DELETING") return { actions: [] };
  if (tags?.[OWNER] !== undefined && tags[OWNER] !== context.ownership.owner) return { actions: [] };
  return {
    actions: [
      ...parts(context)
        .filter((found) => found.tags?.[OWNER] === undefined)
        .map((found) => adopt(context, found)),
      ...specs.flatMap((spec) => adoptRole(context, spec)),
    ],
  };
}

/** What others refer to in a role is known only once it is ours again: until then nothing but adoptions is planned. */
export function adoptedFirst(actions: readonly Action[]): readonly Action[] {
  const adoptions = actions.filter((action) => action.op === "adopt");
  return adoptions.some((action) => action.target.kind === "Role") ? adoptions : actions;
}

/** True for a role at our own path and name whose tags are gone. */
export function isStripped(context: Context, spec: RoleSpec): boolean {
  const live = context.facts.roles.find((role) => role.name === spec.name);
  return live?.path === rolePath(context.ownership.cluster) && live.tags[OWNER] === undefined;
}

function parts({ facts, config }: Context): readonly Found[] {
  return [
    ...facts.nodegroups
      .filter((live) => config.managedNodeGroups.some((group) => group.name === live.nodegroupName))
      .map(({ nodegroupName: name = "", nodegroupArn: arn, tags }) => ({
        part: `ng-${name}`,
        target: { kind: "NodeGroup", name },
        arn,
        tags,
      })),
    ...facts.addons
      .filter((live) => config.addons.some((addon) => addon.name === live.addonName))
      .map(({ addonName: name = "", addonArn: arn, tags }) => ({
        part: `addon-${name}`,
        target: { kind: "Addon", name },
        arn,
        tags,
      })),
    ...facts.fargateProfiles
      .filter((live) => config.fargateProfiles.some((profile) => profile.name === live.fargateProfileName))
      .map(({ fargateProfileName: name = "", fargateProfileArn: arn, tags }) => ({
        part: `fargate-${name}`,
        target: { kind: "FargateProfile", name },
        arn,
        tags,
      })),
    ...facts.podIdentities
      .filter((live) =>
        config.iam.podIdentityAssociations.some(
          (wanted) => wanted.namespace === live.namespace && wanted.serviceAccountName === live.serviceAccount,
        ),
      )
      .map(({ namespace = "", serviceAccount = "", associationArn: arn, tags }) => ({
        part: identityPart("pia", namespace, serviceAccount),
        target: { kind: "PodIdentity", name: `${namespace}/${serviceAccount}` },
        arn,
        tags,
      })),
  ];
}

function adopt({ ownership }: Context, { part, target, arn }: Found): Action {
  return create({
    part,
    suffix: "owner",
    op: "adopt",
    target,
    class: "P",
    needs: ["adopt"],
    calls: [{ service: "eks", operation: "TagResource", args: { resourceArn: arn, tags: ours(ownership, part) } }],
  });
}

function adoptRole(context: Context, spec: RoleSpec): readonly Action[] {
  if (!isStripped(context, spec)) return [];
  const Tags = iamTags({ ...context.ownership.common, ...spec.tags, ...ours(context.ownership, spec.part) });
  return [
    create({
      part: spec.part,
      suffix: "owner",
      op: "adopt",
      target: { kind: "Role", name: spec.name },
      class: "P",
      needs: ["adopt"],
      calls: [{ service: "iam", operation: "TagRole", args: { RoleName: spec.name, Tags } }],
    }),
  ];
}

function ours(ownership: Context["ownership"], part: string): Tags {
  return { [OWNER]: ownership.owner, [PART]: `${ownership.cluster}/${part}` };
}
