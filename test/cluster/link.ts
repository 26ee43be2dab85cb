import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./access.ts";
import type { Identity } from "./identities.ts";
import { freePorts } from "./ports.ts";
import { type Launched, processGroup } from "./processes.ts";

/** https://github.com/Shopify/toxiproxy#toxics */
export type Toxic =
  | { readonly type: "latency"; readonly latency: number; readonly jitter?: number }
  | { readonly type: "bandwidth"; readonly rate: number }
  | { readonly type: "timeout"; readonly timeout: number }
  | { readonly type: "reset_peer"; readonly timeout: number }
  | { readonly type: "slicer"; readonly average_size: number; readonly size_variation: number; readonly delay: number }
  | { readonly type: "slow_close"; readonly delay: number }
  | { readonly type: "limit_data"; readonly bytes: number };

/** A bad network before the API server: a TCP proxy, so that TLS and its certificate stay as they are. */
export interface Link extends AsyncDisposable {
  readonly endpoint: string;
  kubeconfig(who: Identity, namespace?: string): string;
  /** Spoils one direction: `downstream` is towards the client. Milliseconds, KB/s, bytes; delays of slicer in µs. */
  spoil(toxic: Toxic, stream?: "upstream" | "downstream"): Promise<void>;
  /** Takes all toxics away. */
  heal(): Promise<void>;
  /** Refuses and closes all connections until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Starts a toxiproxy of its own before `cluster`. @throws SetupError when the assets hold no toxiproxy-server */
export async function startLink(cluster: Cluster): Promise<Link> {
  await using undo = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-cluster-link-"));
  undo.defer(() => rmSync(folder, { recursive: true, force: true }));
  const group = processGroup(folder);
  undo.defer(() => group.stopAll());
  const [controlPort = 0, listenPort = 0] = await freePorts(2);
  const server = join(cluster.binaries, "toxiproxy-server");
  const launched = group.launch("toxiproxy", server, ["-host", "127.0.0.1", "-port", String(controlPort)]);
  const control = controlOf(`http://127.0.0.1:${controlPort}`);
  await answering(control, launched);
  const proxy = {
    name: "api",
    listen: `127.0.0.1:${listenPort}`,
    upstream: new URL(cluster.endpoint).host,
    enabled: true,
  };
  await control("POST", "/proxies", proxy);
  const endpoint = `https://127.0.0.1:${listenPort}`;
  const stack = undo.move();
  return {
    endpoint,
    kubeconfig: (who, namespace) => cluster.kubeconfig(who, namespace).replaceAll(cluster.endpoint, endpoint),
    async spoil({ type, ...attributes }, stream = "downstream") {
      await control("POST", "/proxies/api/toxics", { type, stream, attributes });
    },
    heal: () => control("POST", "/reset"),
    cut: () => control("POST", "/proxies/api", { ...proxy, enabled: false }),
    mend: () => control("POST", "/proxies/api", { ...proxy, enabled: true }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Control = (method: string, path: string, body?: unknown) => Promise<void>;

function controlOf(base: string): Control {
  return async (method, path, body) => {
    const answer = await fetch(base + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`toxiproxy ${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
}

async function answering(control: Control, launched: Launched): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const exit = launched.exit();
    if (exit !== undefined) throw new Error(`toxiproxy ended with ${exit}\n${readFileSync(launched.logFile, "utf8")}`);
    try {
      await control("GET", "/version");
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}
