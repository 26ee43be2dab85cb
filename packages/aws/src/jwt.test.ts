import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIdToken } from "./jwt.ts";

const nowMs = Date.UTC(2026, 10, 23, 10);
const good = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "sts.amazonaws.com",
  sub: "repo:o/r:ref:refs/heads/main",
  exp: nowMs / 1000 + 300,
};

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
function jwt(claims: unknown, header: unknown = { alg: "RS256" }): string {
  return `${encode(header)}.${encode(claims)}.c2ln`;
}

describe("readIdToken", () => {
  it("reads the claims without looking at the signature", () => {
    const { claims } = readIdToken(jwt({ ...good, ref: "refs/heads/main" }), { nowMs, audience: "sts.amazonaws.com" });
    expect(claims).toMatchObject({ iss: good.iss, sub: good.sub, aud: good.aud });
    expect(claims.all["ref"]).toBe("refs/heads/main");
  });

  it.each([
    ["two segments", "a.b", "three base64url segments"],
    ["a line break", `${jwt(good)}\n`, "three base64url segments"],
    ["no JSON", "YQ.YQ.YQ", "not a JSON object"],
    ["a list as payload", `${encode({})}.${encode([])}.eA`, "not a JSON object"],
    ["an http issuer", jwt({ ...good, iss: "http://x" }), "`iss`"],
    ["an issuer with user info", jwt({ ...good, iss: "https://a@b/" }), "`iss`"],
    ["an issuer that a shell would read", jwt({ ...good, iss: "https://x/$(id)" }), "`iss`"],
    ["two audiences", jwt({ ...good, aud: ["a", "b"] }), "`aud`"],
    ["another audience", jwt({ ...good, aud: "vault" }), '"vault"'],
    ["no subject", jwt({ ...good, sub: "" }), "`sub`"],
    ["an endless subject", jwt({ ...good, sub: "x".repeat(2049) }), "2049 characters"],
    ["no end", jwt({ ...good, exp: "soon" }), "`exp`"],
    ["an end in the past", jwt({ ...good, exp: nowMs / 1000 - 5 }), "expired 5 s ago"],
    ["20 kB", "x".repeat(20_001), "larger than"],
  ])("refuses %s and names the check, never the token", (_, token, why) => {
    const read = () => readIdToken(token, { nowMs, audience: "sts.amazonaws.com" });
    expect(read).toThrow(expect.objectContaining({ code: "ID_TOKEN_INVALID", message: expect.stringContaining(why) }));
    expect(read).not.toThrow(token);
  });

  it("fails only with its own error on any text", () => {
    const segment = fc.string().map((text) => Buffer.from(text).toString("base64url"));
    const text = fc.oneof(
      fc.string(),
      fc.tuple(segment, segment, segment).map((parts) => parts.join(".")),
      fc.jsonValue().map((value) => jwt(value)),
    );
    fc.assert(
      fc.property(text, (token) => {
        try {
          readIdToken(token, { nowMs });
        } catch (error) {
          expect(error).toMatchObject({ code: "ID_TOKEN_INVALID" });
        }
      }),
    );
  });
});
