import type * as Eks from "@aws-sdk/client-eks";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";

/** Any taggable EKS object by ARN. */
function taggedByArn(world: World, arn: string | undefined): { tags?: Record<string, string> | undefined } {
  for (const record of world.account.clusters.values()) {
    if (record.cluster.arn === arn) return record.cluster;
    const children = [
      ...[...record.nodegroups.values()].map((item) => [item.nodegroupArn, item] as const),
      ...[...record.addons.values()].map((item) => [item.addonArn, item] as const),
      ...[...record.fargateProfiles.values()].map((item) => [item.fargateProfileArn, item] as const),
      ...[...record.accessEntries.values()].map(({ entry }) => [entry.accessEntryArn, entry] as const),
      ...[...record.podIdentityAssociations.values()].map((item) => [item.associationArn, item] as const),
      ...[...record.identityProviders.values()].map((item) => [item.identityProviderConfigArn, item] as const),
      ...[...record.capabilities.values()].map((item) => [item.arn, item] as const),
    ];
    const found = children.find(([childArn]) => childArn === arn);
    if (found !== undefined) return found[1];
  }
  if (!/^arn:aws[a-z-]*:eks:/.test(arn ?? "")) throw fault("BadRequestException", `Invalid ARN: ${arn}`);
  throw fault("NotFoundException", `The resource ${arn} was not found.`, {}, 404);
}

const tagResource = handler<Eks.TagResourceCommandInput, Eks.TagResourceCommandOutput>(({ world }, input) => {
  const resource = taggedByArn(world, input.resourceArn);
  const tags = { ...resource.tags, ...input.tags };
  if (Object.keys(tags).length > 50) throw fault("BadRequestException", "A resource takes at most 50 tags.");
  resource.tags = tags;
  return {};
});

const untagResource = handler<Eks.UntagResourceCommandInput, Eks.UntagResourceCommandOutput>(({ world }, input) => {
  const resource = taggedByArn(world, input.resourceArn);
  const tags = { ...resource.tags };
  for (const key of input.tagKeys ?? []) delete tags[key];
  resource.tags = tags;
  return {};
});

const listTags = handler<Eks.ListTagsForResourceCommandInput, Eks.ListTagsForResourceCommandOutput>(
  ({ world }, input) => ({ tags: { ...taggedByArn(world, input.resourceArn).tags } }),
);

export const tags: Readonly<Record<string, Handler>> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTags,
};
