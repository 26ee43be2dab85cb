import type { Call } from "./action.ts";

/** Keys under which the action keeps what it must remember; nothing else is stored anywhere. */
export const OWNER = "eks-actions/owner";
export const PART = "eks-actions/part";
export const APPLIED = "eks-actions/applied";
export const CONFIG_HASH = "eks-actions/config-hash";
export const LEASE = "eks-actions/lease";

export type Tags = Readonly<Record<string, string>>;

export interface Ownership {
  readonly owner: string;
  readonly cluster: string;
  /** `metadata.tags` of the file. */
  readonly common: Tags;
}

/** Tags of one part. `fields` are what the part's `applied` hash covers; references in them are resolved when sent. */
export function tagsOf(
  ownership: Ownership,
  part: string,
  fields: unknown,
  own: Tags = {},
): Readonly<Record<string, unknown>> {
  return {
    ...ownership.common,
    ...own,
    [OWNER]: ownership.owner,
    [PART]: `${ownership.cluster}/${part}`,
    [APPLIED]: { hashOf: fields },
  };
}

/** As EC2 wants them, with a Name for its console. */
export function ec2Tags(tags: Readonly<Record<string, unknown>>, name?: string): readonly unknown[] {
  const all = name === undefined || "Name" in tags ? tags : { ...tags, Name: name };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

export function tagSpecification(
  resource: string,
  tags: Readonly<Record<string, unknown>>,
  name?: string,
): readonly unknown[] {
  return [{ ResourceType: resource, Tags: ec2Tags(tags, name) }];
}

/** As IAM wants them. */
export function iamTags(tags: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** EC2's list of tags as a record. */
export function readTags(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}

/** Brings the tags of an EKS object to the wanted ones, together with the hash of what was applied. */
export function retag(
  resourceArn: string | undefined,
  live: Tags | undefined,
  wanted: Tags,
  fields: unknown,
): readonly Call[] {
  const removed = Object.keys(userTags(live)).filter((key) => !(key in wanted));
  const tags = { ...wanted, [APPLIED]: { hashOf: fields } };
  return [
    { service: "eks", operation: "TagResource", args: { resourceArn, tags } },
    ...(removed.length === 0
      ? []
      : [{ service: "eks", operation: "UntagResource", args: { resourceArn, tagKeys: removed } } as const]),
  ];
}

/** The user's own tags: neither ours nor AWS's. */
export function userTags(tags: Tags | undefined): Tags {
  return Object.fromEntries(
    Object.entries(tags ?? {}).filter(([key]) => !key.startsWith("eks-actions/") && !key.startsWith("aws:")),
  );
}
