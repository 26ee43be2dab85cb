import { BlockList, isIP } from "node:net";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server: the kubeconfig's `proxy-url` first, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY excepts
 * the host. Upper and lower case names count, as in Go's net/http; loopback is never proxied by the environment.
 */
export function chooseProxy(server: URL, proxyUrl: string | undefined, env: Env): URL | undefined {
  if (proxyUrl !== undefined && proxyUrl !== "") return new URL(proxyUrl);
  const get = (name: string) => env[name] || env[name.toLowerCase()] || "";
  const value = get(server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (value === "" || isExcepted(server, get("NO_PROXY"))) return undefined;
  return new URL(value.includes("://") ? value : `http://${value}`);
}

function isExcepted(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  if (host === "localhost" || host === "::1" || /^127\./.test(host)) return true;
  const entries = noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
  return entries.some((entry) => entry === "*" || matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry.includes("/")) return inRange(entry, host);
  const [, name = "", entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const domain = name.replace(/^\*?\./, "");
  if (name.startsWith(".") || name.startsWith("*.")) return host.endsWith(`.${domain}`);
  return host === domain || host.endsWith(`.${domain}`);
}

function inRange(entry: string, host: string): boolean {
  const [network = "", bits = ""] = entry.split("/");
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family) return false;
  const type = family === 6 ? "ipv6" : "ipv4";
  const range = new BlockList();
  range.addSubnet(network, Number(bits), type);
  return range.check(host, type);
}
