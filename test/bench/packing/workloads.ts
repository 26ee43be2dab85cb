import type { Offer, PodGroup } from "@eks-actions/packing";
import { allocatable, embeddedTable, type InstanceType, instanceTypes, times, toMicros } from "@eks-actions/pricing";
import { createRandom } from "../random.ts";

/** What DaemonSets take of every node, and a root volume's price a month. */
const DAEMON_CPU_MILLIS = 150;
const DAEMON_MEMORY_MIB = 150;
const ROOT_VOLUME_MICROS = 1_600_000;

export type Pool = "one type" | "pool of 4" | "c, m, r, generation > 2" | "any amd64";

/** Every amd64 type with a price in us-east-1, as offers of a month. */
export function offersOf(pool: Pool): readonly Offer[] {
  const prices = embeddedTable("us-east-1")?.ec2 ?? new Map<string, bigint>();
  return instanceTypes.flatMap((type) => {
    const hourly = prices.get(type.name);
    if (hourly === undefined || !ADMITS[pool](type)) return [];
    const { cpuMillis, memoryMib, pods } = allocatable(type);
    const capacity = [cpuMillis - DAEMON_CPU_MILLIS, memoryMib - DAEMON_MEMORY_MIB, pods - 2];
    if (capacity.some((amount) => amount <= 0)) return [];
    return [{ name: type.name, price: toMicros(times(hourly, 730)) + ROOT_VOLUME_MICROS, capacity, kind: "any" }];
  });
}

const isPlain = ({ arch, isMetal, gpus, neurons }: InstanceType) =>
  arch === "amd64" && !isMetal && gpus === 0 && neurons === 0;

const ADMITS: Readonly<Record<Pool, (type: InstanceType) => boolean>> = {
  "one type": ({ name }) => name === "m5.xlarge",
  "pool of 4": ({ name }) => ["c6i.xlarge", "m6i.xlarge", "m6i.2xlarge", "r6i.xlarge"].includes(name),
  "c, m, r, generation > 2": (type) => isPlain(type) && /^[cmr]$/.test(type.category) && type.generation > 2,
  "any amd64": isPlain,
};

export type Flavour = "mixed" | "CPU" | "memory" | "tiny";

/** MiB for each thousandth of a CPU. */
const MEMORY_PER_MILLI: Readonly<Record<Flavour, readonly [number, number]>> = {
  mixed: [1, 8],
  CPU: [0.5, 2],
  memory: [4, 12],
  tiny: [1, 4],
};

/** `pods` pods in `groups` groups of unequal size. */
export function workload(seed: number, pods: number, groups: number, flavour: Flavour): readonly PodGroup[] {
  const random = createRandom(seed);
  const shares = Array.from({ length: groups }, () => 0.2 + random.share());
  const total = shares.reduce((sum, share) => sum + share, 0);
  const [least, most] = MEMORY_PER_MILLI[flavour];
  return shares.map((share, index) => {
    const cpu = flavour === "tiny" ? random.pick([10, 20, 25, 50]) : random.pick([50, 100, 250, 500, 1000, 2000]);
    // The largest pod still has to fit the one type of the narrowest pool.
    const memory = Math.min(12_000, Math.max(16, Math.round(cpu * (least + (most - least) * random.share()))));
    return { id: `g${index}`, count: Math.max(1, Math.round((share / total) * pods)), request: [cpu, memory, 1] };
  });
}

export function podsOf(groups: readonly PodGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
