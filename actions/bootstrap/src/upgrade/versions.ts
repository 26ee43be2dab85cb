import type { EksAddonInfo, EksVersion } from "@eks-actions/aws";
import type { Addon, ClusterConfig } from "@eks-actions/cluster-config";
import type { Finding } from "../plan/finding.ts";

/** `1.35` → 35. */
export function minorOf(version: string): number {
  return Number(version.split(".")[1] ?? Number.NaN);
}

export interface TargetVersion {
  readonly version: string;
  readonly finding?: Finding | undefined;
}

/**
 * The Kubernetes version that the cluster should end at. Nothing is hard-coded: the API says what it offers.
 * Absent in the file: the live version, or the default of those in standard support for a new cluster.
 */
export function targetVersion(
  config: ClusterConfig,
  live: string | undefined,
  offered: readonly EksVersion[],
): TargetVersion {
  const wanted = config.metadata.version;
  const standard = offered.filter((entry) => isStandard(entry)).flatMap((entry) => entry.clusterVersion ?? []);
  const newest = [...standard].sort((a, b) => minorOf(b) - minorOf(a))[0];
  if (wanted === undefined) {
    if (live !== undefined) return { version: live };
    const preferred = offered.find((entry) => entry.defaultVersion === true && isStandard(entry))?.clusterVersion;
    return { version: preferred ?? newest ?? "" };
  }
  const version = wanted === "latest" ? (newest ?? live ?? "") : wanted;
  const known = offered.some((entry) => entry.clusterVersion === version);
  if (!known && version !== live) return { version, finding: unsupported(version, offered) };
  if (live !== undefined && minorOf(version) < minorOf(live) - 1) {
    return {
      version: live,
      finding: {
        level: "fatal",
        code: "VERSION_TOO_LOW",
        path: "metadata.version",
        message: `metadata.version is ${version}, the live cluster is at ${live}`,
        hint: `EKS goes back one minor at most; write \`version: "${live}"\``,
      },
    };
  }
  return { version };
}

function isStandard(entry: EksVersion): boolean {
  const status = entry.versionStatus ?? entry.status;
  return status === undefined || status.toUpperCase().includes("STANDARD");
}

function unsupported(version: string, offered: readonly EksVersion[]): Finding {
  const names = offered.flatMap((entry) => entry.clusterVersion ?? []).sort((a, b) => minorOf(b) - minorOf(a));
  return {
    level: "fatal",
    code: "VERSION_UNSUPPORTED",
    path: "metadata.version",
    message: `EKS does not offer Kubernetes ${version}`,
    hint: `offered: ${names.join(", ")}`,
  };
}

/** Minors between the live and the wanted version, the wanted one last. */
export function upgradePath(live: string, target: string): readonly string[] {
  const from = minorOf(live);
  const to = minorOf(target);
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => `1.${from + index + 1}`);
}

/** Every minor that a cluster is at on its way, both ends included; going back there is no way between. */
export function minorsBetween(live: string, target: string): readonly string[] {
  return minorOf(target) < minorOf(live) ? [live, target] : [live, ...upgradePath(live, target)];
}

/** The add-on version to install: `latest`, a version or the beginning of one, else the default. */
export function addonVersion(addon: Addon, info: EksAddonInfo | undefined, cluster: string): string | undefined {
  const versions = (info?.addonVersions ?? []).filter((entry) =>
    entry.compatibilities?.some((compatible) => compatible.clusterVersion === cluster),
  );
  const names = versions
    .flatMap((entry) => entry.addonVersion ?? [])
    .sort(compareAddonVersions)
    .reverse();
  if (addon.version === "latest") return names[0];
  if (addon.version !== undefined) {
    const prefix = addon.version.startsWith("v") ? addon.version : `v${addon.version}`;
    return names.find((name) => name === prefix) ?? names.find((name) => name.startsWith(prefix));
  }
  const preferred = versions.find((entry) =>
    entry.compatibilities?.some(
      (compatible) => compatible.clusterVersion === cluster && compatible.defaultVersion === true,
    ),
  );
  return preferred?.addonVersion ?? names[0];
}

/**
 * True when an installed version no longer fits the cluster: EKS does not offer it for this minor, or it is a kube-proxy
 * of an older one. Versions that the file leaves open are moved for that reason only.
 */
export function isLeftBehind(
  name: string,
  installed: string,
  info: EksAddonInfo | undefined,
  cluster: string,
): boolean {
  const offered = (info?.addonVersions ?? []).filter((entry) =>
    entry.compatibilities?.some((compatible) => compatible.clusterVersion === cluster),
  );
  if (offered.length === 0) return false;
  if (!offered.some((entry) => entry.addonVersion === installed)) return true;
  return name === "kube-proxy" && minorOf(installed.replace(/^v/, "")) < minorOf(cluster);
}

/**
 * The versions that lead from one to another, the last one included: vpc-cni goes one minor at a time, as its user guide
 * asks, over the newest offered patch of each; the others at once.
 */
export function stepsBetween(
  name: string,
  from: string,
  to: string,
  info: EksAddonInfo | undefined,
  cluster: string,
): readonly string[] {
  const minor = (version: string) => minorOf(version.replace(/^v/, ""));
  if (name !== "vpc-cni") return [to];
  const offered = (info?.addonVersions ?? [])
    .filter((entry) => entry.compatibilities?.some((compatible) => compatible.clusterVersion === cluster))
    .flatMap((entry) => entry.addonVersion ?? [])
    .sort(compareAddonVersions);
  const between = Array.from(
    { length: Math.max(0, minor(to) - minor(from) - 1) },
    (_, index) => minor(from) + index + 1,
  );
  return [...between.flatMap((wanted) => offered.findLast((version) => minor(version) === wanted) ?? []), to];
}

/** Orders `v1.19.2-eksbuild.1` by its numbers. */
export function compareAddonVersions(a: string, b: string): number {
  const numbers = (text: string) => text.match(/\d+/g)?.map(Number) ?? [];
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
