import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAssumedRoleArn, parseClusterArn, parsePolicyArn, parseRoleArn } from "./arn.ts";

const name = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{1,64}$/);
const account = fc.stringMatching(/^[0-9]{12}$/);
const partition = fc.constantFrom("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc");

// Any UTF-16 unit, lone surrogates and control characters too; half of them ASCII.
const unit = fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }));
const anyText = fc.string({ unit: unit.map((code) => String.fromCharCode(code)) });

describe("parseRoleArn", () => {
  it("gives back the parts that an ARN was made of", () => {
    const path = fc
      .array(fc.stringMatching(/^[!-.0-~]{1,20}$/), { maxLength: 4 })
      .map((parts) => ["", ...parts, ""].join("/"));
    fc.assert(
      fc.property(partition, account, path, name, (p, accountId, folder, role) => {
        const arn = `arn:${p}:iam::${accountId}:role${folder}${role}`;
        expect(parseRoleArn(arn)).toEqual({ arn, partition: p, accountId, path: folder, name: role });
      }),
    );
  });

  it.each([
    "deploy",
    "arn:awsevil:iam::111122223333:role/deploy",
    "arn:aws:iam::11112222333:role/deploy",
    "arn:aws:iam::111122223333:role/",
    "arn:aws:iam::111122223333:role//deploy x",
    "arn:aws:iam::111122223333:role/deploy\n",
    "arn:aws:iam::111122223333:user/deploy",
    "arn:aws:sts::111122223333:assumed-role/deploy/session",
    ` arn:aws:iam::111122223333:role/deploy`,
    `arn:aws:iam::111122223333:role/${"x".repeat(65)}`,
    `arn:aws:iam::111122223333:role/${"p/".repeat(257)}x`,
  ])("refuses %j", (text) => {
    expect(parseRoleArn(text)).toBeUndefined();
  });

  it("never throws and never accepts what has a line break", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseRoleArn(`arn:aws:iam::111122223333:role/a\n${text}`)).toBeUndefined();
        parseRoleArn(text);
      }),
    );
  });
});

describe("the other ARNs", () => {
  it("are taken apart", () => {
    expect(parseAssumedRoleArn("arn:aws:sts::111122223333:assumed-role/deploy/app-1-1")).toMatchObject({
      accountId: "111122223333",
      roleName: "deploy",
      sessionName: "app-1-1",
    });
    expect(parsePolicyArn("arn:aws:iam::aws:policy/ReadOnlyAccess")?.partition).toBe("aws");
    expect(parseClusterArn("arn:aws:eks:eu-west-1:111122223333:cluster/payments")).toEqual({
      partition: "aws",
      region: "eu-west-1",
      accountId: "111122223333",
      name: "payments",
    });
  });

  it.each(["arn:aws:iam::111122223333:policy/", "arn:aws:iam::aws:role/x", "policy"])("refuses policy %j", (text) => {
    expect(parsePolicyArn(text)).toBeUndefined();
  });
});
