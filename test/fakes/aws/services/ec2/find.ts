import type { Filter, Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { matchesPattern } from "../../policy/conditions.ts";
import { page, type World } from "../../world.ts";

/** `vpc-0…` with 17 hex digits. */
export function newId(world: World, prefix: string): string {
  return `${prefix}-0${world.random.hex(`ec2-id|${prefix}`, 16)}`;
}

/** A new object may stay invisible for a moment: EC2's eventual consistency. Two of three are seen at once. */
export function appear(world: World, id: string): void {
  const isLate = world.random.draw(`ec2-late|${id}`) > 0.67;
  if (isLate) world.account.network.visibleAt.set(id, world.agenda.now() + world.durations("ec2Visible", id) * 1000);
}

export function isVisible(world: World, id: string): boolean {
  return (world.account.network.visibleAt.get(id) ?? 0) <= world.agenda.now();
}

/** The object of that id, or EC2's NotFound error. */
export function findById<Item>(
  world: World,
  items: ReadonlyMap<string, Item>,
  id: string | undefined,
  code: string,
  noun: string,
): Item {
  const item = items.get(id ?? "");
  if (item === undefined || !isVisible(world, id ?? "")) throw fault(code, `The ${noun} ID '${id}' does not exist`);
  return item;
}

export function dependencyViolation(message: string): Error {
  return fault("DependencyViolation", message);
}

/** Tags of a create call for the given resource type; a specification for another type is refused as by EC2. */
export function tagsFor(specifications: readonly TagSpecification[] | undefined, resourceType: string): Tag[] {
  const tags: Tag[] = [];
  for (const specification of specifications ?? []) {
    if (specification.ResourceType !== resourceType) {
      throw fault(
        "InvalidParameterValue",
        `'${specification.ResourceType}' is not a valid taggable resource type for this operation.`,
      );
    }
    tags.push(...(specification.Tags ?? []));
  }
  checkTags(tags);
  return tags.map(({ Key, Value }) => ({ Key, Value: Value ?? "" }));
}

export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > 50) throw fault("TagLimitExceeded", "The maximum number of tags was reached: 50.");
  const reserved = tags.find((tag) => tag.Key?.toLowerCase().startsWith("aws:"));
  if (reserved !== undefined) {
    throw fault("InvalidParameterValue", `Tag keys starting with 'aws:' are reserved for internal use`);
  }
  const long = tags.find((tag) => (tag.Key ?? "").length > 127 || (tag.Value ?? "").length > 255);
  if (long !== undefined) throw fault("InvalidParameterValue", `Tag key or value is too long: ${long.Key}`);
}

/** Values that filters see, by filter name; `tag:*` and `tag-key` come from the tags. */
export interface Filterable {
  readonly tags: readonly Tag[];
  readonly values: Readonly<Record<string, readonly (string | undefined)[]>>;
}

/** Filters AND, values OR, `*` and `?` as wildcards; an unknown filter name is refused. */
export function passes(filters: readonly Filter[] | undefined, subject: Filterable): boolean {
  return (filters ?? []).every((filter) => {
    const given = valuesOf(filter.Name ?? "", subject);
    return (filter.Values ?? []).some((pattern) =>
      given.some((value) => value !== undefined && matchesPattern(pattern, value)),
    );
  });
}

function valuesOf(name: string, subject: Filterable): readonly (string | undefined)[] {
  if (name.startsWith("tag:")) {
    return subject.tags.filter((tag) => tag.Key === name.slice(4)).map((tag) => tag.Value ?? "");
  }
  if (name === "tag-key") return subject.tags.map((tag) => tag.Key);
  const values = subject.values[name];
  if (values === undefined) throw fault("InvalidParameterValue", `The filter '${name}' is invalid`);
  return values;
}

export interface DescribeRequest {
  readonly Filters?: readonly Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
  /** For the few lists that EC2 answers in one piece. */
  readonly isUnpaged?: boolean | undefined;
}

/** The common part of every Describe: ids, filters, pages. Items must be in the state's own order. */
export function describeMany<Item>(
  world: World,
  items: ReadonlyMap<string, Item>,
  ids: readonly string[] | undefined,
  request: DescribeRequest,
  rules: { readonly code: string; readonly noun: string; readonly filterable: (item: Item) => Filterable },
): { readonly items: Item[]; readonly NextToken?: string } {
  if (ids !== undefined && ids.length > 0 && request.MaxResults !== undefined) {
    throw fault("InvalidParameterCombination", "The parameter IDs cannot be used with the parameter maxResults");
  }
  const { MaxResults: size } = request;
  if (size !== undefined && (size < 5 || size > 1000)) {
    throw fault(
      "InvalidParameterValue",
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  }
  const wanted =
    ids === undefined || ids.length === 0
      ? visible(world, items)
      : ids.map((id) => findById(world, items, id, rules.code, rules.noun));
  const matching = wanted.filter((item) => passes(request.Filters, rules.filterable(item)));
  if (request.isUnpaged === true || (ids !== undefined && ids.length > 0)) return { items: structuredClone(matching) };
  const result = page(world, matching, { size: request.MaxResults, token: request.NextToken, max: 1000 }, () =>
    fault("InvalidParameterValue", "The token is not valid"),
  );
  return { items: structuredClone(result.items), ...(result.next === undefined ? {} : { NextToken: result.next }) };
}

function visible<Item>(world: World, items: ReadonlyMap<string, Item>): Item[] {
  return [...items].filter(([id]) => isVisible(world, id)).map(([, item]) => item);
}
