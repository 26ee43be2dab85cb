import { HOURS_PER_MONTH, toNumber } from "@eks-actions/pricing";
import { fargateItems, fargateRefusal, fargateSize } from "../bill/fargate.ts";
import { missing, solveBoth } from "../bill/nodes.ts";
import type { NodeProblem } from "../bill/pack-input.ts";
import { autoModePools } from "../bill/pools.ts";
import { type CostOptions, lineCost, type SideCost } from "../bill/side-cost.ts";
import type { ClusterReport } from "../report-file/report-model.ts";
import type { ClusterCost } from "./compare.ts";

type Alternatives = ClusterReport["alternatives"];

/** What the same pods would cost on Auto Mode and on Fargate, node cost only. */
export function alternatives(cost: ClusterCost): Alternatives {
  const { base, head, options } = cost;
  if (cost.status === "unchanged" || head?.nodes === undefined) return [];
  const pool = { id: "pool" as const, base: nodeCost(base), head: nodeCost(head) };
  const others = [autoMode(base, head, options), onFargate(base, head, options)].filter((one) => one !== undefined);
  return others.length === 0 ? [] : [pool, ...others];
}

function nodeCost(side: SideCost | undefined): number | null {
  return side?.nodes === undefined ? null : toNumber(BigInt(side.nodes.cost) * 1_000_000n);
}

function autoMode(base: SideCost | undefined, head: SideCost, options: CostOptions): Alternatives[number] | undefined {
  if (head.parts.pools.some(({ isAutoMode }) => isAutoMode)) return undefined;
  const { book, assume, vmMemoryOverhead } = options;
  const pools = autoModePools({
    book,
    assume,
    vmMemoryOverhead,
    config: undefined,
    manifests: [],
    instanceTypes: [],
    autoMode: true,
    where: "",
  });
  if (pools.every(({ types }) => types.length === 0)) return undefined;
  const problem = (side: SideCost | undefined): NodeProblem | undefined =>
    side?.nodes === undefined
      ? undefined
      : {
          ...side.parts.problem,
          pools,
          isDeclared: false,
          packing: "steady",
          pods: side.parts.pods.filter(({ id }) => !side.parts.system.has(id)),
        };
  const solved = solveBoth(problem(base), problem(head));
  if ([solved.base, solved.head].some((answer) => answer !== undefined && missing(answer) > 0)) return undefined;
  const month = (answer: typeof solved.head) =>
    answer === undefined ? null : toNumber(BigInt(answer.cost) * 1_000_000n);
  return { id: "autoMode", base: month(solved.base), head: month(solved.head) };
}

function onFargate(base: SideCost | undefined, head: SideCost, options: CostOptions): Alternatives[number] | undefined {
  if (!options.book.hasService("fargate.x86.vcpu") || !options.book.hasService("fargate.x86.gb")) return undefined;
  const cost = (side: SideCost | undefined): number | null | undefined => {
    if (side?.nodes === undefined) return null;
    const all = side.parts.workloads.filter(({ kind, job }) => kind !== "DaemonSet" && job === undefined);
    if (side.parts.daemonSets.length > 0 || all.some((one) => fargateRefusal(one) !== undefined)) return undefined;
    const sizes = side.parts.pods.map(({ request, count }) => ({ size: fargateSize(request), count }));
    const items = sizes.flatMap(({ size, count }) =>
      size === undefined ? [] : fargateItems(size, HOURS_PER_MONTH * count, options.book),
    );
    return toNumber(lineCost(items));
  };
  const [before, after] = [cost(base), cost(head)];
  return before === undefined || after === undefined ? undefined : { id: "fargate", base: before, head: after };
}
