import type { Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { tagsOf } from "../plan/tags.ts";

export function logGroupName(cluster: string): string {
  return `/aws/eks/${cluster}/cluster`;
}

/** How long control plane logs are kept. EKS makes the group with its first line; we may be earlier. */
export function planLogRetention(context: Context): Step {
  const { config, facts } = context;
  const days = config.cloudWatch.logRetentionInDays;
  if (days === undefined || config.cloudWatch.enableTypes.length === 0) return { actions: [] };
  const name = logGroupName(config.metadata.name);
  const target = { kind: "LogGroup", name };
  if (facts.logGroup?.retentionInDays === days) return { actions: [], unchanged: [target] };
  return {
    actions: [
      create({
        part: "log-group",
        op: facts.logGroup === undefined ? "create" : "update",
        target,
        class: "P",
        after: ["cluster"],
        calls: [
          ...(facts.logGroup === undefined
            ? [
                {
                  service: "logs",
                  operation: "CreateLogGroup",
                  args: { logGroupName: name, tags: tagsOf(context.ownership, "log-group", {}) },
                } as const,
              ]
            : []),
          { service: "logs", operation: "PutRetentionPolicy", args: { logGroupName: name, retentionInDays: days } },
        ],
        changes: [
          {
            path: "cloudWatch.clusterLogging.logRetentionInDays",
            from: facts.logGroup?.retentionInDays ?? null,
            to: days,
            origin: "config",
          },
        ],
      }),
    ],
  };
}
