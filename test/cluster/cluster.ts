import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, openCluster, serviceAccount } from "./access.ts";
import { type Binaries, checkAssets, provideBinaries } from "./binaries.ts";
import {
  commandLine,
  type Extras,
  type Layout,
  layOut,
  type ProcessName,
  STAGES,
  type Webhook,
  writeFiles,
  writeKubeconfig,
} from "./control-plane.ts";
import { startKubeletLogs } from "./kubelet-logs.ts";
import { applyNodes } from "./nodes.ts";
import { freePorts } from "./ports.ts";
import { endLeftovers, type Launched, type ProcessGroup, processGroup } from "./processes.ts";
import { grantClusterRoles } from "./rbac.ts";
import { SetupError } from "./setup-error.ts";
import type { RouterAddress } from "./token-router.ts";

const START_TIMEOUT_MS = 90_000;

export interface ClusterOptions {
  /** Simulated nodes. Default 3. */
  readonly nodes?: number;
  readonly apiserverArgs?: readonly string[];
  readonly controllerManagerArgs?: readonly string[];
  /** The token webhook that the API server asks, as `startTokenRouter().webhook`. Absent: it asks none. */
  readonly authenticationWebhook?: Webhook | undefined;
  /** Where authenticators for that webhook register. */
  readonly router?: RouterAddress | undefined;
  readonly print?: (line: string) => void;
}

/** A control plane that this process owns. */
export interface OwnCluster extends Cluster, AsyncDisposable {
  /** Folder with one log per process. */
  readonly logs: string;
  /** What runs for it. */
  processes(): readonly { readonly name: string; readonly pid: number }[];
  /** SIGKILL; resolves when the process is gone. */
  kill(name: ProcessName): Promise<void>;
  /** Starts a killed process again, on the same port and data. For the API server: resolves when it is ready. */
  start(name: ProcessName): Promise<void>;
  /** SIGSTOP and SIGCONT: the process hangs, its sockets stay open. */
  pause(name: ProcessName): void;
  resume(name: ProcessName): void;
  /** Compacts etcd to its newest revision. Watches from older ones end with 410 once the API server has restarted. */
  compact(): Promise<void>;
}

/**
 * Starts etcd, kube-apiserver, controller manager, scheduler and kwok on free ports of 127.0.0.1, with ready nodes.
 * @throws SetupError when programs are missing or a process dies; the message holds the end of its log.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<OwnCluster> {
  const print = options.print ?? ((line: string) => console.error(line));
  requireNode();
  await checkAssets(process.env);
  const binaries = await provideBinaries(process.env, print);
  const ended = await endLeftovers();
  if (ended.length > 0) print(`ended what a killed run left behind: ${ended.join(", ")}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binaries, options);
    } catch (error) {
      if (!(error instanceof SetupError) || attempt >= (ATTEMPTS[error.code] ?? 1)) throw error;
      print(`${error.message}\nstarting again on other ports`);
    }
  }
}

function requireNode(): void {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major >= 24) return;
  throw new SetupError(
    "NODE_TOO_OLD",
    `Node ${process.versions.node} runs the tests; run them through \`npm run\`, which uses Node 24 from node_modules.`,
  );
}

const ATTEMPTS: Readonly<Record<string, number>> = { PORT_IN_USE: 5, CONTROLPLANE_START_FAILED: 2 };

async function startOnce(binaries: Binaries, options: ClusterOptions): Promise<OwnCluster> {
  await using undo = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-cluster-"));
  if (process.env["TEST_KEEP"] !== "1") undo.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [apiserver = 0, etcdClient = 0, etcdPeer = 0] = await freePorts(3);
  const layout = layOut(folder, { apiserver, etcdClient, etcdPeer });
  writeFiles(layout, options.authenticationWebhook);

  let cluster: Cluster | undefined;
  const kubeletLogs = await startKubeletLogs(() => {
    if (cluster === undefined) throw new Error("the control plane is still starting");
    return cluster.api;
  });
  undo.use(kubeletLogs);

  const group = processGroup(folder);
  undo.defer(() => group.stopAll());
  const extras: Extras = {
    apiserverArgs: options.apiserverArgs ?? [],
    controllerManagerArgs: options.controllerManagerArgs ?? [],
    webhook: options.authenticationWebhook,
    kubeletPort: kubeletLogs.port,
  };
  const parts = startable(group, binaries, layout, extras);

  parts.start("etcd");
  parts.start("kube-apiserver");
  const caData = await certificateOf(layout, parts);
  cluster = openCluster({
    endpoint: layout.endpoint,
    caData,
    adminToken: layout.tokens.admin,
    ciToken: layout.tokens.ci,
    router: options.router,
    binaries: binaries.folder,
  });
  await apiReady(cluster, parts);
  writeKubeconfig(layout, caData);
  parts.start("kube-controller-manager");
  parts.start("kube-scheduler");
  parts.start("kwok");
  await grantClusterRoles(cluster.api);
  await parts.orDied(serviceAccount(cluster.api, "default"));
  await parts.orDied(applyNodes(cluster.api, options.nodes ?? 3));

  const stack = undo.move();
  return { ...cluster, ...controls(cluster, parts, layout), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

interface Parts {
  all(): readonly Launched[];
  start(name: ProcessName): void;
  launched(name: ProcessName): Launched;
  /** Throws when one of the processes has ended by itself. */
  check(): void;
  /** Resolves with `work`, or rejects as soon as a process dies. */
  orDied<T>(work: Promise<T>): Promise<T>;
}

