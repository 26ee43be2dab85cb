import { describe, expect, it } from "vitest";
import { parseRoleArn } from "./arn.ts";
import { readSession, type StsAnswer } from "./session.ts";

const role = parseRoleArn("arn:aws:iam::111122223333:role/team/deploy");
if (role === undefined) throw new Error("not a role");
const nowMs = Date.UTC(2026, 10, 23, 10);
const checks = { role, sessionName: "app-1-1", allowedAccountIds: [], nowMs };
const good = {
  Credentials: {
    AccessKeyId: "ASIAEXAMPLE",
    SecretAccessKey: "secret/+=",
    SessionToken: "token",
    Expiration: new Date(nowMs + 3_600_000),
  },
  AssumedRoleUser: { Arn: "arn:aws:sts::111122223333:assumed-role/deploy/app-1-1" },
} satisfies StsAnswer;

describe("readSession", () => {
  it("takes an answer for the role that was asked for", () => {
    expect(readSession(good, checks)).toMatchObject({ accessKeyId: "ASIAEXAMPLE", expiresAt: nowMs + 3_600_000 });
  });

  it.each([
    ["a key with a line break", { ...good.Credentials, AccessKeyId: "A\nX=1" }],
    ["a secret with a space", { ...good.Credentials, SecretAccessKey: "a b" }],
    ["no token", { ...good.Credentials, SessionToken: undefined }],
    ["no end", { ...good.Credentials, Expiration: undefined }],
    ["an end in the past", { ...good.Credentials, Expiration: new Date(nowMs - 1) }],
  ])("refuses %s", (_, Credentials) => {
    expect(() => readSession({ ...good, Credentials }, checks)).toThrow(
      expect.objectContaining({ code: "STS_RESPONSE_INVALID" }),
    );
  });

  it.each([
    ["another role", "arn:aws:sts::111122223333:assumed-role/admin/app-1-1", "ROLE_MISMATCH"],
    ["another account", "arn:aws:sts::999999999999:assumed-role/deploy/app-1-1", "ROLE_MISMATCH"],
    ["another session", "arn:aws:sts::111122223333:assumed-role/deploy/other", "ROLE_MISMATCH"],
    ["another partition", "arn:aws-cn:sts::111122223333:assumed-role/deploy/app-1-1", "ROLE_MISMATCH"],
    ["no role at all", "arn:aws:iam::111122223333:user/deploy", "STS_RESPONSE_INVALID"],
  ])("refuses an answer for %s", (_, Arn, code) => {
    expect(() => readSession({ ...good, AssumedRoleUser: { Arn } }, checks)).toThrow(expect.objectContaining({ code }));
  });

  it("refuses an account that is not allowed before anything else about the role", () => {
    const answer = { ...good, AssumedRoleUser: { Arn: "arn:aws:sts::999999999999:assumed-role/deploy/app-1-1" } };
    expect(() => readSession(answer, { ...checks, allowedAccountIds: ["111122223333"] })).toThrow(
      expect.objectContaining({ code: "ACCOUNT_NOT_ALLOWED" }),
    );
  });
});
