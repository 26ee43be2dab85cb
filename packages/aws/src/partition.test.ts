import { describe, expect, it } from "vitest";
// The SDK's own endpoint data; not part of its public surface, but the only list that is always as new as the SDK.
import { partitionsInfo } from "../../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js";
import { PARTITION_IDS, partitionOf, REGION_PATTERN, stsHost } from "./partition.ts";

interface SdkPartition {
  readonly id: string;
  readonly outputs: { readonly dnsSuffix: string };
  readonly regions: Readonly<Record<string, unknown>>;
}
const sdk = partitionsInfo.partitions as readonly SdkPartition[];

describe("partitionOf", () => {
  it.each(sdk.map((partition) => [partition.id, partition] as const))(
    "knows every region of %s as the SDK does",
    (id, { regions, outputs }) => {
      for (const region of Object.keys(regions).filter((name) => !name.endsWith("global"))) {
        expect([region, partitionOf(region)]).toEqual([
          region,
          expect.objectContaining({ id, dnsSuffix: outputs.dnsSuffix }),
        ]);
        expect(region).toMatch(REGION_PATTERN);
      }
    },
  );

  it("knows the same partitions as the SDK", () => {
    expect([...PARTITION_IDS].sort()).toEqual(sdk.map((partition) => partition.id).sort());
  });

  it("names the STS host that the EKS authenticator of the partition accepts", () => {
    expect(stsHost("cn-north-1")).toBe("sts.cn-north-1.amazonaws.com.cn");
    expect(stsHost("us-gov-west-1")).toBe("sts.us-gov-west-1.amazonaws.com");
  });
});

describe("REGION_PATTERN", () => {
  it.each(["us-east-1.evil.com/", "US-EAST-1", "us-east-1\n", "", "us-east", "u-east-1", "us-east-1 "])(
    "lets no host name be made of %j",
    (text) => {
      expect(text).not.toMatch(REGION_PATTERN);
    },
  );
});
