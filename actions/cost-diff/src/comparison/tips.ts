import { formatBytes, formatMillis } from "@eks-actions/manifest";
import { HOURS_PER_MONTH, type InstanceType, times, toNumber } from "@eks-actions/pricing";
import { missing, type NodeAnswer, solveNodes } from "../bill/nodes.ts";
import type { NodeProblem } from "../bill/pack-input.ts";
import type { Pool } from "../bill/pools.ts";
import type { SideCost } from "../bill/side-cost.ts";
import type { TipReport } from "../report-file/report-model.ts";
import type { ClusterCost } from "./compare.ts";

const MAX_TIPS = 5;
const LEAST = 1;
/** Each tip packs head anew; large clusters get those that need no search, the largest those that need no packing. */
const SEARCH_PODS = 400;
const REPACK_PODS = 1500;

/** Ways to pay less for head, each by itself: they do not add up. */
export function tips(cost: ClusterCost): readonly TipReport[] {
  const { head } = cost;
  if (head === undefined || cost.status === "unchanged") return [];
  const found = [...nodeTips(cost, head), ...fixedTips(cost, head)];
  return found
    .filter(({ saves }) => saves > LEAST)
    .sort((a, b) => b.saves - a.saves || (a.code < b.code ? -1 : 1))
    .slice(0, MAX_TIPS);
}

function nodeTips(cost: ClusterCost, head: SideCost): readonly TipReport[] {
  const { nodes, parts } = head;
  if (nodes === undefined || missing(nodes) > 0) return [];
  const pods = parts.pods.reduce((sum, { count }) => sum + count, 0);
  if (pods > REPACK_PODS) return [];
  const saved = (problem: NodeProblem): { saves: number; on: string } => {
    const answer = solveNodes(problem, nodes.packed);
    if (missing(answer) > 0) return { saves: 0, on: "" };
    return {
      saves: (nodes.cost - answer.cost) / 1e6,
      on: answer.counts.map(({ count, type }) => `${count} × ${type}`).join(", "),
    };
  };
  const tip = (code: TipReport["code"], { saves, on }: { saves: number; on: string }): TipReport => ({
    code,
    saves: Math.round(saves * 1e6) / 1e6,
    args: { nodes: on.slice(0, 200) },
  });
  const list: TipReport[] = [];
  const arm = parts.pools.map((pool) => armPool(pool, cost));
  if (arm.some((pool, i) => pool !== parts.pools[i])) {
    const context = { ...parts.problem.context, defaultArch: "arm64" as const };
    list.push(tip("ARM64", saved({ ...parts.problem, pools: arm, context })));
  }
  const wide = parts.pools.map((pool) => widePool(pool, cost));
  if (wide.some((pool, i) => pool !== parts.pools[i]))
    list.push(tip("WIDER_TYPES", saved({ ...parts.problem, pools: wide })));
  const spot = parts.pools.map((pool) => spotPool(pool, cost));
  if (spot.some((pool, i) => pool !== parts.pools[i])) list.push(tip("SPOT", saved({ ...parts.problem, pools: spot })));
  return pods > SEARCH_PODS ? list : [...list, ...lowerRequests(cost, head)];
}

/** The same sizes with Graviton: the cheapest type of equal category, vCPU and memory. */
function armPool(pool: Pool, { options }: ClusterCost): Pool {
  if (pool.types.some(({ arch }) => arch === "arm64")) return pool;
  const { book } = options;
  const siblings = new Map<string, InstanceType>();
  for (const type of pool.types) {
    const [best] = book.offered
      .flatMap((name) => factsOrNothing(name, book))
      .filter(
        (other) =>
          other.arch === "arm64" &&
          other.category === type.category &&
          other.vcpu === type.vcpu &&
          other.memoryMib === type.memoryMib &&
          !other.isMetal,
      )
      .sort((a, b) => Number(book.ec2(a.name).price - book.ec2(b.name).price));
    if (best !== undefined) siblings.set(best.name, best);
  }
  return siblings.size === 0 ? pool : { ...pool, types: [...siblings.values()] };
}

function factsOrNothing(name: string, book: ClusterCost["options"]["book"]): readonly InstanceType[] {
  return book.hasFacts(name) ? [book.facts(name)] : [];
}

