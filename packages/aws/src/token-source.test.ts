import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import type { IdToken } from "./jwt.ts";
import { createSkewMeter } from "./skew.ts";
import { createTokenSource } from "./token-source.ts";

function source(clock = virtualClock()) {
  let minted = 0;
  const fetch = async (): Promise<IdToken> => {
    minted++;
    const claims = { iss: "https://x", aud: "a", sub: "s", exp: clock.now() / 1000 + 300, all: {} };
    return { token: `jwt-${minted}`, claims };
  };
  return { clock, tokens: createTokenSource(fetch, createSkewMeter(clock)), minted: () => minted };
}

describe("a token source", () => {
  it("asks once for many calls at the same time, and keeps the token", async () => {
    const { tokens, minted } = source();
    const all = await Promise.all([tokens.current(), tokens.current(), tokens.current()]);
    expect(new Set(all.map(({ token }) => token)).size).toBe(1);
    await tokens.current();
    expect(minted()).toBe(1);
  });

  it("replaces a token with less than 15 s left", async () => {
    const { clock, tokens } = source();
    expect((await tokens.current()).token).toBe("jwt-1");
    await clock.advance(284_000);
    expect((await tokens.current()).token).toBe("jwt-1");
    await clock.advance(2_000);
    expect((await tokens.current()).token).toBe("jwt-2");
  });

  it("renews for the first who finds it expired, and hands the others the new one", async () => {
    const { tokens, minted } = source();
    const old = await tokens.current();
    const [a, b] = await Promise.all([tokens.renew(old), tokens.renew(old)]);
    expect(a.token).toBe("jwt-2");
    expect(b.token).toBe("jwt-2");
    expect((await tokens.renew(old)).token).toBe("jwt-2");
    expect(minted()).toBe(2);
  });
});

describe("a skew meter", () => {
  it("believes no difference below the header's own error, and nothing unreadable", () => {
    const clock = virtualClock();
    const skew = createSkewMeter(clock);
    skew.record(new Date(clock.now() + 1000).toUTCString());
    skew.record("yesterday");
    skew.record(undefined);
    expect(skew.offsetMs).toBe(0);
  });

  it("corrects this machine's clock by the server's", () => {
    const clock = virtualClock();
    const skew = createSkewMeter(clock);
    skew.record(new Date(clock.now() - 600_000).toUTCString());
    expect(skew.offsetMs).toBe(-599_500);
    expect(skew.now()).toBe(clock.now() - 599_500);
  });
});
