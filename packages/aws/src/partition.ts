/** An AWS partition: the part of an ARN that says which cloud, and the DNS suffix of its endpoints. */
export interface Partition {
  readonly id: string;
  readonly dnsSuffix: string;
}

/** What a region may look like at all; anything else never reaches a host name. */
export const REGION_PATTERN: RegExp = /^[a-z]{2,6}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$/;

// Kept by hand, so that checking an input loads no SDK; a test compares it with the SDK's own endpoint data.
const PARTITIONS: readonly (Partition & { readonly regions: RegExp })[] = [
  { id: "aws-cn", dnsSuffix: "amazonaws.com.cn", regions: /^cn-[a-z]+-\d+$/ },
  { id: "aws-us-gov", dnsSuffix: "amazonaws.com", regions: /^us-gov-[a-z]+-\d+$/ },
  { id: "aws-iso", dnsSuffix: "c2s.ic.gov", regions: /^us-iso-[a-z]+-\d+$/ },
  { id: "aws-iso-b", dnsSuffix: "sc2s.sgov.gov", regions: /^us-isob-[a-z]+-\d+$/ },
  { id: "aws-iso-e", dnsSuffix: "cloud.adc-e.uk", regions: /^eu-isoe-[a-z]+-\d+$/ },
  { id: "aws-iso-f", dnsSuffix: "csp.hci.ic.gov", regions: /^us-isof-[a-z]+-\d+$/ },
  { id: "aws-eusc", dnsSuffix: "amazonaws.eu", regions: /^eusc-de-[a-z]+-\d+$/ },
];
const COMMERCIAL: Partition = { id: "aws", dnsSuffix: "amazonaws.com" };

/** Every partition id that an ARN may name. */
export const PARTITION_IDS: readonly string[] = [COMMERCIAL.id, ...PARTITIONS.map((partition) => partition.id)];

/** The partition of a region. Unknown prefixes are commercial, as in the SDK. */
export function partitionOf(region: string): Partition {
  return PARTITIONS.find((partition) => partition.regions.test(region)) ?? COMMERCIAL;
}

/** Host of the regional STS, the only one that the EKS authenticator accepts. */
export function stsHost(region: string): string {
  return `sts.${region}.${partitionOf(region).dnsSuffix}`;
}
