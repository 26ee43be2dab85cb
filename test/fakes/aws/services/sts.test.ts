import { generateKeyPairSync } from "node:crypto";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { startAws } from "../index.ts";
import { clientConfig, testIssuer, webIdentityTrust } from "../testing.ts";

const subject = "repo:acme/shop:ref:refs/heads/main";

async function accountWithTrust(condition: (prefix: string) => Record<string, Record<string, string | string[]>>) {
  const issuer = await testIssuer();
  const aws = await startAws();
  const provider = aws.trustIssuer(issuer.url, issuer.jwksUrl);
  const prefix = issuer.url.replace("http://", "");
  const roleArn = aws.addRole({ name: "deploy", trust: webIdentityTrust(provider, condition(prefix)) });
  const sts = new STSClient({ endpoint: aws.url, region: "eu-west-1", maxAttempts: 1 });
  const assume = (token: string, more = {}) =>
    sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: "shop-1-1",
        WebIdentityToken: token,
        ...more,
      }),
    );
  const stack = new AsyncDisposableStack();
  stack.use(issuer);
  stack.use(aws);
  return { aws, issuer, roleArn, assume, stack };
}

const exact = (prefix: string) => ({
  StringEquals: { [`${prefix}:aud`]: "sts.amazonaws.com", [`${prefix}:sub`]: subject },
});

