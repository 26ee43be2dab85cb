import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createEksToken } from "./eks-token.ts";

interface Recording {
  readonly signedAt: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly tokens: readonly { region: string; cluster: string; sessionToken: string | null; token: string }[];
}

// Made once by aws-cli itself with these keys and a fixed clock.
const recorded = JSON.parse(readFileSync(new URL("./golden/eks-tokens.json", import.meta.url), "utf8")) as Recording;

describe("createEksToken", () => {
  it.each(
    recorded.tokens.map((entry) => [entry.region, entry.sessionToken === null ? "without" : "with", entry] as const),
  )(
    "writes byte for byte what aws-cli writes in %s %s a session token",
    async (region, _, { cluster, sessionToken, token }) => {
      const { accessKeyId, secretAccessKey } = recorded;
      const keys = { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
      const made = await createEksToken({ cluster, region, keys, nowMs: Date.parse(recorded.signedAt) });
      expect(made.token).toBe(token);
    },
  );

  it("says that it ends 14 minutes after its signing, or with the session if that is sooner", async () => {
    const nowMs = Date.UTC(2026, 10, 23, 10);
    const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const request = { cluster: "payments", region: "eu-west-1", keys, nowMs };
    expect((await createEksToken(request)).expiresAt).toBe(nowMs + 14 * 60_000);
    const short = { ...keys, expiration: new Date(nowMs + 90_000) };
    expect((await createEksToken({ ...request, keys: short })).expiresAt).toBe(nowMs + 90_000);
  });
});
