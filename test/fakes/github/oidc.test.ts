import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { virtualClock } from "../clock.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

const permissions = { "id-token": "write" } as const;

async function fetchToken(github: GitHub, audience = "sts.amazonaws.com"): Promise<string> {
  const url = `${github.env["ACTIONS_ID_TOKEN_REQUEST_URL"]}&audience=${encodeURIComponent(audience)}`;
  const headers = { authorization: `bearer ${github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}` };
  const answer = (await (await fetch(url, { headers })).json()) as { value: string; count: number };
  expect(answer.count).toBe(answer.value.length);
  return answer.value;
}

function decode(jwt: string, part: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split(".")[part] ?? "", "base64url").toString()) as Record<string, unknown>;
}

async function isSigned(github: GitHub, jwt: string): Promise<boolean> {
  const { keys } = (await (await fetch(github.issuer.jwksUrl)).json()) as { keys: (JsonWebKey & { kid: string })[] };
  const jwk = keys.find((key) => key.kid === decode(jwt, 0)["kid"]);
  if (jwk === undefined) return false;
  const [head, body, signature = ""] = jwt.split(".");
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return verify("RSA-SHA256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"));
}

describe("the id token", () => {
  it("exists only with id-token: write", async () => {
    await using without = await startGitHub({ permissions: { contents: "read" } });
    expect(Object.keys(without.env).filter((name) => name.startsWith("ACTIONS_"))).toEqual([]);
    await using github = await startGitHub({ permissions });
    expect(github.env["ACTIONS_ID_TOKEN_REQUEST_URL"]).toMatch(/\/\/idtoken\/[^/]+\/[^/?]+\?api-version=2\.0$/);
  });

  it("is signed by a key of the JWKS, for the audience, for five minutes", async () => {
    const clock = virtualClock();
    await using github = await startGitHub({ permissions, clock });
    const jwt = await fetchToken(github);
    const claims = decode(jwt, 1);
    const now = clock.now() / 1000;
    expect(claims).toMatchObject({ iss: "https://token.actions.githubusercontent.com", aud: "sts.amazonaws.com" });
    expect(claims).toMatchObject({ iat: now, exp: now + 300, nbf: now - 600 });
    expect(decode(jwt, 0)).toMatchObject({ alg: "RS256", typ: "JWT" });
    expect(await isSigned(github, jwt)).toBe(true);
    github.issuer.skewMs = 400_000;
    expect(decode(await fetchToken(github), 1)["iat"]).toBe(now + 400);
  });

  it("has the repository's owner as audience when none is asked for", async () => {
    await using github = await startGitHub({ permissions });
    const headers = { authorization: `bearer ${github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}` };
    const response = await fetch(github.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "", { headers });
    const { value } = (await response.json()) as { value: string };
    expect(decode(value, 1)["aud"]).toBe("https://github.com/acme");
  });

  it.each([
    ["no bearer", undefined],
    ["a wrong bearer", "bearer x"],
    ["GITHUB_TOKEN as bearer", "job"],
  ])("is refused to %s", async (_, authorization) => {
    await using github = await startGitHub({ permissions });
    const value = authorization === "job" ? `bearer ${github.token}` : authorization;
    const headers = value === undefined ? {} : { authorization: value };
    const response = await fetch(github.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "", { headers });
    expect(response.status).toBe(401);
  });

  it("can be forged for tests: another key under the same kid, an unknown kid, a rotated key", async () => {
    await using github = await startGitHub({ permissions });
    const claims = github.issuer.claims("sts.amazonaws.com");
    expect(await isSigned(github, github.issuer.sign(claims))).toBe(true);
    expect(await isSigned(github, github.issuer.sign(claims, { foreignKey: true }))).toBe(false);
    expect(await isSigned(github, github.issuer.sign(claims, { kid: "nobody" }))).toBe(false);
    const old = github.issuer.sign(claims);
    github.issuer.rotateKey();
    expect(await isSigned(github, old)).toBe(false);
  });

  it("comes from a discoverable issuer when the stand-in's own address is asked for", async () => {
    await using github = await startGitHub({ permissions, issuerUrl: "local" });
    const document = (await (await fetch(`${github.issuer.url}/.well-known/openid-configuration`)).json()) as {
      issuer: string;
      jwks_uri: string;
    };
    expect(document.issuer).toBe(decode(await fetchToken(github), 1)["iss"]);
    expect(document.jwks_uri).toBe(github.issuer.jwksUrl);
  });

  it.each([500, 429])("can be refused with %d and then granted", async (status) => {
    await using github = await startGitHub({ permissions });
    github.fault({ operation: "oidc/token", kind: { type: "status", status } });
    const headers = { authorization: `bearer ${github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}` };
    expect((await fetch(github.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "", { headers })).status).toBe(status);
    expect(await fetchToken(github)).toContain(".");
  });
});

