import type { Durations } from "../../fakes/aws/durations.ts";
import { addonDuration } from "./floor.ts";
import type { Scenario } from "./scenarios.ts";

/**
 * eksctl's waits one after another, on the same durations: a stack for the cluster (40 s more than the cluster), 6 × 20 s
 * for the API server, a stack for all node groups (25 s more), then add-on after add-on, a role's stack (25 s) before it
 * where it has one. Stacks and add-ons are looked at after 30, 60, 120, 180 … and 30, 60, 90 … s.
 * https://github.com/eksctl-io/eksctl/blob/main/pkg/cfn/waiter/stack.go , pkg/eks/client.go , pkg/actions/addon/tasks.go
 */
export function eksctlSeconds(scenario: Scenario, durations: Durations): number {
  const cluster = seenStack(durations("clusterCreate", "shop") + 40) + 120;
  const nodes = scenario.nodegroups.map((name) => seenStack(25 + durations("nodegroupCreate", name)));
  const addons = scenario.later.map(({ addon, hasRole }) => {
    const role = hasRole ? seenStack(25) : 0;
    return role + Math.ceil(durations(addonDuration(addon), addon) / 30) * 30;
  });
  return cluster + Math.max(0, ...nodes) + addons.reduce((sum, seconds) => sum + seconds, 0);
}

function seenStack(seconds: number): number {
  if (seconds <= 30) return 30;
  return seconds <= 60 ? 60 : Math.ceil(seconds / 60) * 60;
}
