import { readFileSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { ActionError } from "@eks-actions/action/error";
import { readYaml } from "@eks-actions/manifest";
import type { Cluster, Context, KubeConfig, User } from "@kubernetes/client-node";
import { isRecord } from "./error.ts";
import type { ExecPlugin } from "./exec-auth.ts";

/** Where to connect and as whom: one context of a kubeconfig, read and checked. */
export interface Target {
  readonly server: URL;
  readonly context: string;
  readonly namespace: string;
  readonly tls: TlsSettings;
  /** `proxy-url` of the cluster. The environment's proxies are the dialer's business. */
  readonly proxyUrl: string | undefined;
  readonly login: Login;
  /** Impersonation headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface TlsSettings {
  /** PEM; absent: the system's roots. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized: boolean;
}

export type Login =
  | { readonly kind: "none" }
  | { readonly kind: "header"; readonly authorization: string }
  | { readonly kind: "file"; readonly tokenFile: string }
  | { readonly kind: "exec"; readonly plugin: ExecPlugin }
  /** OIDC and the older cloud providers, which the client library knows. */
  | { readonly kind: "provider"; authorization(): Promise<string | undefined> };

/** Path, or paths joined as in KUBECONFIG, or the text itself. */
export type KubeconfigSource = string | { readonly text: string };

/** @throws ActionError `KUBECONFIG_INVALID` */
export async function loadKubeconfig(source: KubeconfigSource, contextName?: string): Promise<Target> {
  // Loaded on demand: the library costs more than the rest of the start.
  const { KubeConfig: Loader } = await import("@kubernetes/client-node");
  const { config, users } = typeof source === "string" ? fromFiles(Loader, source) : fromText(Loader, source.text);
  const name = contextName ?? config.getCurrentContext() ?? "";
  const context = config.getContextObject(name);
  if (context === null) throw invalid(contextProblem(name, config.getContexts()), source);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null)
    throw invalid(`context ${name} names the cluster ${context.cluster}, which is not there`, source);
  const user = config.getUser(context.user);
  if (user === null) throw invalid(`context ${name} names the user ${context.user}, which is not there`, source);
  config.setCurrentContext(name);
  const more = users.get(user.name) ?? NOTHING_MORE;
  return {
    server: serverUrl(cluster, source),
    context: name,
    namespace: context.namespace || "default",
    tls: tlsSettings(cluster, user, source),
    proxyUrl: cluster.proxyUrl,
    login: login(config, cluster, user, more),
    headers: impersonation(user, more),
  };
}

interface Loaded {
  readonly config: KubeConfig;
  readonly users: ReadonlyMap<string, MoreOfUser>;
}

/** Fields of a user that the library drops. */
interface MoreOfUser {
  readonly tokenFile: string;
  readonly groups: readonly string[];
}

const NOTHING_MORE: MoreOfUser = { tokenFile: "", groups: [] };

function fromText(Loader: typeof KubeConfig, text: string): Loaded {
  return load(Loader, text, { text }, undefined);
}

// kubectl's rules for a list of files: absent ones are skipped, the first to name a thing wins.
function fromFiles(Loader: typeof KubeConfig, paths: string): Loaded {
  const files = paths.split(delimiter).filter((path) => path !== "");
  const loaded = files.flatMap((file) => fromFile(Loader, file, files.length > 1));
  const configs = loaded.map(({ config }) => config);
  const merged = new Loader();
  merged.loadFromOptions({
    clusters: firstOfEach<Cluster>(configs.flatMap((config) => config.getClusters())),
    users: firstOfEach<User>(configs.flatMap((config) => config.getUsers())),
    contexts: firstOfEach<Context>(configs.flatMap((config) => config.getContexts())),
    currentContext: configs.find((config) => Boolean(config.getCurrentContext()))?.getCurrentContext() ?? "",
  });
  return { config: merged, users: new Map(loaded.toReversed().flatMap(({ users }) => [...users])) };
}

function fromFile(Loader: typeof KubeConfig, file: string, mayBeAbsent: boolean): readonly Loaded[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (isAbsent && mayBeAbsent) return [];
    throw invalid(isAbsent ? "does not exist" : `cannot be read: ${messageOf(cause)}`, file, cause);
  }
  return [load(Loader, text, file, dirname(resolve(file)))];
}

function load(Loader: typeof KubeConfig, text: string, source: KubeconfigSource, folder: string | undefined): Loaded {
  const [result] = readYaml(text, typeof source === "string" ? source : "kubeconfig");
  if (result === undefined) throw invalid("is empty", source);
  if ("error" in result) throw invalid(`is no kubeconfig: ${result.error.message}`, source, result.error);
  const config = new Loader();
  try {
    config.loadFromString(text);
  } catch (cause) {
    throw invalid(`is no kubeconfig: ${messageOf(cause)}`, source, cause);
  }
  if (folder !== undefined) config.makePathsAbsolute(folder);
  return { config, users: moreOfUsers(result.document.value, folder) };
}