describe("AssumeRoleWithWebIdentity", () => {
  it("issues a session that signs further calls", async () => {
    const { aws, issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    const answer = await assume(issuer.token());
    expect(answer.AssumedRoleUser?.Arn).toBe("arn:aws:sts::111122223333:assumed-role/deploy/shop-1-1");
    expect(answer.SubjectFromWebIdentityToken).toBe(subject);
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = answer.Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const sts = new STSClient({ endpoint: aws.url, region: "us-east-1", credentials });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(answer.AssumedRoleUser?.Arn);
    expect(JSON.stringify(aws.requests)).not.toContain(issuer.token().split(".")[2]);
  });

  it("refuses a token re-signed with another key under the same kid as it refuses a stranger", async () => {
    const { aws, issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await expect(assume(issuer.token({}, { key: privateKey }))).rejects.toMatchObject({
      name: "AccessDenied",
      message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      $metadata: { httpStatusCode: 403 },
    });
    expect(JSON.stringify(aws.requests)).not.toContain("eyJ");
  });

  it.each([
    ["an unknown kid", {}, { kid: "key-2" }, "InvalidIdentityTokenException", "Couldn't retrieve verification key"],
    [
      "another issuer",
      { iss: "https://evil.example" },
      {},
      "InvalidIdentityTokenException",
      "No OpenIDConnect provider found in your account for https://evil.example",
    ],
    ["another audience", { aud: "sigstore" }, {}, "InvalidIdentityTokenException", "Incorrect token audience"],
    ["an expired token", { exp: 1_700_000_000 }, {}, "ExpiredTokenException", "must be before the expiration"],
    ["a token of the future", { nbf: 4_000_000_000 }, {}, "InvalidIdentityTokenException", "not valid yet"],
    [
      "a foreign subject",
      { sub: "repo:acme/shop:pull_request" },
      {},
      "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ],
  ])("refuses %s in AWS's words", async (_name, claims, options, code, text) => {
    const { issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    await expect(assume(issuer.token(claims, options))).rejects.toMatchObject({
      name: code,
      message: expect.stringContaining(text),
    });
  });

  it("hides whether the role exists", async () => {
    const { issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    const RoleArn = "arn:aws:iam::111122223333:role/absent";
    await expect(assume(issuer.token(), { RoleArn })).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it.each([
    [
      "StringLike with a wildcard",
      (p: string) => ({ StringLike: { [`${p}:sub`]: "repo:acme/*:ref:refs/heads/*" } }),
      true,
    ],
    ["StringLike of another organisation", (p: string) => ({ StringLike: { [`${p}:sub`]: "repo:other/*" } }), false],
    ["StringLike, which sees letter case", (p: string) => ({ StringLike: { [`${p}:sub`]: "repo:Acme/*" } }), false],
    [
      "StringEqualsIgnoreCase",
      (p: string) => ({ StringEqualsIgnoreCase: { [`${p}:sub`]: subject.toUpperCase() } }),
      true,
    ],
    [
      "StringNotEquals of another subject",
      (p: string) => ({ StringNotEquals: { [`${p}:sub`]: "repo:acme/shop:pull_request" } }),
      true,
    ],
    [
      "ForAnyValue",
      (p: string) => ({ "ForAnyValue:StringEquals": { [`${p}:aud`]: ["a", "sts.amazonaws.com"] } }),
      true,
    ],
    ["ForAllValues on an absent key", (p: string) => ({ "ForAllValues:StringEquals": { [`${p}:absent`]: "x" } }), true],
    [
      "a positive operator on an absent key",
      (p: string) => ({ StringEquals: { [`${p}:repository_id`]: "74" } }),
      false,
    ],
    ["IfExists on an absent key", (p: string) => ({ StringEqualsIfExists: { [`${p}:repository_id`]: "74" } }), true],
    ["a negated operator on an absent key", (p: string) => ({ StringNotLike: { [`${p}:absent`]: "*" } }), true],
    ["Null true on an absent key", (p: string) => ({ Null: { [`${p}:absent`]: "true" } }), true],
    ["Null true on a present key", (p: string) => ({ Null: { [`${p}:sub`]: "true" } }), false],
    ["a key in other letter case", (p: string) => ({ StringEquals: { [`${p}:SUB`]: subject } }), true],
  ])("evaluates %s", async (_name, condition, isAllowed) => {
    const { issuer, assume, stack } = await accountWithTrust(condition);
    await using _ = stack;
    const outcome = await assume(issuer.token()).then(
      () => "allowed",
      (error: Error) => error.name,
    );
    expect(outcome).toBe(isAllowed ? "allowed" : "AccessDenied");
  });

  it("offers GitHub's claims as keys for GitHub's issuer only", async () => {
    await using issuer = await testIssuer("https://token.actions.githubusercontent.com");
    await using aws = await startAws();
    const provider = aws.trustIssuer(issuer.url, issuer.jwksUrl);
    const trust = webIdentityTrust(provider, {
      StringEquals: { "token.actions.githubusercontent.com:repository_id": "74" },
    });
    const RoleArn = aws.addRole({ name: "deploy", trust });
    const sts = new STSClient({ endpoint: aws.url, region: "us-east-1", maxAttempts: 1 });
    const WebIdentityToken = issuer.token({ repository_id: "74" });
    await sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: "one", WebIdentityToken }));
  });

  it.each([
    [
      { DurationSeconds: 7200 },
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ],
    [{ DurationSeconds: 60 }, "ValidationError", "Member must have value greater than or equal to 900"],
    [{ RoleSessionName: "has space" }, "ValidationError", "failed to satisfy constraint"],
    [{ RoleArn: "deploy-role-by-bare-name" }, "ValidationError", "is invalid"],
    [{ Policy: "{" }, "MalformedPolicyDocumentException", "Syntax errors in policy."],
  ])("refuses %j", async (more, code, text) => {
    const { issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    await expect(assume(issuer.token(), more)).rejects.toMatchObject({
      name: code,
      message: expect.stringContaining(text),
    });
  });

  it("refuses a role that was made a moment ago, until it has spread", async () => {
    const { aws, issuer, assume, stack } = await accountWithTrust(exact);
    await using _ = stack;
    const role = aws.account.roles.get("deploy");
    if (role === undefined) throw new Error("no role");
    role.usableAt = Number.POSITIVE_INFINITY;
    await expect(assume(issuer.token())).rejects.toMatchObject({ name: "AccessDenied" });
    role.usableAt = aws.clock.now();
    await assume(issuer.token());
  });
});

describe("AssumeRole", () => {
  it("takes a role that trusts the account if the caller's own policies allow it", async () => {
    await using aws = await startAws();
    const target = aws.addRole({ name: "target" });
    const allowed = aws.addRole({
      name: "allowed",
      inline: { chain: { Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: target }] } },
    });
    const denied = aws.addRole({ name: "denied" });
    const assume = (roleArn: string, DurationSeconds?: number) =>
      new STSClient(clientConfig(aws, aws.issueSession(roleArn))).send(
        new AssumeRoleCommand({
          RoleArn: target,
          RoleSessionName: "chained",
          ...(DurationSeconds ? { DurationSeconds } : {}),
        }),
      );
    expect((await assume(allowed)).AssumedRoleUser?.Arn).toBe("arn:aws:sts::111122223333:assumed-role/target/chained");
    await expect(assume(denied)).rejects.toMatchObject({
      name: "AccessDenied",
      message: `User: arn:aws:sts::111122223333:assumed-role/denied/test is not authorized to perform: sts:AssumeRole on resource: ${target}`,
    });
    await expect(assume(allowed, 7200)).rejects.toMatchObject({ message: expect.stringContaining("role chaining") });
  });

  it("needs the external id that the trust policy asks for", async () => {
    await using aws = await startAws();
    const caller = aws.addRole({ name: "caller" });
    const target = aws.addRole({
      name: "target",
      trust: {
        Statement: [
          {
            Effect: "Allow",
            Principal: { AWS: caller },
            Action: "sts:AssumeRole",
            Condition: { StringEquals: { "sts:ExternalId": "blue" } },
          },
        ],
      },
    });
    const sts = new STSClient(clientConfig(aws, aws.issueSession(caller)));
    const wish = { RoleArn: target, RoleSessionName: "chained" };
    await expect(sts.send(new AssumeRoleCommand(wish))).rejects.toMatchObject({ name: "AccessDenied" });
    await sts.send(new AssumeRoleCommand({ ...wish, ExternalId: "blue" }));
  });
});
