import type { Bottlerocket, ManagedNodeGroup } from "@eks-actions/cluster-config";
import { inText } from "../plan/value.ts";
import { toml } from "./toml.ts";

export interface UserData {
  /** Before base64; may hold references to the cluster. */
  readonly text: string;
  /** True when it names the cluster's endpoint, which exists only once the cluster does. */
  readonly namesCluster: boolean;
}

/**
 * What the nodes of a group read at boot beyond what EKS tells them itself. With an image of EKS, EKS merges this with
 * its own; with one of the user's own it stands alone, so it has to say how to join.
 */
export function userData(group: ManagedNodeGroup, cluster: string): UserData | undefined {
  if (group.amiFamily.startsWith("Bottlerocket")) return bottlerocketData(group, cluster);
  const isAl2023 = group.amiFamily === "AmazonLinux2023";
  const joins = isAl2023 && group.ami !== undefined;
  const override = group.overrideBootstrapCommand;
  const parts: readonly MimePart[] = [
    ...group.preBootstrapCommands.map((command) => shellScript(`#!/bin/bash\n${command}`)),
    ...(joins ? [nodeConfig(joinConfig(group, cluster))] : []),
    ...(group.maxPodsPerNode === undefined ? [] : [nodeConfig(maxPodsConfig(group.maxPodsPerNode))]),
    ...(override === undefined ? [] : [isAl2023 ? nodeConfig(override) : shellScript(override)]),
  ];
  return parts.length === 0 ? undefined : { text: multipart(parts), namesCluster: joins };
}

interface MimePart {
  readonly type: string;
  readonly body: string;
}

const shellScript = (body: string): MimePart => ({ type: 'text/x-shellscript; charset="us-ascii"', body });
const nodeConfig = (body: string): MimePart => ({ type: "application/node.eks.aws", body });

const BOUNDARY = "//";

function multipart(parts: readonly MimePart[]): string {
  const head = ["MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`, ""];
  const body = parts.flatMap((part) => [`--${BOUNDARY}`, `Content-Type: ${part.type}`, "", part.body.trimEnd(), ""]);
  return [...head, ...body, `--${BOUNDARY}--`, ""].join("\n");
}

function document(spec: Readonly<Record<string, unknown>>): string {
  // JSON is YAML, and needs no writer.
  return JSON.stringify({ apiVersion: "node.eks.aws/v1alpha1", kind: "NodeConfig", spec }, undefined, 2);
}

function maxPodsConfig(maxPods: number): string {
  return document({ kubelet: { config: { maxPods } } });
}

function joinConfig(group: ManagedNodeGroup, cluster: string): string {
  const labels = Object.entries(group.labels).map(([key, value]) => `${key}=${value}`);
  const taints = group.taints.map((taint) => `${taint.key}=${taint.value}:${taint.effect}`);
  return document({
    cluster: {
      name: cluster,
      apiServerEndpoint: inText("cluster", "endpoint"),
      certificateAuthority: inText("cluster", "ca"),
      cidr: inText("cluster", "serviceCidr"),
    },
    kubelet: {
      config: { clusterDNS: [inText("cluster", "dns")] },
      flags: [
        ...(labels.length === 0 ? [] : [`--node-labels=${labels.join(",")}`]),
        ...(taints.length === 0 ? [] : [`--register-with-taints=${taints.join(",")}`]),
      ],
    },
  });
}

function bottlerocketData(group: ManagedNodeGroup, cluster: string): UserData | undefined {
  const joins = group.ami !== undefined;
  const kubernetes = {
    ...(joins
      ? {
          "cluster-name": cluster,
          "api-server": inText("cluster", "endpoint"),
          "cluster-certificate": inText("cluster", "ca"),
          "cluster-dns-ip": inText("cluster", "dns"),
        }
      : {}),
    ...(group.maxPodsPerNode === undefined ? {} : { "max-pods": group.maxPodsPerNode }),
  };
  const settings = merged(ownSettings(group.bottlerocket), Object.keys(kubernetes).length === 0 ? {} : { kubernetes });
  if (Object.keys(settings).length === 0) return undefined;
  return { text: toml({ settings }), namesCluster: joins };
}

function ownSettings(given: Bottlerocket | undefined): Readonly<Record<string, unknown>> {
  const enabled = given?.enableAdminContainer;
  const admin = enabled === undefined ? {} : { "host-containers": { admin: { enabled } } };
  return merged(given?.settings ?? {}, admin);
}

function merged(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = result[key];
    result[key] = isTable(present) && isTable(value) ? merged(present, value) : value;
  }
  return result;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