function moreOfUsers(value: unknown, folder: string | undefined): ReadonlyMap<string, MoreOfUser> {
  const users = isRecord(value) && Array.isArray(value["users"]) ? value["users"].filter(isRecord) : [];
  return new Map(
    users.map(({ name, user }): [string, MoreOfUser] => {
      const fields = isRecord(user) ? user : {};
      const tokenFile = typeof fields["tokenFile"] === "string" ? fields["tokenFile"] : "";
      return [
        String(name),
        {
          tokenFile: tokenFile === "" || folder === undefined ? tokenFile : resolve(folder, tokenFile),
          groups: Array.isArray(fields["as-groups"]) ? fields["as-groups"].map(String) : [],
        },
      ];
    }),
  );
}

function impersonation(user: User, { groups }: MoreOfUser): Readonly<Record<string, string | readonly string[]>> {
  if (user.impersonateUser === undefined) return {};
  return { "impersonate-user": user.impersonateUser, ...(groups.length === 0 ? {} : { "impersonate-group": groups }) };
}

function firstOfEach<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.filter((item, index) => items.findIndex((other) => other.name === item.name) === index);
}

function contextProblem(name: string, contexts: readonly Context[]): string {
  const known = contexts.map((context) => context.name).join(", ") || "none";
  return name === "" ? `has no current-context (contexts: ${known})` : `has no context ${name} (contexts: ${known})`;
}

function serverUrl(cluster: Cluster, source: KubeconfigSource): URL {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url !== undefined && (url.protocol === "https:" || url.protocol === "http:")) return url;
  throw invalid(`gives cluster ${cluster.name} the server ${JSON.stringify(cluster.server)}, which is no URL`, source);
}

function tlsSettings(cluster: Cluster, user: User, source: KubeconfigSource): TlsSettings {
  const pem = (what: string, data: string | undefined, file: string | undefined) => {
    if (data !== undefined && data !== "")
      return checkedPem(what, Buffer.from(data, "base64").toString("utf8"), source);
    if (file === undefined || file === "") return undefined;
    try {
      return checkedPem(what, readFileSync(file, "utf8"), source);
    } catch (cause) {
      if (cause instanceof ActionError) throw cause;
      throw invalid(`names the ${what} file ${file}, which cannot be read`, source, cause);
    }
  };
  return {
    ca: pem("certificate-authority", cluster.caData, cluster.caFile),
    cert: pem("client-certificate", user.certData, user.certFile),
    key: pem("client-key", user.keyData, user.keyFile),
    servername: cluster.tlsServerName,
    rejectUnauthorized: !cluster.skipTLSVerify,
  };
}

function checkedPem(what: string, pem: string, source: KubeconfigSource): string {
  if (pem.includes("-----BEGIN ")) return pem;
  throw invalid(`holds a ${what} that is no PEM (data fields are base64 of PEM)`, source);
}

function login(config: KubeConfig, cluster: Cluster, user: User, { tokenFile }: MoreOfUser): Login {
  // client-go's order: the file wins over the token beside it.
  if (tokenFile !== "") return { kind: "file", tokenFile };
  if (user.token !== undefined && user.token !== "") return { kind: "header", authorization: `Bearer ${user.token}` };
  if (isRecord(user.exec)) return { kind: "exec", plugin: execPlugin(user.exec, cluster) };
  if (user.authProvider !== undefined) return { kind: "provider", authorization: () => fromProvider(config) };
  if (user.username !== undefined && user.username !== "") {
    const basic = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
    return { kind: "header", authorization: `Basic ${basic}` };
  }
  return { kind: "none" };
}

async function fromProvider(config: KubeConfig): Promise<string | undefined> {
  const options: { headers?: Record<string, unknown> } = {};
  await config.applyToHTTPSOptions(options);
  const value = options.headers?.["Authorization"];
  return typeof value === "string" ? value : undefined;
}

function execPlugin(exec: Readonly<Record<string, unknown>>, cluster: Cluster): ExecPlugin {
  const text = (name: string) => (typeof exec[name] === "string" ? exec[name] : "");
  const env = Array.isArray(exec["env"]) ? exec["env"].filter(isRecord) : [];
  return {
    apiVersion: text("apiVersion") || "client.authentication.k8s.io/v1",
    command: text("command"),
    args: Array.isArray(exec["args"]) ? exec["args"].map(String) : [],
    env: Object.fromEntries(env.map((entry) => [String(entry["name"]), String(entry["value"] ?? "")])),
    installHint: text("installHint"),
    cluster:
      exec["provideClusterInfo"] === true
        ? {
            server: cluster.server,
            ...(cluster.caData === undefined ? {} : { "certificate-authority-data": cluster.caData }),
            ...(cluster.tlsServerName === undefined ? {} : { "tls-server-name": cluster.tlsServerName }),
            ...(cluster.skipTLSVerify ? { "insecure-skip-tls-verify": true } : {}),
          }
        : undefined,
  };
}

function invalid(what: string, source: KubeconfigSource, cause?: unknown): ActionError {
  const name = typeof source === "string" ? `kubeconfig ${source}` : "the kubeconfig";
  return new ActionError("KUBECONFIG_INVALID", {
    message: `${name} ${what}`,
    hint: "run actions/auth with `eks-cluster:` before this step, or `aws eks update-kubeconfig --name <cluster>`",
    cause,
  });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
