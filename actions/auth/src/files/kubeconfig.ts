import type { ClusterAccess } from "@eks-actions/aws";

/** First line of every kubeconfig that this action writes; a file without it is somebody else's. */
export const KUBECONFIG_MARK = "# eks-actions/auth v1: written for one job, holds no credentials";

/** One cluster for the kubeconfig. */
export interface KubeCluster {
  readonly access: ClusterAccess;
  /** Undefined: the cluster's ARN. */
  readonly contextName: string | undefined;
  /** Undefined: the program takes the keys of the calling step's environment. */
  readonly sessionFile: string | undefined;
}

export interface KubeconfigOptions {
  readonly clusters: readonly KubeCluster[];
  readonly namespace: string | undefined;
  /** Absolute path of this Node. */
  readonly node: string;
  /** Absolute path of the credential program. */
  readonly program: string;
  /** Seconds; written when the runner's clock is a minute off or more. */
  readonly clockOffsetSeconds: number;
}

/** The name that kubectl shows. */
function contextOf(cluster: KubeCluster): string {
  return cluster.contextName ?? cluster.access.arn;
}

/**
 * A kubeconfig for kubectl, helm and k9s. Every scalar is a JSON string, which is valid YAML and lets no value break
 * out. It holds no token: each call of kubectl asks the credential program, for as long as the job lasts.
 */
export function kubeconfig(options: KubeconfigOptions): string {
  const [first] = options.clusters;
  const lines = [
    KUBECONFIG_MARK,
    'apiVersion: "v1"',
    'kind: "Config"',
    `current-context: ${scalar(first === undefined ? "" : contextOf(first))}`,
    "clusters:",
    ...unique(options.clusters).flatMap(({ access }) => [
      `- name: ${scalar(access.arn)}`,
      "  cluster:",
      `    server: ${scalar(access.endpoint)}`,
      `    certificate-authority-data: ${scalar(access.certificateAuthority)}`,
    ]),
    "contexts:",
    ...options.clusters.flatMap((cluster) => [
      `- name: ${scalar(contextOf(cluster))}`,
      "  context:",
      `    cluster: ${scalar(cluster.access.arn)}`,
      `    user: ${scalar(userOf(cluster, options.clusters))}`,
      ...(options.namespace === undefined ? [] : [`    namespace: ${scalar(options.namespace)}`]),
    ]),
    "users:",
    ...options.clusters.flatMap((cluster) => [
      `- name: ${scalar(userOf(cluster, options.clusters))}`,
      "  user:",
      "    exec:",
      '      apiVersion: "client.authentication.k8s.io/v1"',
      `      command: ${scalar(options.node)}`,
      "      args:",
      ...programArgs(cluster, options).map((arg) => `      - ${scalar(arg)}`),
      '      interactiveMode: "Never"',
      "      provideClusterInfo: false",
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function programArgs({ access, sessionFile }: KubeCluster, options: KubeconfigOptions): readonly string[] {
  const offset = options.clockOffsetSeconds;
  return [
    options.program,
    "eks-token",
    "--cluster",
    access.tokenName,
    "--region",
    access.region,
    ...(sessionFile === undefined ? [] : ["--session", sessionFile]),
    ...(Math.abs(offset) < 60 ? [] : ["--clock-offset", String(offset)]),
  ];
}

// Named by ARN as aws-cli does, unless two roles look at the same cluster.
function userOf(cluster: KubeCluster, all: readonly KubeCluster[]): string {
  const same = all.filter((other) => other.access.arn === cluster.access.arn);
  return same.length === 1 ? cluster.access.arn : `${cluster.access.arn}#${same.indexOf(cluster)}`;
}

function unique(clusters: readonly KubeCluster[]): readonly KubeCluster[] {
  return clusters.filter((cluster, i) => clusters.findIndex((c) => c.access.arn === cluster.access.arn) === i);
}

// JSON leaves these three unescaped, and YAML 1.1 readers take them for line breaks.
function scalar(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0085\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
