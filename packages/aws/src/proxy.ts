import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { ActionError } from "@eks-actions/action";

type Env = Readonly<Record<string, string | undefined>>;

/** An HTTP proxy for every request of a run. */
export interface ProxySettings {
  /** `http://[user:pass@]host:port` */
  readonly url: string;
  /** Hosts by comma that are reached directly. */
  readonly noProxy: string | undefined;
  /** True when asked for by an input: then it serves plain http on this machine as well. */
  readonly explicit: boolean;
}

/**
 * The proxy of an input, else of `HTTPS_PROXY` and `NO_PROXY`; the lower-case variable wins, as in curl and Node.
 * @throws ActionError `INPUT_INVALID` for what Node would pass over in silence, such as `socks5://`
 */
export function readProxy(
  env: Env,
  input?: { readonly url?: string | undefined; readonly noProxy?: string | undefined },
): ProxySettings | undefined {
  const given = input?.url;
  const url = given ?? (env["https_proxy"] || env["HTTPS_PROXY"] || undefined);
  if (url === undefined) return undefined;
  const noProxy = input?.noProxy ?? (env["no_proxy"] || env["NO_PROXY"] || undefined);
  return { url: proxyUrl(url.trim()), noProxy, explicit: given !== undefined };
}

// As curl reads it: `host:port` is http, and a `%` that begins no escape is a `%`. Node takes neither.
function proxyUrl(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const readable = decoded(url) === url && url.includes("%") ? url.replaceAll("%", "%25") : url;
  if (URL.canParse(readable) && /^https?:$/.test(new URL(readable).protocol)) return readable;
  throw new ActionError("INPUT_INVALID", {
    message: `the proxy \`${readable.replace(/\/\/.*@/s, "//…@").slice(0, 100)}\` cannot be used`,
    hint: "write `http://[user:pass@]host:port` into `http-proxy` or HTTPS_PROXY",
  });
}

/** The user info of the proxy URL, in every spelling that may be sent or printed: what must be masked. */
export function proxySecrets(proxy: ProxySettings | undefined): readonly string[] {
  if (proxy === undefined || !URL.canParse(proxy.url)) return [];
  const { password, username } = new URL(proxy.url);
  // A user name without a password is a token.
  if (password === "") return username === "" ? [] : [username, decoded(username), basic(username, "")];
  const pair = `${username}:${password}`;
  return [...new Set([pair, password, decoded(pair), decoded(password), basic(username, password)])];
}

function basic(username: string, password: string): string {
  return Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone `%` is no escape; the text is what it looks like.
    return text;
  }
}

/** Agents of one run; connections are kept for the next request. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** Made at first use: loading Node's TLS takes longer than all of a run that ends before its first request. */
export function createAgents(proxy: ProxySettings | undefined): Agents {
  const options = { keepAlive: true, maxSockets: 50, ...proxyOptions(proxy) };
  let http: HttpAgent | undefined;
  let https: HttpsAgent | undefined;
  return {
    get http() {
      const { Agent } = process.getBuiltinModule("node:http");
      http ??= new Agent(options);
      return http;
    },
    get https() {
      const { Agent } = process.getBuiltinModule("node:https");
      https ??= new Agent(options);
      return https;
    },
  };
}

function proxyOptions(proxy: ProxySettings | undefined) {
  if (proxy === undefined) return {};
  const proxyEnv = {
    HTTPS_PROXY: proxy.url,
    ...(proxy.explicit ? { HTTP_PROXY: proxy.url } : {}),
    ...(proxy.noProxy === undefined ? {} : { NO_PROXY: proxy.noProxy }),
  };
  return { proxyEnv };
}
