import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { checkTags, passes } from "./find.ts";

interface Tagged {
  readonly kind: Ec2.ResourceType;
  readonly read: () => Ec2.Tag[];
  readonly write: (tags: Ec2.Tag[]) => void;
}

const kinds = [
  ["vpcs", "vpc"],
  ["subnets", "subnet"],
  ["internetGateways", "internet-gateway"],
  ["egressOnlyInternetGateways", "egress-only-internet-gateway"],
  ["routeTables", "route-table"],
  ["natGateways", "natgateway"],
  ["addresses", "elastic-ip"],
  ["securityGroups", "security-group"],
  ["securityGroupRules", "security-group-rule"],
  ["volumes", "volume"],
  ["vpcEndpoints", "vpc-endpoint"],
  ["keyPairs", "key-pair"],
] as const satisfies readonly (readonly [keyof World["account"]["network"], Ec2.ResourceType])[];

function taggedById(world: World, id: string): Tagged | undefined {
  const { network } = world.account;
  for (const [map, kind] of kinds) {
    const item: { Tags?: Ec2.Tag[] | undefined } | undefined = network[map].get(id);
    if (item !== undefined) {
      return {
        kind,
        read: () => item.Tags ?? [],
        write: (tags) => {
          item.Tags = tags;
        },
      };
    }
  }
  const networkInterface = network.networkInterfaces.get(id);
  if (networkInterface !== undefined) {
    return {
      kind: "network-interface",
      read: () => networkInterface.TagSet ?? [],
      write: (tags) => {
        networkInterface.TagSet = tags;
      },
    };
  }
  const template = network.launchTemplates.get(id);
  if (template === undefined) return undefined;
  return {
    kind: "launch-template",
    read: () => template.tags,
    write: (tags) => {
      template.tags = tags;
    },
  };
}

function resourceById(world: World, id: string): Tagged {
  const found = taggedById(world, id);
  if (found === undefined) throw fault("InvalidID", `The ID '${id}' is not valid`);
  return found;
}

const createTags = handler<Ec2.CreateTagsCommandInput, Ec2.CreateTagsCommandOutput>(({ world }, input) => {
  const resources = (input.Resources ?? []).map((id) => resourceById(world, id));
  for (const resource of resources) {
    const fresh = (input.Tags ?? []).map(({ Key, Value }) => ({ Key, Value: Value ?? "" }));
    const kept = resource.read().filter((tag) => !fresh.some((other) => other.Key === tag.Key));
    checkTags(fresh);
    if (kept.length + fresh.length > 50) throw fault("TagLimitExceeded", "The maximum number of tags was reached: 50.");
    resource.write([...kept, ...fresh]);
  }
  return {};
});

const deleteTags = handler<Ec2.DeleteTagsCommandInput, Ec2.DeleteTagsCommandOutput>(({ world }, input) => {
  for (const id of input.Resources ?? []) {
    const resource = resourceById(world, id);
    const gone = (tag: Ec2.Tag) =>
      (input.Tags ?? []).some(
        (other) => other.Key === tag.Key && (other.Value === undefined || other.Value === tag.Value),
      );
    resource.write(input.Tags === undefined ? [] : resource.read().filter((tag) => !gone(tag)));
  }
  return {};
});

const describeTags = handler<Ec2.DescribeTagsCommandInput, Ec2.DescribeTagsCommandOutput>(({ world }, input) => {
  const { network } = world.account;
  const ids = [
    ...kinds.flatMap(([map]) => [...network[map].keys()]),
    ...network.networkInterfaces.keys(),
    ...network.launchTemplates.keys(),
  ];
  const all = ids.flatMap((id) => {
    const resource = resourceById(world, id);
    return resource.read().map(
      (tag): Ec2.TagDescription => ({
        Key: tag.Key,
        Value: tag.Value,
        ResourceId: id,
        ResourceType: resource.kind,
      }),
    );
  });
  const matching = all.filter((tag) =>
    passes(input.Filters, {
      tags: [{ Key: tag.Key, Value: tag.Value }],
      values: {
        key: [tag.Key],
        value: [tag.Value],
        "resource-id": [tag.ResourceId],
        "resource-type": [tag.ResourceType],
      },
    }),
  );
  const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 1000 }, () =>
    fault("InvalidParameterValue", "The token is not valid"),
  );
  return { Tags: result.items, ...(result.next === undefined ? {} : { NextToken: result.next }) };
});

export const tags: Readonly<Record<string, Handler>> = {
  CreateTags: createTags,
  DeleteTags: deleteTags,
  DescribeTags: describeTags,
};
