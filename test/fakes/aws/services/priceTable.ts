import type { Account } from "../state.ts";
import { instanceTable } from "./ec2/instanceTable.ts";

/** One product of the price list, on demand, in USD. */
export interface Product {
  readonly service: string;
  readonly family: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly unit: string;
  /** Price per unit; several for tiers, with the first unit of each. */
  readonly prices: readonly { readonly from: string; readonly usd: string }[];
}

// us-east-1, per hour, of the smallest size of each family; larger sizes cost in proportion to their vCPU or memory.
const hourly: Readonly<Record<string, number>> = {
  "t3.micro": 0.0104,
  "t3a.micro": 0.0094,
  "t4g.micro": 0.0084,
  "t2.medium": 0.0464,
  "m5.large": 0.096,
  "m5a.large": 0.086,
  "m5d.large": 0.113,
  "m6i.large": 0.096,
  "m6a.large": 0.0864,
  "m6g.large": 0.077,
  "m7i.large": 0.1008,
  "m7g.large": 0.0816,
  "c5.large": 0.085,
  "c6i.large": 0.085,
  "c6g.large": 0.068,
  "c7g.large": 0.0725,
  "r5.large": 0.126,
  "r6i.large": 0.126,
  "r6g.large": 0.1008,
  "g4dn.xlarge": 0.526,
  "g5.xlarge": 1.006,
};

const sizes: Readonly<Record<string, number>> = {
  micro: 1,
  small: 2,
  medium: 4,
  large: 8,
  xlarge: 16,
  "2xlarge": 32,
  "4xlarge": 64,
};

/** On-demand price per hour of an instance type of the stand-in's table. */
export function hourlyPrice(type: string): number {
  const [family = "", size = ""] = type.split(".");
  const base = Object.entries(hourly).find(([name]) => name.startsWith(`${family}.`));
  if (base === undefined) throw new Error(`no price for ${type} in priceTable.ts`);
  const baseSize = base[0].split(".")[1] ?? "";
  return Number(((base[1] * (sizes[size] ?? 0)) / (sizes[baseSize] ?? 1)).toFixed(6));
}

const flat = (usd: number) => [{ from: "0", usd: usd.toFixed(10) }];

/** All products of the account's region. */
export function productsOf(account: Account): readonly Product[] {
  const region = { regionCode: account.region, location: account.region, locationType: "AWS Region" };
  return [...instances(account), ...services(account)].map((product) => ({
    ...product,
    attributes: { ...region, ...product.attributes },
  }));
}

function instances(account: Account): readonly Product[] {
  return instanceTable.flatMap((facts) => {
    const common = {
      instanceType: facts.type,
      instanceFamily: "General purpose",
      vcpu: String(facts.vcpu),
      memory: `${facts.memoryMib / 1024} GiB`,
      currentGeneration: facts.isCurrent ? "Yes" : "No",
      marketoption: "OnDemand",
      capacitystatus: "Used",
      preInstalledSw: "NA",
      licenseModel: "No License required",
      servicecode: "AmazonEC2",
    };
    const make = (operatingSystem: string, tenancy: string, factor: number, prefix: string): Product => ({
      service: "AmazonEC2",
      family: "Compute Instance",
      attributes: {
        ...common,
        operatingSystem,
        tenancy,
        usagetype: usage(account, `${prefix}:${facts.type}`),
        operation: "RunInstances",
      },
      unit: "Hrs",
      prices: flat(hourlyPrice(facts.type) * factor),
    });
    return [
      make("Linux", "Shared", 1, "BoxUsage"),
      make("Windows", "Shared", 1.95, "BoxUsage"),
      make("Linux", "Dedicated", 1.06, "DedicatedUsage"),
    ];
  });
}

// Usage types of us-east-1 carry no region prefix, or `USE1-`; those of other regions always carry one.
function usage(account: Account, suffix: string): string {
  return account.region === "us-east-1" ? suffix : `${account.region.toUpperCase()}-${suffix}`;
}

function services(account: Account): readonly Product[] {
  const row = (
    service: string,
    family: string,
    usagetype: string,
    unit: string,
    usd: number,
    more: Readonly<Record<string, string>> = {},
  ): Product => ({
    service,
    family,
    attributes: { servicecode: service, usagetype: usage(account, usagetype), ...more },
    unit,
    prices: flat(usd),
  });
  const eks = (usagetype: string, unit: string, usd: number, more = {}) =>
    row("AmazonEKS", "Compute", usagetype, unit, usd, more);
  const balancer = (operation: string, usagetype: string, usd: number) =>
    row("AWSELB", "Load Balancer", usagetype, usagetype === "LCUUsage" ? "LCU-Hrs" : "Hrs", usd, { operation });
  const volume = (name: string, usd: number) =>
    row("AmazonEC2", "Storage", `EBS:VolumeUsage.${name}`, "GB-Mo", usd, { volumeApiName: name });
  return [
    eks("USE1-AmazonEKS-Hours:perCluster", "Hours", 0.1),
    eks("USE1-AmazonEKS-Hours:extendedSupport", "Hours", 0.5),
    eks("USE1-AmazonEKS-Hours:XL-ProvisionedTier", "Hours", 1.65),
    eks("USE1-EKSCapabilities-ArgoCD-Hours:perCapability", "Hours", 0.03),
    eks("USE1-EKSCapabilities-ArgoCD-CR-Hours:perCustomResource", "Hours", 0.0015),
    eks("USE1-Fargate-vCPU-Hours:perCPU", "hours", 0.04048, { cputype: "perCPU" }),
    eks("USE1-Fargate-GB-Hours", "hours", 0.004445, { memorytype: "perGB" }),
    eks("USE1-Fargate-ARM-vCPU-Hours:perCPU", "hours", 0.03238, { cputype: "perCPU" }),
    eks("USE1-EKS-Auto:m5.large", "Hours", 0.01152, { eksproducttype: "AutoMode", instancetype: "m5.large" }),
    eks("USE1-EKS-Auto:m7g.large", "Hours", 0.00979, { eksproducttype: "AutoMode", instancetype: "m7g.large" }),
    volume("gp2", 0.1),
    volume("gp3", 0.08),
    volume("io1", 0.125),
    volume("st1", 0.045),
    row("AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", 0.005, { volumeApiName: "gp3" }),
    row("AmazonEC2", "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", 40.96, {
      volumeApiName: "gp3",
    }),
    row("AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.piops", "IOPS-Mo", 0.065, { volumeApiName: "io1" }),
    balancer("LoadBalancing:Application", "LoadBalancerUsage", 0.0225),
    balancer("LoadBalancing:Application", "LCUUsage", 0.008),
    balancer("LoadBalancing:Network", "LoadBalancerUsage", 0.0225),
    balancer("LoadBalancing:Network", "LCUUsage", 0.006),
    balancer("LoadBalancing", "LoadBalancerUsage", 0.025),
    row("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", 0.045, { operation: "NatGateway" }),
    row("AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "GB", 0.045, { operation: "NatGateway" }),
    row("AmazonVPC", "VpcPublicIPv4Address", "PublicIPv4:InUseAddress", "Hrs", 0.005),
    row("AmazonVPC", "VpcPublicIPv4Address", "PublicIPv4:IdleAddress", "Hrs", 0.005),
  ];
}
