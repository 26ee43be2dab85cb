import { editDistance } from "@eks-actions/action/edit-distance";
import types from "./table/types.json" with { type: "json" };

/** What of an EC2 instance type decides how many pods it holds. */
export interface InstanceType {
  readonly name: string;
  /** `m7g` of `m7g.large`. */
  readonly family: string;
  readonly size: string;
  /** Karpenter's `instance-category`: the letters before the generation; empty where its rule finds none (mac). */
  readonly category: string;
  readonly generation: number;
  readonly vcpu: number;
  readonly memoryMib: number;
  readonly arch: "amd64" | "arm64" | "mac";
  /** Network interfaces of the default network card. */
  readonly enis: number;
  readonly ipv4PerEni: number;
  readonly isNitro: boolean;
  readonly isMetal: boolean;
  readonly isBurstable: boolean;
  readonly isCurrent: boolean;
  readonly isFlex: boolean;
  readonly hasEniTrunking: boolean;
  readonly gpus: number;
  readonly gpuName: string;
  /** Neuron devices. */
  readonly neurons: number;
  readonly nvmeGb: number;
}

const FLAG = { nitro: 1, metal: 2, burstable: 4, current: 8, flex: 16, trunking: 32 } as const;
const ARCHES = ["amd64", "arm64", "mac"] as const;

/** Every type of the table, by name in code unit order. */
export const instanceTypes: readonly InstanceType[] = Object.entries(readFamilies(types)).flatMap(([family, rows]) =>
  rows.map((row) => unpack(family, row)),
);

const byName = new Map(instanceTypes.map((type) => [type.name, type]));

export function instanceType(name: string): InstanceType | undefined {
  return byName.get(name);
}

/** The nearest known names, for "did you mean": a like family first, then the same size. */
export function nearestTypes(name: string, count = 3): readonly string[] {
  const [family = "", size = ""] = name.split(".");
  const score = (type: InstanceType) =>
    (type.family[0] === family[0] ? 0 : 4) + editDistance(type.family, family) * 2 + (type.size === size ? 0 : 1);
  return [...instanceTypes]
    .map((type) => ({ name: type.name, score: score(type) }))
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((entry) => entry.name);
}

/**
 * Name parts as Karpenter labels nodes by them.
 * https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
 */
export function nameParts(name: string): Pick<InstanceType, "family" | "size" | "category" | "generation"> {
  const dot = name.indexOf(".");
  const family = dot < 0 ? name : name.slice(0, dot);
  const match = /^([a-z]+)(?:-\d+tb)?(\d+)/.exec(family);
  return {
    family,
    size: dot < 0 ? "" : name.slice(dot + 1),
    category: match?.[1] ?? "",
    generation: Number(match?.[2] ?? 0),
  };
}

type Row = readonly (string | number)[];

function readFamilies(table: { readonly families: unknown }): Readonly<Record<string, readonly Row[]>> {
  // The script that writes the table checks its shape; a test holds the committed file to it.
  return table.families as Readonly<Record<string, readonly Row[]>>;
}

function unpack(family: string, row: Row): InstanceType {
  const [size, ...columns] = row;
  const number = (index: number) => Number(columns[index] ?? 0);
  const name = `${family}.${size}`;
  const flags = number(5);
  return {
    ...nameParts(name),
    name,
    vcpu: number(0),
    memoryMib: number(1),
    arch: ARCHES[number(2)] ?? "mac",
    enis: number(3),
    ipv4PerEni: number(4),
    isNitro: (flags & FLAG.nitro) !== 0,
    isMetal: (flags & FLAG.metal) !== 0,
    isBurstable: (flags & FLAG.burstable) !== 0,
    isCurrent: (flags & FLAG.current) !== 0,
    isFlex: (flags & FLAG.flex) !== 0,
    hasEniTrunking: (flags & FLAG.trunking) !== 0,
    gpus: number(6),
    gpuName: types.gpuNames[number(7)] ?? "",
    neurons: number(8),
    nvmeGb: number(9),
  };
}
