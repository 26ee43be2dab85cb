import { join } from "node:path";
import { type ClusterAccess, cached, createSessionFiles, type Session } from "@eks-actions/aws";
import type { ClusterInput } from "../inputs/rules.ts";
import type { LoginPlan, SessionPlan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { kubeconfig } from "./kubeconfig.ts";
import {
  createFolder,
  orWriteFailed,
  removeWritten,
  type Written,
  writeKubeconfig,
  writeNew,
} from "./private-folder.ts";
import { configWith, credentialCommand } from "./profile.ts";

/** A session that was verified, with the plan it came from. */
export interface Granted {
  readonly plan: SessionPlan;
  readonly session: Session;
}

/** A cluster that was looked up with one session's keys. */
export interface FoundCluster {
  readonly target: ClusterInput;
  readonly access: ClusterAccess;
}

export interface WrittenFiles extends Written {
  readonly configPath: string | undefined;
  readonly kubeconfig: { readonly path: string; readonly text: string } | undefined;
}

const nothing: Written = { folder: undefined, kubeconfigPath: undefined, formerKubeconfig: undefined };

/**
 * Everything a login leaves on disk, all or nothing, without a pause in between. A plain `env` login writes no file.
 * @throws ActionError `WRITE_FAILED`, `PATH_UNSUPPORTED`
 */
export function writeFiles(
  plan: LoginPlan,
  granted: readonly Granted[],
  clusters: readonly FoundCluster[],
  ports: Ports,
): WrittenFiles {
  const { inputs, facts } = plan;
  const hasSessions = inputs.credentials === "profile" || (inputs.credentials === "none" && clusters.length > 0);
  const isPrivate = clusters.length > 0 && inputs.kubeconfigPath === undefined;
  if (!hasSessions && clusters.length === 0) {
    return { ...nothing, configPath: undefined, kubeconfig: undefined };
  }
  const { formerKubeconfig } = facts;
  const folder = hasSessions || isPrivate ? createFolder(facts.run.tempDir) : undefined;
  const sessionFile = (profile: string) =>
    hasSessions && folder !== undefined ? join(folder, `session-${profile}.json`) : undefined;
  let kubeconfigPath: string | undefined;
  try {
    for (const { plan: session, session: keys } of granted) {
      const path = sessionFile(session.profile);
      if (path !== undefined) writeSession(path, plan, session, keys, ports);
    }
    const configPath = inputs.credentials === "profile" && folder !== undefined ? join(folder, "config") : undefined;
    if (configPath !== undefined) writeNew(configPath, profiles(plan, granted, sessionFile));
    if (clusters.length === 0) return { ...nothing, folder, configPath, kubeconfig: undefined };
    const text = kubeconfigText(plan, clusters, sessionFile, ports);
    const path = inputs.kubeconfigPath ?? join(folder ?? "", "kubeconfig");
    writeKubeconfig(path, text, formerKubeconfig !== undefined);
    if (inputs.kubeconfigPath !== undefined) kubeconfigPath = path;
    return { folder, configPath, kubeconfig: { path, text }, kubeconfigPath, formerKubeconfig };
  } catch (error) {
    removeWritten({ folder, kubeconfigPath, formerKubeconfig });
    throw error;
  }
}

function writeSession(path: string, { inputs }: LoginPlan, plan: SessionPlan, session: Session, ports: Ports): void {
  const { request, region } = plan;
  const recipe = {
    role: request.role,
    region,
    stsEndpoint: inputs.stsEndpoint,
    sessionName: request.sessionName,
    durationSeconds: request.durationSeconds,
    audience: inputs.audience,
    policy: request.policy,
    policyArns: request.policyArns ?? [],
    httpProxy: inputs.httpProxy,
    noProxy: inputs.noProxy,
    refresh: inputs.refresh,
    clockOffsetSeconds: Math.round(ports.aws.skew.offsetMs / 1000),
  };
  orWriteFailed(path, () => createSessionFiles(path, recipe, cached(session, ports.aws.skew.now())));
}

function kubeconfigText(
  { inputs, facts }: LoginPlan,
  clusters: readonly FoundCluster[],
  sessionFile: (profile: string) => string | undefined,
  ports: Ports,
): string {
  return kubeconfig({
    clusters: clusters.map(({ target, access }) => ({
      access,
      contextName: target.contextName,
      sessionFile: sessionFile(target.profile),
    })),
    namespace: inputs.namespace,
    node: facts.node,
    program: facts.program,
    clockOffsetSeconds: Math.round(ports.aws.skew.offsetMs / 1000),
  });
}

function profiles(
  { facts }: LoginPlan,
  granted: readonly Granted[],
  sessionFile: (profile: string) => string | undefined,
): Buffer {
  const entries = granted.map(({ plan }) => ({
    name: plan.profile,
    region: plan.region,
    command: bytesOf(credentialCommand(facts.node, facts.program, sessionFile(plan.profile) ?? "")),
  }));
  return Buffer.from(configWith(facts.awsConfig.text, entries), "latin1");
}

// The config in force is held as one character a byte, and so must be what joins it.
function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
