import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, page } from "../../world.ts";
import { passes } from "./find.ts";
import { type InstanceFacts, instanceFacts, instanceTable, notOffered, sdkType } from "./instanceTable.ts";
import { zonesOf } from "./zones.ts";

const invalidToken = () => fault("InvalidParameterValue", "The token is not valid");

const describeInstanceTypes = handler<Ec2.DescribeInstanceTypesCommandInput, Ec2.DescribeInstanceTypesCommandOutput>(
  ({ world }, input) => {
    const wanted: readonly string[] = input.InstanceTypes ?? [];
    const missing = wanted.filter((type) => instanceFacts(type) === undefined);
    if (missing.length > 0) {
      throw fault("InvalidInstanceType", `The following supplied instance types do not exist: [${missing.join(", ")}]`);
    }
    const chosen = wanted.length === 0 ? instanceTable : instanceTable.filter((facts) => wanted.includes(facts.type));
    const matching = chosen.filter((facts) =>
      passes(input.Filters, {
        tags: [],
        values: {
          "instance-type": [facts.type],
          "processor-info.supported-architecture": [facts.architecture],
          "current-generation": [String(facts.isCurrent)],
          "bare-metal": [String(facts.isBareMetal === true)],
          "vcpu-info.default-vcpus": [String(facts.vcpu)],
          "memory-info.size-in-mib": [String(facts.memoryMib)],
          "burstable-performance-supported": [String(facts.isBurstable)],
        },
      }),
    );
    const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 100 }, invalidToken);
    return {
      InstanceTypes: result.items.map(describe),
      ...(result.next === undefined ? {} : { NextToken: result.next }),
    };
  },
);

function describe(facts: InstanceFacts): Ec2.InstanceTypeInfo {
  const gpu = facts.gpu;
  return {
    InstanceType: sdkType(facts.type),
    CurrentGeneration: facts.isCurrent,
    FreeTierEligible: false,
    SupportedUsageClasses: ["on-demand", "spot"],
    SupportedRootDeviceTypes: ["ebs"],
    SupportedVirtualizationTypes: ["hvm"],
    BareMetal: facts.isBareMetal === true,
    Hypervisor: "nitro",
    ProcessorInfo: {
      SupportedArchitectures: [facts.architecture],
      Manufacturer: facts.architecture === "arm64" ? "AWS" : "Intel",
    },
    VCpuInfo: { DefaultVCpus: facts.vcpu, DefaultCores: Math.max(1, facts.vcpu / 2), DefaultThreadsPerCore: 2 },
    MemoryInfo: { SizeInMiB: facts.memoryMib },
    InstanceStorageSupported: facts.localDisk !== undefined,
    ...(facts.localDisk === undefined
      ? {}
      : {
          InstanceStorageInfo: {
            TotalSizeInGB: Math.round(facts.localDisk),
            Disks: [{ SizeInGB: Math.round(facts.localDisk), Count: 1, Type: "ssd" }],
            NvmeSupport: "required",
          },
        }),
    EbsInfo: { EbsOptimizedSupport: "default", EncryptionSupport: "supported", NvmeSupport: "required" },
    NetworkInfo: {
      NetworkPerformance: facts.network,
      MaximumNetworkInterfaces: facts.interfaces,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [
        {
          NetworkCardIndex: 0,
          NetworkPerformance: facts.network,
          MaximumNetworkInterfaces: facts.interfaces,
        },
      ],
      Ipv4AddressesPerInterface: facts.addresses,
      Ipv6AddressesPerInterface: facts.addresses,
      Ipv6Supported: true,
      EnaSupport: "required",
      EfaSupported: false,
    },
    ...(gpu === undefined
      ? {}
      : {
          GpuInfo: {
            Gpus: [
              { Name: gpu.name, Manufacturer: "NVIDIA", Count: gpu.count, MemoryInfo: { SizeInMiB: gpu.memoryMib } },
            ],
            TotalGpuMemoryInMiB: gpu.count * gpu.memoryMib,
          },
        }),
    PlacementGroupInfo: { SupportedStrategies: ["cluster", "partition", "spread"] },
    HibernationSupported: false,
    BurstablePerformanceSupported: facts.isBurstable,
    DedicatedHostsSupported: false,
    AutoRecoverySupported: true,
    SupportedBootModes: ["legacy-bios", "uefi"],
  };
}

const describeOfferings = handler<
  Ec2.DescribeInstanceTypeOfferingsCommandInput,
  Ec2.DescribeInstanceTypeOfferingsCommandOutput
>(({ world }, input) => {
  const kind = input.LocationType ?? "region";
  const zones = zonesOf(world);
  const offers = instanceTable.flatMap((facts) => {
    if (kind === "region") return [{ type: facts.type, location: world.account.region }];
    const missing = notOffered[facts.type.split(".")[0] ?? ""] ?? [];
    return zones
      .filter((_, index) => !missing.includes(index))
      .map((zone) => ({ type: facts.type, location: kind === "availability-zone-id" ? zone.id : zone.name }));
  });
  const matching = offers.filter(({ type, location }) =>
    passes(input.Filters, { tags: [], values: { "instance-type": [type], location: [location] } }),
  );
  const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 1000 }, invalidToken);
  return {
    InstanceTypeOfferings: result.items.map(({ type, location }) => ({
      InstanceType: sdkType(type),
      LocationType: kind,
      Location: location,
    })),
    ...(result.next === undefined ? {} : { NextToken: result.next }),
  };
});

export const instanceTypes: Readonly<Record<string, Handler>> = {
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeInstanceTypeOfferings: describeOfferings,
};
