import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allocatable } from "./allocatable.ts";
import { type InstanceType, instanceType, instanceTypes } from "./instance.ts";

const oracle = join(import.meta.dirname, "../../../../shared/data/aws/karpenter-allocatable.json");
const known = (name: string): InstanceType => {
  const type = instanceType(name);
  if (type === undefined) throw new Error(`no facts of ${name}`);
  return type;
};

describe("allocatable", () => {
  it.each([
    ["m5.large", {}, { cpuMillis: 1930, memoryMib: 6903, ephemeralMib: 17408, pods: 29 }],
    ["m5.large", { prefixDelegation: true }, { cpuMillis: 1930, memoryMib: 6012, ephemeralMib: 17408, pods: 110 }],
    [
      "m5.large",
      { prefixDelegation: true, reserveForStandardPods: true },
      { cpuMillis: 1930, memoryMib: 6903, ephemeralMib: 17408, pods: 110 },
    ],
    ["m5.large", { customNetworking: true }, { cpuMillis: 1930, memoryMib: 7002, ephemeralMib: 17408, pods: 20 }],
    [
      "m5.16xlarge",
      { prefixDelegation: true },
      { cpuMillis: 63770, memoryMib: 239_378, ephemeralMib: 17408, pods: 250 },
    ],
    [
      "m5.large",
      { rootVolumeGib: 80, maxPods: 10 },
      { cpuMillis: 1930, memoryMib: 7112, ephemeralMib: 72704, pods: 10 },
    ],
    ["t2.micro", { prefixDelegation: true }, { cpuMillis: 940, memoryMib: 548, ephemeralMib: 17408, pods: 4 }],
  ] as const)("of %s with %j", (name, options, expected) => {
    expect(allocatable(known(name), options)).toEqual(expected);
  });

  it.skipIf(!existsSync(oracle))("equals Karpenter's own table for every type (skipped: no ../shared/data)", () => {
    const rows = JSON.parse(readFileSync(oracle, "utf8")) as { types: Record<string, [string, string, number]> };
    const names = Object.keys(rows.types);
    expect(names.length).toBeGreaterThan(1300);
    const differing = names.filter((name) => {
      const { cpuMillis, memoryMib, pods } = allocatable(known(name));
      const [cpu, memory, maxPods] = rows.types[name] ?? [];
      return `${cpuMillis}m` !== cpu || `${memoryMib}Mi` !== memory || pods !== maxPods;
    });
    expect(differing).toEqual([]);
  });

  it("never promises more than the machine has", () => {
    for (const type of instanceTypes) {
      const left = allocatable(type);
      expect(left.cpuMillis).toBeLessThan(type.vcpu * 1000);
      expect(left.memoryMib).toBeLessThan(type.memoryMib);
    }
  });
});
