import { type Clock, systemClock } from "@eks-actions/action";
import { ActionError } from "@eks-actions/action/error";
import type { KubeClient } from "./client.ts";
import { credentialsOf } from "./credentials.ts";
import { createDiscovery } from "./discovery.ts";
import { type KubeconfigSource, loadKubeconfig, type Target } from "./kubeconfig.ts";
import { createLimiter } from "./limiter.ts";
import { placing } from "./placing.ts";
import { chooseProxy } from "./proxy.ts";
import { reads } from "./reads.ts";
import { createSender, PATIENCE, type Patience } from "./sender.ts";
import { createTransport, type TransportOptions } from "./transport.ts";
import { writes } from "./writes.ts";

export interface ConnectOptions {
  /** Path, or paths joined as in KUBECONFIG, or `{ text }`. */
  readonly kubeconfig: KubeconfigSource;
  /** Default: the kubeconfig's current-context. */
  readonly context?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Told of each request that is sent again. */
  readonly log?: { debug(text: string): void } | undefined;
  /** Requests under way at once, at most; falls when the server says 429. Default 32. */
  readonly concurrency?: number | undefined;
  /** Times after which a connection or a server is given up. */
  readonly patience?: Partial<Patience & Pick<TransportOptions, "connectTimeoutMs" | "pulse">> | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** 0 ≤ n < 1, for jitter. */
  readonly random?: (() => number) | undefined;
}

/** Reads the kubeconfig and makes a client; no request is sent yet. @throws ActionError `KUBECONFIG_INVALID` */
export async function connect(options: ConnectOptions): Promise<KubeClient> {
  const target = await loadKubeconfig(options.kubeconfig, options.context);
  const clock = options.clock ?? systemClock;
  const server = target.server.href.replace(/\/$/, "");
  const random = options.random ?? Math.random;
  const transport = createTransport(transportOptions(target, options));
  const sender = createSender({
    server,
    transport,
    credentials: credentialsOf(target.login, clock),
    limiter: createLimiter(options.concurrency ?? 32),
    clock,
    random,
    headers: target.headers,
    patience: { ...PATIENCE, ...options.patience },
    onRetry: (what) => options.log?.debug(what),
  });
  const discovery = createDiscovery(sender);
  const place = placing(discovery, target.namespace);
  return {
    server,
    context: target.context,
    defaultNamespace: target.namespace,
    serverTime: sender.serverTime,
    stats: sender.stats,
    resolve: discovery.resolve,
    forgetDiscovery: discovery.forget,
    ...reads({ sender, clock, server, random, place }),
    ...writes(sender, place),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function transportOptions(target: Target, options: ConnectOptions): TransportOptions {
  return {
    server: target.server,
    tls: target.tls,
    proxy: proxyOf(target, options),
    connectTimeoutMs: options.patience?.connectTimeoutMs ?? 10_000,
    pulse: options.patience?.pulse ?? { everyMs: 15_000, deadMs: 45_000 },
    maxSockets: options.concurrency ?? 32,
  };
}

function proxyOf(target: Target, options: ConnectOptions): URL | undefined {
  const proxy = chooseProxy(target.server, target.proxyUrl, options.env ?? process.env);
  if (proxy === undefined || proxy.protocol === "http:" || proxy.protocol === "https:") return proxy;
  throw new ActionError("KUBECONFIG_INVALID", {
    message: `the proxy ${proxy.protocol}//${proxy.host} is of a kind that is not supported`,
    hint: "use an http:// or https:// proxy",
  });
}
