import type { TokenUser } from "./aws.ts";
import type { Incoming } from "./http.ts";
import { readQuery } from "./server.ts";
import { accessPolicyName } from "./services/eks/accessPolicies.ts";
import { isSignedBy, readSignature, type Signature, signingTime } from "./sigv4.ts";
import type { ClusterRecord, Session } from "./state.ts";
import type { World } from "./world.ts";

const prefix = "k8s-aws-v1.";
const lifetimeMs = 15 * 60_000;
const knownParameters = new Set([
  "Action",
  "Version",
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
]);

/** The server that asks: its cluster by name, or any cluster connected to its endpoint. */
export interface AskingServer {
  readonly cluster?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** Checks an EKS token as the control plane's authenticator does; `undefined` = not authenticated. */
export function reviewToken(
  regions: readonly World[],
  token: string,
  server: AskingServer,
): { user: TokenUser } | undefined {
  const [world] = regions;
  if (world === undefined) return undefined;
  world.agenda.settle();
  const presigned = readToken(world, token);
  if (presigned === undefined) return undefined;
  const session = world.account.sessions.get(presigned.signature.accessKeyId);
  if (session === undefined || session.sessionToken !== (presigned.signature.sessionToken ?? "")) return undefined;
  if (session.expiresAt <= world.wallNow()) return undefined;
  for (const record of candidates(regions, server)) {
    // The name travels only inside the signature: a token of another cluster does not verify here.
    const request = {
      ...presigned.request,
      headers: { ...presigned.request.headers, "x-k8s-aws-id": record.cluster.name ?? "" },
    };
    if (!isSignedBy(session.secretAccessKey, presigned.signature, request)) continue;
    const user = userOf(world, record, session);
    return user === undefined ? undefined : { user };
  }
  return undefined;
}

function candidates(regions: readonly World[], server: AskingServer): readonly ClusterRecord[] {
  const clusters = regions
    .flatMap((world) => [...world.account.clusters.values()])
    .filter((record) => record.cluster.endpoint !== undefined);
  if (server.cluster !== undefined) return clusters.filter((record) => record.cluster.name === server.cluster);
  if (server.endpoint === undefined) return clusters;
  return clusters.filter((record) => {
    const connections = regions[0]?.connections;
    const connection = record.connection ?? connections?.get(record.cluster.name ?? "") ?? connections?.get("*");
    return connection?.endpoint === server.endpoint;
  });
}

function readToken(world: World, token: string): { request: Incoming; signature: Signature } | undefined {
  if (!token.startsWith(prefix) || token.length > 4096) return undefined;
  const encoded = token.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) return undefined;
  const url = parseUrl(Buffer.from(encoded, "base64url").toString("utf8"));
  if (url === undefined || url.protocol !== "https:" || url.pathname !== "/" || !isStsHost(world, url.hostname))
    return undefined;
  const query = readQuery(url.search.slice(1));
  const names = query.map(([name]) => name);
  if (new Set(names).size !== names.length || names.some((name) => !knownParameters.has(name))) return undefined;
  const parameters = new Map(query);
  if (parameters.get("Action") !== "GetCallerIdentity" || parameters.get("Version") !== "2011-06-15") return undefined;
  const request: Incoming = { method: "GET", path: "/", query, headers: { host: url.host }, body: Buffer.alloc(0) };
  const signature = readSignature(request);
  if (signature === undefined || signature.service !== "sts") return undefined;
  return isFresh(world, signature) && signature.signedHeaders.includes("x-k8s-aws-id")
    ? { request, signature }
    : undefined;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

// The authenticator accepts no other host than the partition's own STS.
function isStsHost(world: World, hostname: string): boolean {
  const suffix = world.account.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return (
    hostname === "sts.amazonaws.com" ||
    new RegExp(`^sts(-fips)?\\.[a-z0-9-]+\\.${suffix.replaceAll(".", "\\.")}$`).test(hostname)
  );
}

// X-Amz-Expires must lie between 0 and 900 and is otherwise ignored: a token lives 15 minutes from its date.
function isFresh(world: World, signature: Signature): boolean {
  const { expires = Number.NaN } = signature;
  if (!(expires >= 0 && expires <= 900)) return false;
  const age = world.wallNow() - signingTime(signature.time);
  return age <= lifetimeMs && age >= -5 * 60_000;
}

function userOf(world: World, record: ClusterRecord, session: Session): TokenUser | undefined {
  const uid = `aws-iam-authenticator:${world.account.id}:${session.userId.split(":")[0]}`;
  const { accessConfig } = record.cluster;
  if (accessConfig?.authenticationMode === "CONFIG_MAP") {
    const isCreator =
      accessConfig.bootstrapClusterCreatorAdminPermissions === true && record.creatorArn === session.roleArn;
    return isCreator ? { username: "kubernetes-admin", uid, groups: ["system:masters"] } : undefined;
  }
  const found = record.accessEntries.get(session.roleArn);
  if (found === undefined || found.principalId !== session.userId.split(":")[0]) return undefined;
  const policies = found.policies.flatMap((policy) => {
    const name = accessPolicyName(policy.policyArn) ?? "unknown";
    const namespaces = policy.accessScope?.type === "namespace" ? (policy.accessScope.namespaces ?? []) : ["*"];
    return namespaces.map((namespace) => `eks-access-policy:${name}:${namespace}`);
  });
  return {
    username: fillUsername(found.entry.username ?? "", session),
    uid,
    groups: [...(found.entry.kubernetesGroups ?? []), ...policies],
  };
}

function fillUsername(template: string, session: Session): string {
  return template
    .replaceAll("{{SessionNameRaw}}", session.sessionName)
    .replaceAll("{{SessionName}}", session.sessionName.replaceAll("@", "-"))
    .replaceAll("{{AccountID}}", session.arn.split(":")[4] ?? "");
}
