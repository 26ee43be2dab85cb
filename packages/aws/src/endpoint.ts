import { ActionError } from "@eks-actions/action";

/** Where requests go when they do not go to the region's own host, and who said so. */
export interface Endpoint {
  readonly url: string;
  /** `input sts-endpoint` or the variable's name. */
  readonly origin: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * A foreign endpoint for a service from `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL`, as every SDK reads them,
 * but validated. `service` in SDK spelling: `STS`, `EKS`, `CLOUDWATCH_LOGS`.
 * @throws ActionError `ENDPOINT_REFUSED`
 */
export function endpointFromEnv(service: string, env: Env): Endpoint | undefined {
  if (/^(true|1)$/i.test(env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? "")) return undefined;
  for (const origin of [`AWS_ENDPOINT_URL_${service}`, "AWS_ENDPOINT_URL"]) {
    const url = env[origin]?.trim();
    if (url !== undefined && url !== "") return { url: checkEndpoint(url, origin), origin };
  }
  return undefined;
}

/**
 * The same URL, if a token may travel there: https, or http on this machine; no user info.
 * @throws ActionError `ENDPOINT_REFUSED`
 */
export function checkEndpoint(text: string, origin: string): string {
  const refuse = (why: string) =>
    new ActionError("ENDPOINT_REFUSED", {
      message: `${origin}: \`${shown(text)}\` ${why}`,
      hint: "use `https://host[:port]`; `http` is accepted on 127.0.0.0/8, `[::1]` and `localhost` only, because a token would travel in clear text",
    });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refuse("is not a URL");
  if (url.username !== "" || url.password !== "") throw refuse("holds a user name or password");
  if (url.protocol === "https:") return text;
  if (url.protocol !== "http:") throw refuse("is not https");
  if (!isLoopback(url.hostname)) throw refuse("is neither https nor on this machine");
  return text;
}

/** True for names and addresses of this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

// User info may be a password, and a query a token.
function shown(text: string): string {
  const bare = text.replace(/\/\/.*@/s, "//…@").replace(/\?.*$/s, "?…");
  return bare.length <= 120 ? bare : `${bare.slice(0, 119)}…`;
}