describe("the claims", () => {
  const cases: readonly (readonly [string, GitHubOptions, string, Record<string, unknown>])[] = [
    ["push", {}, "repo:acme/shop:ref:refs/heads/main", { event_name: "push", ref_type: "branch", head_ref: "" }],
    [
      "push with a colon in the environment",
      { environment: "prod:eu" },
      "repo:acme/shop:environment:prod%3Aeu",
      { environment: "prod:eu" },
    ],
    [
      "pull_request",
      { event: "pull_request" },
      "repo:acme/shop:pull_request",
      { ref: "refs/pull/1/merge", head_ref: "change", base_ref: "main" },
    ],
    [
      "pull_request with an environment",
      { event: "pull_request", environment: "preview" },
      "repo:acme/shop:environment:preview",
      {},
    ],
    [
      "pull_request_target",
      { event: "pull_request_target" },
      "repo:acme/shop:ref:refs/heads/main",
      { head_ref: "change" },
    ],
    ["workflow_run", { event: "workflow_run" }, "repo:acme/shop:ref:refs/heads/main", { event_name: "workflow_run" }],
    ["schedule", { event: "schedule" }, "repo:acme/shop:ref:refs/heads/main", {}],
    ["release", { event: "release" }, "repo:acme/shop:ref:refs/tags/v1.0.0", { ref_type: "tag" }],
    [
      "an immutable subject",
      { subject: "immutable", environment: "prod", repo: { fullName: "octo-org/octo-repo", id: 74, ownerId: 65 } },
      "repo:octo-org@65/octo-repo@74:environment:prod",
      { repository_id: "74", repository_owner_id: "65" },
    ],
    [
      "a reusable workflow",
      { jobWorkflowRef: "acme/flows/.github/workflows/deploy.yml@refs/tags/v1" },
      "repo:acme/shop:ref:refs/heads/main",
      {
        job_workflow_ref: "acme/flows/.github/workflows/deploy.yml@refs/tags/v1",
        workflow_ref: "acme/shop/.github/workflows/ci.yml@refs/heads/main",
      },
    ],
    [
      "a customised subject",
      {
        environment: "prod",
        prepare: ({ state }) => {
          state.subjectTemplate = { useDefault: false, claimKeys: ["repository_id", "context"], immutable: false };
        },
      },
      "repository_id:740001:environment:prod",
      {},
    ],
  ];

  it.each(cases)("of %s", async (_, options, subject, more) => {
    await using github = await startGitHub({ permissions, ...options });
    const claims = decode(await fetchToken(github), 1);
    expect(claims["sub"]).toBe(subject);
    expect(claims).toMatchObject({ ...more, sha: github.context["sha"], run_id: github.env["GITHUB_RUN_ID"] });
  });
});

it("belongs to its job: each has its own endpoint, bearer and claims", async () => {
  await using github = await startGitHub({ permissions, event: "pull_request" });
  const deploy = github.job({ permissions, environment: "prod" });
  const again = github.job({ permissions: {}, sameRunAs: deploy });
  const claimsOf = async (job: { env: Readonly<Record<string, string>> }) =>
    decode(await fetchToken({ ...github, env: job.env }), 1);
  expect((await claimsOf(github))["sub"]).toBe("repo:acme/shop:pull_request");
  expect((await claimsOf(deploy))["sub"]).toBe("repo:acme/shop:environment:prod");
  expect(deploy.env["GITHUB_RUN_ID"]).not.toBe(github.env["GITHUB_RUN_ID"]);
  expect(again.env["GITHUB_RUN_ID"]).toBe(deploy.env["GITHUB_RUN_ID"]);
  expect(again.env["ACTIONS_ID_TOKEN_REQUEST_URL"]).toBeUndefined();
  expect(again.token).not.toBe(deploy.token);
});