function startable(group: ProcessGroup, binaries: Binaries, layout: Layout, extras: Extras): Parts {
  const byName = new Map<ProcessName, Launched>();
  const check = () => {
    for (const launched of byName.values()) {
      const exit = launched.exit();
      if (exit !== undefined) throw died(launched, exit);
    }
  };
  return {
    all: () => [...byName.values()],
    start(name) {
      const { command, args } = commandLine(name, binaries, layout, extras);
      byName.set(name, group.launch(name, command, args));
    },
    launched(name) {
      const launched = byName.get(name);
      if (launched === undefined) throw new Error(`${name} was not started`);
      return launched;
    },
    check,
    async orDied(work) {
      const timer = new AbortController();
      const watch = async () => {
        while (!timer.signal.aborted) {
          check();
          await sleep(100);
        }
        return new Promise<never>(() => undefined);
      };
      try {
        return await Promise.race([work, watch()]);
      } finally {
        timer.abort();
      }
    },
  };
}

function died(launched: Launched, exit: string): SetupError {
  const log = readFileSync(launched.logFile, "utf8").trimEnd();
  const tail = log.split("\n").slice(-40).join("\n");
  if (/no stages found/i.test(log)) {
    return new SetupError("KWOK_NO_STAGES", `kwok found no stages in ${STAGES}\n${tail}`);
  }
  const port = /(\S*:\d+)?: bind: address already in use/.exec(log);
  if (port !== null) return new SetupError("PORT_IN_USE", `${launched.name}: ${port[1] ?? "a port"} is in use`);
  return new SetupError(
    "CONTROLPLANE_START_FAILED",
    `${launched.name} ended with ${exit} before it was ready\n${tail}`,
  );
}

async function certificateOf(layout: Layout, parts: Parts): Promise<string> {
  for (;;) {
    parts.check();
    try {
      const pem = readFileSync(layout.caFile, "utf8");
      if (pem.trimEnd().endsWith("-----END CERTIFICATE-----")) return Buffer.from(pem).toString("base64");
    } catch {
      // The API server writes it in its first second.
    }
    await sleep(50);
  }
}

async function apiReady(cluster: Cluster, parts: Parts): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    parts.check();
    const answer = await cluster.api.request("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200) return;
    if (Date.now() > deadline)
      throw died(parts.launched("kube-apiserver"), `no /readyz within ${START_TIMEOUT_MS / 1000} s`);
    await sleep(100);
  }
}

function controls(cluster: Cluster, parts: Parts, layout: Layout) {
  return {
    logs: layout.folder,
    processes: () => parts.all().map(({ name, pid }) => ({ name, pid })),
    async kill(name: ProcessName) {
      parts.launched(name).signal("SIGKILL");
      while (parts.launched(name).exit() === undefined) await sleep(10);
    },
    async start(name: ProcessName) {
      parts.start(name);
      if (name === "kube-apiserver") await apiReady(cluster, parts);
    },
    pause: (name: ProcessName) => parts.launched(name).signal("SIGSTOP"),
    resume: (name: ProcessName) => parts.launched(name).signal("SIGCONT"),
    compact: () => compact(layout.etcdUrl),
  };
}

/** https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
async function compact(etcdUrl: string): Promise<void> {
  const status = await etcd(etcdUrl, "/v3/maintenance/status", {});
  const header = typeof status === "object" && status !== null ? Reflect.get(status, "header") : undefined;
  const revision = typeof header === "object" && header !== null ? Reflect.get(header, "revision") : undefined;
  await etcd(etcdUrl, "/v3/kv/compaction", { revision, physical: true });
}

async function etcd(etcdUrl: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(etcdUrl + path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
