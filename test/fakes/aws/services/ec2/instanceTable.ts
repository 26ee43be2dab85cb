import type { _InstanceType } from "@aws-sdk/client-ec2";

/** Facts of one instance type, as DescribeInstanceTypes tells them. */
export interface InstanceFacts {
  readonly type: string;
  readonly vcpu: number;
  readonly memoryMib: number;
  readonly architecture: "x86_64" | "arm64";
  readonly interfaces: number;
  /** IPv4 addresses per interface. */
  readonly addresses: number;
  readonly isCurrent: boolean;
  readonly isBurstable: boolean;
  readonly isBareMetal?: boolean;
  readonly gpu?: { readonly name: string; readonly count: number; readonly memoryMib: number };
  /** GiB of local NVMe disk. */
  readonly localDisk?: number;
  readonly network: string;
}

type Size = readonly [size: string, vcpu: number, gib: number, interfaces: number, addresses: number, network: string];

interface Family {
  readonly name: string;
  readonly architecture?: "arm64";
  readonly isOld?: true;
  readonly isBurstable?: true;
  readonly gpu?: string;
  readonly gpuMemoryMib?: number;
  readonly diskPerVcpu?: number;
  readonly sizes: readonly Size[];
}

const general: readonly Size[] = [
  ["large", 2, 8, 3, 10, "Up to 10 Gigabit"],
  ["xlarge", 4, 16, 4, 15, "Up to 10 Gigabit"],
  ["2xlarge", 8, 32, 4, 15, "Up to 10 Gigabit"],
  ["4xlarge", 16, 64, 8, 30, "Up to 10 Gigabit"],
];
const compute = general.map(([size, vcpu, gib, ...rest]): Size => [size, vcpu, gib / 2, ...rest]);
const memory = general.map(([size, vcpu, gib, ...rest]): Size => [size, vcpu, gib * 2, ...rest]);
const burstable: readonly Size[] = [
  ["micro", 2, 1, 2, 2, "Up to 5 Gigabit"],
  ["small", 2, 2, 3, 4, "Up to 5 Gigabit"],
  ["medium", 2, 4, 3, 6, "Up to 5 Gigabit"],
  ["large", 2, 8, 3, 12, "Up to 5 Gigabit"],
  ["xlarge", 4, 16, 4, 15, "Up to 5 Gigabit"],
];

const families: readonly Family[] = [
  { name: "t3", isBurstable: true, sizes: burstable },
  { name: "t3a", isBurstable: true, sizes: burstable },
  { name: "t4g", isBurstable: true, architecture: "arm64", sizes: burstable },
  { name: "t2", isOld: true, isBurstable: true, sizes: [["medium", 2, 4, 3, 6, "Low to Moderate"]] },
  { name: "m5", sizes: general },
  { name: "m5a", sizes: general },
  { name: "m5d", sizes: general.slice(0, 3), diskPerVcpu: 37.5 },
  { name: "m6i", sizes: general },
  { name: "m6a", sizes: general },
  { name: "m6g", architecture: "arm64", sizes: general },
  { name: "m7i", sizes: general },
  { name: "m7g", architecture: "arm64", sizes: general },
  { name: "c5", sizes: compute },
  { name: "c6i", sizes: compute },
  { name: "c6g", architecture: "arm64", sizes: compute },
  { name: "c7g", architecture: "arm64", sizes: compute },
  { name: "r5", sizes: memory },
  { name: "r6i", sizes: memory },
  { name: "r6g", architecture: "arm64", sizes: memory },
  {
    name: "g4dn",
    gpu: "T4",
    gpuMemoryMib: 16384,
    sizes: [["xlarge", 4, 16, 3, 10, "Up to 25 Gigabit"]],
    diskPerVcpu: 31.25,
  },
  {
    name: "g5",
    gpu: "A10G",
    gpuMemoryMib: 24576,
    sizes: [["xlarge", 4, 16, 4, 15, "Up to 10 Gigabit"]],
    diskPerVcpu: 62.5,
  },
];

/** A few dozen types, enough for every rule that looks at one. */
export const instanceTable: readonly InstanceFacts[] = families.flatMap((family) =>
  family.sizes.map(
    ([size, vcpu, gib, interfaces, addresses, network]): InstanceFacts => ({
      type: `${family.name}.${size}`,
      vcpu,
      memoryMib: gib * 1024,
      architecture: family.architecture ?? "x86_64",
      interfaces,
      addresses,
      isCurrent: family.isOld !== true,
      isBurstable: family.isBurstable === true,
      network,
      ...(family.gpu === undefined ? {} : { gpu: { name: family.gpu, count: 1, memoryMib: family.gpuMemoryMib ?? 0 } }),
      ...(family.diskPerVcpu === undefined ? {} : { localDisk: family.diskPerVcpu * vcpu }),
    }),
  ),
);

/** The SDK lists some thousand types; a test holds this table to that list. */
export function sdkType(type: string): _InstanceType {
  return type as _InstanceType;
}

export function instanceFacts(type: string | undefined): InstanceFacts | undefined {
  return instanceTable.find((facts) => facts.type === type);
}

/** Zones, by their place in the region's list, that do not offer a family: so that a rule about offerings can fail. */
export const notOffered: Readonly<Record<string, readonly number[]>> = {
  m7i: [4],
  m7g: [4],
  c7g: [4],
  g5: [2, 4],
  r6i: [4],
};
