import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseRoleArn } from "../aws-names.ts";
import { type Claims, DEFAULT_ISSUER } from "../token/claims.ts";
import { trustPolicyFor } from "../trust/policy.ts";
import { cloudFormation, createAccessEntry, createRole, terraform } from "./snippets.ts";

const role = parseRoleArn("arn:aws-cn:iam::111122223333:role/team/deploy");
const target = { role, partition: "aws-cn" };
const nowhere = { role: undefined, partition: "aws" };

function policyOf(sub: string) {
  const claims: Claims = { iss: DEFAULT_ISSUER, aud: "sts.amazonaws.com", sub, values: {} };
  return trustPolicyFor(claims, { partition: "aws", accountId: "111122223333" });
}

// What a branch or environment name may hold, and what the three languages read as their own.
const sub = fc.array(
  fc.constantFrom(
    "${",
    "%{",
    "$",
    "%",
    "{",
    "}",
    '"',
    "\\",
    "\n",
    "\r",
    "\t",
    "\u0000",
    "\u2028",
    "'",
    "#",
    ": ",
    "- ",
    "ä",
    "x",
  ),
  { maxLength: 12 },
);
const anySub = sub.map((parts) => `repo:o/r:ref:${parts.join("")}`);

/** The text that HCL reads out of a quoted literal, or a complaint. */
function readHcl(literal: string): string {
  const body = literal.slice(1, -1);
  return body.replace(/\\u([0-9a-f]{4})|\\(.)|\$\$\{|%%\{|([$%]\{)|[\u0000-\u001f"]/g, (part, code, sign, open) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (sign !== undefined) return sign === "n" ? "\n" : sign;
    if (part === "$${" || part === "%%{") return part.slice(1);
    throw new Error(`${JSON.stringify(open ?? part)} stands bare in ${literal}`);
  });
}

describe("terraform", () => {
  it("holds every value as HCL reads it back, and interpolates nothing", () => {
    fc.assert(
      fc.property(anySub, (subject) => {
        const policy = policyOf(subject);
        const values = [...terraform(policy, target).matchAll(/^ {6}values {3}= \[(.*)\]$/gm)].map(([, literal]) =>
          readHcl(literal ?? ""),
        );
        expect(values).toEqual(Object.values(policy.Statement[0].Condition.StringEquals));
      }),
    );
  });

  it("names the role and its path where they are known", () => {
    expect(terraform(policyOf("x"), target)).toMatch(/name {15}= "deploy"\n {2}path {15}= "\/team\/"/);
    expect(terraform(policyOf("x"), nowhere)).toContain('name               = "ROLE_NAME"\n  assume_role_policy');
  });
});

describe("cloudFormation", () => {
  it("is YAML that holds the very policy", () => {
    fc.assert(
      fc.property(anySub, (subject) => {
        const policy = policyOf(subject);
        const template = parse(cloudFormation(policy, target)) as { Resources: { JobRole: { Properties: unknown } } };
        const expected = { RoleName: "deploy", Path: "/team/", AssumeRolePolicyDocument: policy };
        expect(template.Resources.JobRole.Properties).toEqual(expected);
      }),
    );
  });
});

describe("commands", () => {
  it("keep the path of a role, which an access entry needs", () => {
    expect(createRole(target)).toBe(
      "aws iam create-role --role-name deploy --path /team/ --assume-role-policy-document file://trust.json",
    );
    expect(
      createAccessEntry(["a", "b"], target).match(/--principal-arn arn:aws-cn:iam::111122223333:role\/team\/deploy/g),
    ).toHaveLength(4);
    expect(createAccessEntry([], nowhere)).toContain(
      "--cluster-name CLUSTER --principal-arn arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME",
    );
  });
});
