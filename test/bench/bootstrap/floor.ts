import { type DurationName, type Durations, durationTable } from "../../fakes/aws/durations.ts";
import type { Scenario } from "./scenarios.ts";

/** One thing to wait for: it begins when all it needs is there. Virtual seconds. */
interface Step {
  readonly needs: readonly string[];
  readonly seconds: number;
}

/**
 * The longest path through what AWS itself demands: each edge one write, no poll, no read. It knows nothing of the
 * scheduler and shares no code with it.
 */
export function floorSeconds(scenario: Scenario, kind: "bench" | "range", durations: Durations): number {
  const steps = graph(scenario, durations, quickestOf(kind));
  const ends = new Map<string, number>();
  const endOf = (name: string): number => {
    const known = ends.get(name);
    if (known !== undefined) return known;
    const step = steps.get(name);
    if (step === undefined) throw new Error(`no step ${name}`);
    const end = Math.max(0, ...step.needs.map(endOf)) + step.seconds;
    ends.set(name, end);
    return end;
  };
  return Math.max(...[...steps.keys()].map(endOf));
}

/** What is drawn anew for each request: a bound has to take the best. */
interface Quickest {
  readonly iam: number;
  readonly ec2: number;
  readonly eks: number;
  readonly roleUsable: number;
}

function quickestOf(kind: "bench" | "range"): Quickest {
  const least = (name: DurationName) => (kind === "bench" ? durationTable[name].bench : durationTable[name].range[0]);
  return {
    iam: least("requestIamWrite"),
    ec2: least("requestEc2Write"),
    eks: least("requestEksWrite"),
    roleUsable: least("roleUsable"),
  };
}

function graph(scenario: Scenario, durations: Durations, quickest: Quickest): ReadonlyMap<string, Step> {
  const { iam, ec2, eks, roleUsable } = quickest;
  const role = 2 * iam + roleUsable;
  const steps = new Map<string, Step>([
    ["cluster role", { needs: [], seconds: role }],
    ["node role", { needs: [], seconds: role }],
    ["VPC", { needs: [], seconds: ec2 }],
    ["subnets", { needs: ["VPC"], seconds: ec2 }],
    ["gateway", { needs: ["VPC"], seconds: 2 * ec2 }],
    ["NAT", { needs: ["subnets", "gateway"], seconds: 2 * ec2 + durations("natAvailable", "floor") }],
    ["routes", { needs: ["NAT"], seconds: ec2 }],
    ["cluster", { needs: ["cluster role", "subnets"], seconds: eks + durations("clusterCreate", "shop") }],
    ["vpc-cni", { needs: ["cluster"], seconds: eks }],
  ]);
  const nodes = scenario.nodegroups.map((name) => ({ name, seconds: durations("nodegroupCreate", name) }));
  for (const { name, seconds } of nodes) {
    steps.set(`nodes ${name}`, { needs: ["vpc-cni", "node role", "routes"], seconds: eks + seconds });
  }
  // One Ready node is enough for an add-on's pods.
  const [first] = nodes.toSorted((a, b) => a.seconds - b.seconds);
  for (const addon of scenario.deployments) {
    const seconds = durations(addonDuration(addon), addon);
    const created = `create ${addon}`;
    steps.set(created, { needs: ["cluster"], seconds: eks });
    steps.set(`addon ${addon}`, { needs: [created, ...(first === undefined ? [] : [`nodes ${first.name}`])], seconds });
  }
  return steps;
}

export function addonDuration(addon: string): DurationName {
  return addon === "coredns" ? "addonCoredns" : "addonOther";
}
