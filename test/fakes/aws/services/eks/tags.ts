import type * as Eks from "@aws-sdk/client-eks";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { type Tagged, taggedByArn } from "./tagged.ts";

function resourceOf(world: World, arn: string | undefined): Tagged {
  const found = taggedByArn(world.account, arn);
  if (found !== undefined) return found;
  if (!/^arn:aws[a-z-]*:eks:/.test(arn ?? "")) throw fault("BadRequestException", `Invalid ARN: ${arn}`);
  throw fault("NotFoundException", `The resource ${arn} was not found.`, {}, 404);
}

const tagResource = handler<Eks.TagResourceCommandInput, Eks.TagResourceCommandOutput>(({ world }, input) => {
  const resource = resourceOf(world, input.resourceArn);
  const tags = { ...resource.tags, ...input.tags };
  if (Object.keys(tags).length > 50) throw fault("BadRequestException", "A resource takes at most 50 tags.");
  resource.tags = tags;
  return {};
});

const untagResource = handler<Eks.UntagResourceCommandInput, Eks.UntagResourceCommandOutput>(({ world }, input) => {
  const resource = resourceOf(world, input.resourceArn);
  const tags = { ...resource.tags };
  for (const key of input.tagKeys ?? []) delete tags[key];
  resource.tags = tags;
  return {};
});

const listTags = handler<Eks.ListTagsForResourceCommandInput, Eks.ListTagsForResourceCommandOutput>(
  ({ world }, input) => ({ tags: { ...resourceOf(world, input.resourceArn).tags } }),
);

export const tags: Readonly<Record<string, Handler>> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTags,
};
