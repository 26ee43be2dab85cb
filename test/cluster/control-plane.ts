import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Binaries } from "./binaries.ts";
import { kubeconfigText, type Tokens, tokenFile, webhookConfig } from "./identities.ts";

export const STAGES: string = fileURLToPath(new URL("./stages.yaml", import.meta.url));

export type ProcessName = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kwok";

export interface Ports {
  readonly apiserver: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
}

export interface Webhook {
  readonly url: string;
  readonly caData: string;
}

/** Files and flags of one control plane in one work folder. */
export interface Layout {
  readonly folder: string;
  readonly ports: Ports;
  readonly tokens: Tokens;
  readonly endpoint: string;
  readonly etcdUrl: string;
  /** Where the API server puts its self-signed certificate, which is its own CA. */
  readonly caFile: string;
  readonly kubeconfigFile: string;
}

export interface Extras {
  readonly apiserverArgs: readonly string[];
  readonly webhook?: Webhook | undefined;
  readonly controllerManagerArgs: readonly string[];
  /** Port of the simulated kubelets' log server. */
  readonly kubeletPort: number;
}

export function layOut(folder: string, ports: Ports): Layout {
  return {
    folder,
    ports,
    tokens: { admin: randomUUID(), ci: randomUUID() },
    endpoint: `https://127.0.0.1:${ports.apiserver}`,
    etcdUrl: `http://127.0.0.1:${ports.etcdClient}`,
    caFile: join(folder, "pki", "api", "apiserver.crt"),
    kubeconfigFile: join(folder, "kubeconfig"),
  };
}

/** Keys, tokens and configuration that must exist before the first process. */
export function writeFiles(layout: Layout, webhook: Webhook | undefined): void {
  const pki = join(layout.folder, "pki");
  mkdirSync(pki, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(pki, "sa.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(pki, "sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(join(pki, "tokens.csv"), tokenFile(layout.tokens), { mode: 0o600 });
  if (webhook !== undefined) writeFileSync(join(pki, "webhook.json"), webhookConfig(webhook));
  writeFileSync(
    join(layout.folder, "scheduler.yaml"),
    JSON.stringify({
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      clientConnection: { kubeconfig: layout.kubeconfigFile, qps: 2000, burst: 4000 },
      leaderElection: { leaderElect: false },
    }),
  );
}

/** For the controllers, once the API server's certificate exists. */
export function writeKubeconfig(layout: Layout, caData: string): void {
  const text = kubeconfigText({ endpoint: layout.endpoint, caData, tokens: layout.tokens, current: "admin" });
  writeFileSync(layout.kubeconfigFile, text, { mode: 0o600 });
}

export function commandLine(
  name: ProcessName,
  binaries: Binaries,
  layout: Layout,
  extras: Extras,
): { readonly command: string; readonly args: readonly string[] } {
  return { command: binaries.path(name), args: ARGS[name](layout, extras) };
}

// The node grace period is long on purpose: a busy machine must not turn nodes NotReady, because no stage would set
// their pods Ready again. Controllers get a rate that does not slow them (the default is 20 requests a second).
const ARGS: Readonly<Record<ProcessName, (layout: Layout, extras: Extras) => readonly string[]>> = {
  etcd: ({ folder, ports, etcdUrl }) => {
    const peer = `http://127.0.0.1:${ports.etcdPeer}`;
    return [
      `--data-dir=${join(folder, "etcd")}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
      "--quota-backend-bytes=4294967296",
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  },
  "kube-apiserver": ({ folder, ports, etcdUrl, endpoint }, { apiserverArgs, webhook }) => {
    const pki = join(folder, "pki");
    return [
      `--etcd-servers=${etcdUrl}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${ports.apiserver}`,
      `--cert-dir=${join(pki, "api")}`,
      `--service-account-issuer=${endpoint}`,
      `--service-account-key-file=${join(pki, "sa.pub")}`,
      `--service-account-signing-key-file=${join(pki, "sa.key")}`,
      "--authorization-mode=RBAC",
      `--token-auth-file=${join(pki, "tokens.csv")}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      "--allow-privileged=true",
      "--endpoint-reconciler-type=none",
      "--event-ttl=10m",
      "--kubelet-preferred-address-types=InternalIP",
      ...(webhook === undefined
        ? []
        : [
            `--authentication-token-webhook-config-file=${join(pki, "webhook.json")}`,
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=0s",
          ]),
      ...apiserverArgs,
    ];
  },
  "kube-controller-manager": ({ folder, kubeconfigFile, caFile }, { controllerManagerArgs }) => [
    `--kubeconfig=${kubeconfigFile}`,
    `--service-account-private-key-file=${join(folder, "pki", "sa.key")}`,
    `--root-ca-file=${caFile}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=2000",
    "--kube-api-burst=4000",
    "--node-monitor-grace-period=300s",
    ...controllerManagerArgs,
  ],
  "kube-scheduler": ({ folder }) => [`--config=${join(folder, "scheduler.yaml")}`, "--secure-port=0"],
  kwok: ({ kubeconfigFile }, { kubeletPort }) => [
    `--kubeconfig=${kubeconfigFile}`,
    "--manage-all-nodes=true",
    `--config=${STAGES}`,
    "--node-lease-duration-seconds=40",
    "--node-ip=127.0.0.1",
    `--node-port=${kubeletPort}`,
    // Without an address kwok would take the node port itself.
    "--server-address=127.0.0.1:0",
  ],
};
