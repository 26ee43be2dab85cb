import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PARTITION_IDS, partitionOf, REGION_PATTERN, stsHost } from "./partition.ts";

interface SdkPartition {
  readonly id: string;
  readonly outputs: { readonly dnsSuffix: string };
  readonly regions: Readonly<Record<string, unknown>>;
}

// The SDK's own endpoint data: not part of its public surface, but the one list that is always as new as the SDK.
const file = "dist-es/submodules/client/util-endpoints/lib/aws/partitions.js";
const path = fileURLToPath(new URL(`../../../node_modules/@aws-sdk/core/${file}`, import.meta.url));
const sdk = partitionsIn(readFileSync(path, "utf8"));

function partitionsIn(source: string): readonly SdkPartition[] {
  const literal = source.slice(source.indexOf("{"), source.lastIndexOf("}") + 1);
  return (JSON.parse(literal) as { partitions: readonly SdkPartition[] }).partitions;
}

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
