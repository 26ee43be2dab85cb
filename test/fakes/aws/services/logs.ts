import type * as Logs from "@aws-sdk/client-cloudwatch-logs";
import { fault } from "../fault.ts";
import type { LogGroup } from "../state.ts";
import { type Handler, handler, page, type World } from "../world.ts";

const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Puts a log group into the account, as EKS does when control plane logging is on. */
export function putLogGroup(world: World, name: string, tags: Readonly<Record<string, string>> = {}): LogGroup {
  const { partition, region, id } = world.account;
  const group: LogGroup = {
    name,
    arn: `arn:${partition}:logs:${region}:${id}:log-group:${name}`,
    createdAt: world.agenda.now(),
    tags: new Map(Object.entries(tags)),
  };
  world.account.logGroups.set(name, group);
  return group;
}

function groupOf(world: World, name: string | undefined): LogGroup {
  const group = world.account.logGroups.get(name ?? "");
  if (group === undefined) throw fault("ResourceNotFoundException", "The specified log group does not exist.");
  return group;
}

const describeLogGroups = handler<Logs.DescribeLogGroupsCommandInput, Logs.DescribeLogGroupsCommandOutput>(
  ({ world }, input) => {
    const matching = [...world.account.logGroups.values()]
      .filter((group) => group.name.startsWith(input.logGroupNamePrefix ?? ""))
      .filter((group) => input.logGroupNamePattern === undefined || group.name.includes(input.logGroupNamePattern))
      .toSorted((a, b) => a.name.localeCompare(b.name));
    const result = page(world, matching, { size: input.limit, token: input.nextToken, max: 50 });
    return {
      logGroups: result.items.map((group) => ({
        logGroupName: group.name,
        creationTime: group.createdAt,
        metricFilterCount: 0,
        arn: `${group.arn}:*`,
        storedBytes: 0,
        logGroupClass: "STANDARD",
        logGroupArn: group.arn,
        ...(group.retentionInDays === undefined ? {} : { retentionInDays: group.retentionInDays }),
      })),
      ...(result.next === undefined ? {} : { nextToken: result.next }),
    };
  },
);

const putRetentionPolicy = handler<Logs.PutRetentionPolicyCommandInput, Logs.PutRetentionPolicyCommandOutput>(
  ({ world }, input) => {
    const group = groupOf(world, input.logGroupName);
    if (!retentions.includes(input.retentionInDays ?? 0)) {
      throw fault("InvalidParameterException", "Invalid retentionInDays value, must be in [1, 3, 5, 7, 14, 30, …]");
    }
    group.retentionInDays = input.retentionInDays;
    return {};
  },
);

const createLogGroup = handler<Logs.CreateLogGroupCommandInput, Logs.CreateLogGroupCommandOutput>(
  ({ world }, input) => {
    const name = input.logGroupName ?? "";
    if (world.account.logGroups.has(name)) {
      throw fault("ResourceAlreadyExistsException", "The specified log group already exists");
    }
    putLogGroup(world, name, input.tags);
    return {};
  },
);

const deleteLogGroup = handler<Logs.DeleteLogGroupCommandInput, Logs.DeleteLogGroupCommandOutput>(
  ({ world }, input) => {
    groupOf(world, input.logGroupName);
    world.account.logGroups.delete(input.logGroupName ?? "");
    return {};
  },
);

/** CloudWatch Logs: log groups and their retention. */
export const logs: Readonly<Record<string, Handler>> = {
  DescribeLogGroups: describeLogGroups,
  PutRetentionPolicy: putRetentionPolicy,
  CreateLogGroup: createLogGroup,
  DeleteLogGroup: deleteLogGroup,
};
