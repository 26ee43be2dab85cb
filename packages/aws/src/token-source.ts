import type { IdToken } from "./jwt.ts";
import type { SkewMeter } from "./skew.ts";

/** Hands one OIDC token to several calls and replaces it when it is old. */
export interface TokenSource {
  /** The present token; one with less than 15 s left is replaced first. */
  current(): Promise<IdToken>;
  /** A token newer than `old`; calls at the same time share one request. */
  renew(old: IdToken): Promise<IdToken>;
}

const LEAST_LEFT_MS = 15_000;

export function createTokenSource(fetch: () => Promise<IdToken>, skew: SkewMeter, first?: IdToken): TokenSource {
  let token = first;
  let pending: Promise<IdToken> | undefined;

  function replace(): Promise<IdToken> {
    pending ??= fetch()
      .then((fresh) => {
        token = fresh;
        return fresh;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  }

  return {
    current: async () =>
      token !== undefined && token.claims.exp * 1000 - skew.now() >= LEAST_LEFT_MS ? token : replace(),
    renew: async (old) => (token !== undefined && token.token !== old.token ? token : replace()),
  };
}
