import { parseRoleArn } from "@eks-actions/aws";
import { describe, expect, it } from "vitest";
import type { Claims } from "../token/claims.ts";
import { parseTrustDocument } from "../trust/document.ts";
import { evaluateTrust } from "../trust/evaluate.ts";
import { trustPolicyFor } from "../trust/policy.ts";
import { causesOf, type Denial, diagnosis, firstCause } from "./denial.ts";

const role = parseRoleArn("arn:aws:iam::111122223333:role/deploy");
if (role === undefined) throw new Error("not a role");

function claims(more: Readonly<Record<string, string>>): Claims {
  const values: Record<string, string> = {
    iss: "https://token.actions.githubusercontent.com",
    aud: "sts.amazonaws.com",
    sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
    ref: "refs/heads/main",
    event_name: "push",
    repository: "octo-org/octo-repo",
    repository_id: "74",
    repository_owner_id: "65",
    workflow_ref: "octo-org/octo-repo/.github/workflows/ci.yml@refs/heads/main",
    job_workflow_ref: "octo-org/octo-repo/.github/workflows/ci.yml@refs/heads/main",
    runner_environment: "github-hosted",
    ...more,
  };
  return { iss: values["iss"] ?? "", aud: values["aud"] ?? "", sub: values["sub"] ?? "", values };
}

function denial(more: Readonly<Record<string, string>>, trust?: Denial["trust"]): Denial {
  return {
    role: role ?? expect.unreachable(),
    region: "eu-west-1",
    claims: claims(more),
    calls: 2,
    elapsedMs: 2400,
    requestId: "r-1234",
    trust,
  };
}

const hostile = "a|b`<img src=x onerror=alert(1)>${aws:username}%0A::error::pwned";
const given = evaluateTrust(
  parseTrustDocument(
    JSON.stringify(trustPolicyFor({ ...claims({}), aud: "vault" }, { partition: "aws", accountId: "111122223333" })),
    "trust.json",
  ),
  claims({}),
  "111122223333",
);

const cases: readonly (readonly [string, Denial, string])[] = [
  [
    "immutable",
    denial({ sub: "repo:octo-org@65/octo-repo@74:environment:prod", environment: "prod" }),
    "Immutable subject.",
  ],
  [
    "environment",
    denial({ sub: "repo:octo-org/octo-repo:environment:prod", environment: "prod" }),
    "Environment form.",
  ],
  [
    "pull-request",
    denial({ sub: "repo:octo-org/octo-repo:pull_request", event_name: "pull_request", ref: "refs/pull/7/merge" }),
    "Pull request form.",
  ],
  ["customised", denial({ sub: "repository_id:74" }), "Customised subject."],
  ["audience", denial({ aud: "vault" }), "Audience."],
  ["given-policy", denial({}, given), "The given policy."],
  ["encoded-colon", denial({ sub: "repo:octo-org/octo-repo:ref:refs/heads/a%3Ab" }), "Encoded colon."],
  ["enterprise-issuer", denial({ iss: "https://token.actions.githubusercontent.com/acme" }), "Issuer."],
  [
    "letter-case",
    denial({ sub: "repo:Octo-Org/octo-repo:ref:refs/heads/main", repository: "Octo-Org/octo-repo" }),
    "Letter case.",
  ],
  [
    "reusable-workflow",
    denial({ job_workflow_ref: "acme/ci/.github/workflows/deploy.yml@refs/tags/v1" }),
    "Role or path.",
  ],
  [
    "hostile",
    denial({ sub: `repo:octo-org/octo-repo:ref:refs/heads/${hostile}`, ref: `refs/heads/${hostile}` }),
    "Customised subject.",
  ],
];

describe("diagnosis", () => {
  it.each(cases)("explains %s", async (name, seen, first) => {
    await expect(`${diagnosis(seen)}\n`).toMatchFileSnapshot(`golden/denial-${name}.md`);
    expect(causesOf(seen)[0]?.title).toBe(first);
  });

  it.each(cases)("never advises a wildcard, and names at most five causes (%s)", (_, seen) => {
    const causes = causesOf(seen);
    expect(causes.length).toBeLessThanOrEqual(5);
    expect(JSON.stringify(trustPolicyFor(seen.claims, seen.role))).not.toMatch(/repo:[^"]*\*|StringLike/);
    expect(causes.map((cause) => cause.sentence).join()).not.toMatch(/repo:[^`]*\*/);
  });

  it("puts the likeliest cause into one line of plain text", () => {
    const line = firstCause(denial({ sub: "repo:octo-org/octo-repo:environment:prod", environment: "prod" }));
    expect(line).toMatch(/^environment form\. The job names an environment/);
    expect(line).not.toMatch(/[`\n]|<code>/);
  });

  it("cuts a claim at 256 characters", () => {
    const text = diagnosis(denial({ sub: `repo:octo-org/octo-repo:ref:refs/heads/${"x".repeat(500)}` }));
    expect(text.split("\n").find((line) => line.startsWith("| `sub`"))?.length).toBeLessThan(300);
  });
});