/** Every c, m and r type of the pool's arch from generation 5 on. */
function widePool(pool: Pool, { options }: ClusterCost): Pool {
  if (pool.isNamed || pool.isAutoMode) return pool;
  const arch = pool.types[0]?.arch;
  const types = options.book.offered
    .flatMap((name) => factsOrNothing(name, options.book))
    .filter((type) => type.arch === arch && /^[cmr]$/.test(type.category) && type.generation >= 5 && !type.isMetal);
  return types.length <= pool.types.length ? pool : { ...pool, types };
}

function spotPool(pool: Pool, { options }: ClusterCost): Pool {
  const isPriced = pool.types.some(({ name }) => options.book.hasSpot(name));
  return !isPriced || pool.capacityTypes.includes("spot") ? pool : { ...pool, capacityTypes: ["spot"] };
}

/** The smallest cut, by at most a third, of one changed workload's request that makes the nodes cheaper. */
function lowerRequests(cluster: ClusterCost, head: SideCost): readonly TipReport[] {
  const { nodes, parts } = head;
  if (nodes === undefined) return [];
  const before = new Map(
    cluster.base?.parts.workloads.map((one) => [one.id, JSON.stringify([one.replicas, one.request])]),
  );
  const changed = parts.pods
    .filter(({ id }) => !parts.system.has(id))
    .filter((pod) => before.get(pod.id) !== JSON.stringify([pod.count, pod.request]))
    .slice(0, 3);
  return changed.flatMap((pod) =>
    (["cpu", "memory"] as const).flatMap((resource): readonly TipReport[] => {
      const now = pod.request[resource] ?? 0;
      const step = resource === "cpu" ? 5 : 16 * 2 ** 20;
      if (now < 3 * step) return [];
      const answerAt = (value: number): NodeAnswer => {
        const pods = parts.problem.pods.map((one) =>
          one.id === pod.id ? { ...one, request: { ...one.request, [resource]: value } } : one,
        );
        return solveNodes({ ...parts.problem, pods }, nodes.packed);
      };
      const isCheaper = (answer: NodeAnswer) => missing(answer) === 0 && answer.cost < nodes.cost;
      const lowest = Math.ceil((now * 2) / 3 / step) * step;
      let best = lowest < now ? answerAt(lowest) : nodes;
      if (!isCheaper(best)) return [];
      let [low, high] = [lowest / step, Math.ceil(now / step)];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        const answer = answerAt(middle * step);
        if (isCheaper(answer)) [low, best] = [middle, answer];
        else high = middle;
      }
      const show = resource === "cpu" ? formatMillis : formatBytes;
      const count = best.counts.reduce((sum, one) => sum + one.count, 0);
      return [
        {
          code: "LOWER_REQUEST",
          saves: Math.round(nodes.cost - best.cost) / 1e6,
          args: {
            workload: pod.id.slice(0, 256),
            resource: resource === "cpu" ? "CPU" : "memory",
            from: show(now),
            to: show(low * step),
            count: String(count),
          },
        },
      ];
    }),
  );
}

/** Tips that need no packing. */
function fixedTips({ options, spec }: ClusterCost, head: SideCost): readonly TipReport[] {
  const { book, zones } = options;
  const list: TipReport[] = [];
  const month = (key: string, count: number) => toNumber(times(book.service(key).price, HOURS_PER_MONTH * count));
  if (head.parts.isNatRedundant) {
    list.push({
      code: "NAT_SINGLE",
      saves: month("nat.hour", zones - 1) + month("vpc.publicIpv4", zones - 1),
      args: { cluster: spec.name },
    });
  }
  if (head.parts.control.support === "extended") {
    list.push({
      code: "UPGRADE",
      saves: month("eks.extendedSupport", 1),
      args: { version: head.parts.control.version },
    });
  }
  if (head.parts.gp2Gib > 0) {
    const saves = toNumber(
      times(book.service("ebs.gp2.gb").price - book.service("ebs.gp3.gb").price, head.parts.gp2Gib),
    );
    list.push({ code: "GP3", saves, args: { gib: String(head.parts.gp2Gib) } });
  }
  if (head.parts.internetFacing > 0) {
    list.push({
      code: "INTERNAL_LB",
      saves: month("vpc.publicIpv4", head.parts.internetFacing * zones),
      args: { count: String(head.parts.internetFacing) },
    });
  }
  return list.map((tip) => ({ ...tip, saves: Math.round(tip.saves * 1e6) / 1e6 }));
}
