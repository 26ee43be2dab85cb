import { readFile } from "node:fs/promises";
import type { Clock } from "@eks-actions/action";
import { type ExecCredential, runExecPlugin } from "./exec-auth.ts";
import type { Login } from "./kubeconfig.ts";

/** What proves the identity on one request or, for certificates, on one connection. */
export interface Credential {
  readonly authorization?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Credentials {
  /** The credential to send now; renewed before it expires. Concurrent callers share one renewal. */
  current(signal: AbortSignal): Promise<Credential>;
  /** A new credential after `refused` was answered with 401; false when there is no other to be had. */
  renew(refused: Credential, signal: AbortSignal): Promise<boolean>;
}

/** EKS tokens say that they last 14 minutes; none is used for longer than this. */
const LONGEST_USE_MS = 10 * 60_000;
const LEEWAY_MS = 60_000;

export function credentialsOf(login: Login, clock: Clock): Credentials {
  switch (login.kind) {
    case "none":
      return fixed({});
    case "header":
      return fixed({ authorization: login.authorization });
    case "file":
      return renewable(clock, async () => {
        const token = (await readFile(login.tokenFile, "utf8")).trim();
        return { credential: { authorization: `Bearer ${token}` }, useUntil: clock.now() + LEEWAY_MS };
      });
    case "provider":
      return renewable(clock, async () => {
        const authorization = await login.authorization();
        return { credential: { authorization }, useUntil: clock.now() + LEEWAY_MS };
      });
    case "exec":
      return renewable(clock, async (signal) => fromExec(await runExecPlugin(login.plugin, signal), clock));
    default:
      return login satisfies never;
  }
}

function fixed(credential: Credential): Credentials {
  return { current: async () => credential, renew: async () => false };
}

interface Dated {
  readonly credential: Credential;
  readonly useUntil: number;
}

function fromExec(found: ExecCredential, clock: Clock): Dated {
  const { token, cert, key, expiresAt } = found;
  const useUntil = expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - LEEWAY_MS;
  return {
    credential: { authorization: token === undefined ? undefined : `Bearer ${token}`, cert, key },
    useUntil: expiresAt === undefined ? useUntil : Math.min(useUntil, clock.now() + LONGEST_USE_MS),
  };
}

function renewable(clock: Clock, fetch: (signal: AbortSignal) => Promise<Dated>): Credentials {
  let held: Dated | undefined;
  let pending: Promise<Dated> | undefined;

  // The fetch outlives the caller that began it: others wait for the same one.
  function fresh(): Promise<Dated> {
    pending ??= fetch(AbortSignal.timeout(90_000))
      .then((dated) => {
        held = dated;
        return dated;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  }

  return {
    async current(signal) {
      signal.throwIfAborted();
      if (held !== undefined && clock.now() < held.useUntil) return held.credential;
      return (await abortable(fresh(), signal)).credential;
    },
    async renew(refused, signal) {
      if (held?.credential !== refused && held !== undefined) return true;
      signal.throwIfAborted();
      held = undefined;
      await abortable(fresh(), signal);
      return true;
    },
  };
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
