import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "@eks-actions/action";
import type { JobIdentity } from "./claims.ts";
import { codeHandlers } from "./code.ts";
import type { Contract, Match } from "./contract.ts";
import { deploymentHandlers } from "./deployments.ts";
import type { FaultKind, FaultScript } from "./faults.ts";
import type { Answer, Handler } from "./handler.ts";
import { type ReadBody, readBody, type Sent, send } from "./http.ts";
import type { IssuerWithKeys } from "./issuer.ts";
import { issueHandlers } from "./issues.ts";
import { type RateLimiter, secondary } from "./limits.ts";
import { page } from "./paging.ts";
import type { View } from "./present.ts";
import { pullHandlers } from "./pulls.ts";
import { releaseHandlers } from "./releases.ts";
import { runHandlers } from "./runs.ts";
import type { Sequence } from "./seed.ts";
import { isAllowed, needOf, type Token } from "./tokens.ts";
import type { Violation } from "./violations.ts";
import { zip } from "./zip.ts";

/** One request as the stand-in saw it. */
export interface SeenRequest {
  /** Clock of the stand-in, milliseconds. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** `issues/create-comment`; `undefined` for what the stand-in does not know. */
  readonly operation: string | undefined;
  readonly body: unknown;
  /** Who asked; `undefined` without a valid token. */
  readonly login: string | undefined;
  readonly userAgent: string;
  /** 0 when the connection was broken on purpose. */
  readonly status: number;
}

export interface World {
  readonly view: View;
  readonly clock: Clock;
  readonly ids: Sequence;
  readonly contract: Contract;
  readonly faults: FaultScript;
  readonly limiter: RateLimiter;
  readonly tokens: Map<string, Token>;
  readonly issuer: IssuerWithKeys;
  /** Path of a job's id-token endpoint → the bearer that opens it, and whose token it gives. */
  readonly idTokens: Map<string, { readonly bearer: string; readonly identity: JobIdentity }>;
  readonly requests: SeenRequest[];
  readonly violations: Violation[];
}

const handlers: Readonly<Record<string, Handler>> = {
  ...issueHandlers,
  ...codeHandlers,
  ...deploymentHandlers,
  ...runHandlers,
  ...pullHandlers,
  ...releaseHandlers,
};

/** What a request turned into: an answer, or a connection that breaks before or after the work. */
type Result = Sent | "broken";

export function createGitHubServer(world: () => World): Server {
  return createServer((request, response) => {
    answer(world(), request, response).catch((error: unknown) => {
      // A bug of the stand-in itself; the test must not take it for GitHub's answer.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      world().violations.push({ code: "GITHUB_CONTRACT_VIOLATION", message });
      if (!response.headersSent) send(response, { status: 500, body: { message: "stand-in failed" } });
    });
  });
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = parseTarget(world, request.url ?? "/");
  if (target === undefined) {
    request.resume();
    send(response, { status: 400, body: { message: "Bad Request" } });
    return;
  }
  const method = request.method ?? "GET";
  const match = world.contract.match(method, target.pathname);
  const operation = match?.operation.id ?? ownOperation(world, method, target.pathname);
  const body = await readBody(request);
  const token = tokenOf(world, request);
  const result = await respond(world, { request, target, method, match, operation, body, token });
  world.requests.push({
    at: world.clock.now(),
    method,
    path: target.pathname,
    query: Object.fromEntries(target.searchParams),
    operation,
    body: body.kind === "json" ? body.value : undefined,
    login: token?.login,
    userAgent: request.headers["user-agent"] ?? "",
    status: result === "broken" ? 0 : result.status,
  });
  if (result === "broken") {
    request.socket.destroy();
    return;
  }
  const headers = { "x-github-request-id": world.ids.uuid().slice(0, 18).toUpperCase(), ...result.headers };
  send(response, { ...result, headers });
}

// The id-token path holds `//`, and a client may send a path that begins with it: never let that become a host.
function parseTarget(world: World, path: string): URL | undefined {
  try {
    const url = new URL(world.view.url + (path.startsWith("/") ? path : `/${path}`));
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

function ownOperation(world: World, method: string, path: string): string | undefined {
  if (method !== "GET") return undefined;
  if (world.idTokens.has(path)) return "oidc/token";
  if (world.issuer.jwksUrl.endsWith(path)) return "oidc/jwks";
  if (world.issuer.discoveryUrl.endsWith(path)) return "oidc/discovery";
  return path.startsWith("/_blob/") ? "blob" : undefined;
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly target: URL;
  readonly method: string;
  readonly match: Match | undefined;
  readonly operation: string | undefined;
  readonly body: ReadBody;
  readonly token: Token | undefined;
}

async function respond(world: World, incoming: Incoming): Promise<Result> {
  const { operation, method, target, body } = incoming;
  if (operation === undefined) {
    const message = `${method} ${target.pathname} is not answered by the GitHub stand-in`;
    world.violations.push({ code: "STANDIN_UNKNOWN_OPERATION", message });
    return { status: 501, body: { message } };
  }
  if (body.kind === "too-large") return { status: 413, body: { message: "Payload too large" } };
  if (body.kind === "malformed") return { status: 400, body: { message: "Problems parsing JSON", status: "400" } };
  const fault = world.faults.next(operation);
  const early = await breakBefore(world, incoming, fault);
  if (early !== undefined) return early;
  const result = incoming.match === undefined ? own(world, incoming, operation) : rest(world, incoming, incoming.match);
  return fault?.type === "lost-answer" ? "broken" : result;
}

async function breakBefore(
  world: World,
  { operation }: Incoming,
  fault: FaultKind | undefined,
): Promise<Result | undefined> {
  noteEarly(world, operation);
  switch (fault?.type) {
    case undefined:
    case "lost-answer":
      return undefined;
    case "reset":
      return "broken";
    case "delay":
      await world.clock.sleep(fault.ms);
      return undefined;
    case "html":
      return { status: fault.status ?? 502, body: "<html><body><h1>Unicorn!</h1></body></html>" };
    case "truncated":
      return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body: '{"id": 1, "bo' };
    case "redirect":
      return { status: 307, headers: { location: fault.location } };
    case "secondary-limit": {
      world.limiter.block(fault.retryAfterSeconds);
      const refusal = secondary(fault.status ?? 403, fault.retryAfterSeconds);
      return refused(world, refusal.status, refusal.message, refusal.headers);
    }
    case "status": {
      const retryAfter = fault.headers?.["retry-after"];
      if (retryAfter !== undefined && /^\d+$/.test(retryAfter)) world.limiter.block(Number(retryAfter));
      return refused(world, fault.status, fault.message ?? `fault ${fault.status}`, fault.headers ?? {});
    }
  }
}

function noteEarly(world: World, operation: string | undefined): void {
  const early = world.limiter.earlyBy();
  if (early === 0 || operation?.startsWith("oidc/") === true) return;
  world.violations.push({
    code: "STANDIN_RETRY_TOO_EARLY",
    message: `${operation} came ${early} ms before the retry-after that GitHub had asked for`,
  });
}

function refused(world: World, status: number, message: string, headers: Readonly<Record<string, string>> = {}): Sent {
  const body = { message, documentation_url: "https://docs.github.com/rest", status: String(status) };
  return { status, headers: { ...world.limiter.headers(), ...headers }, body };
}

/** GitHub's REST API: authenticate, limit, check the request, answer from the state, check the answer. */
function rest(world: World, incoming: Incoming, match: Match): Sent {
  const { token, method, target, body, request } = incoming;
  if ((request.headers["user-agent"] ?? "") === "") {
    const message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
    return { status: 403, body: message };
  }
  const denied = authorize(world, incoming, match);
  if (denied !== undefined) return denied;
  const limited = world.limiter.check(method !== "GET");
  if (limited !== undefined) return refused(world, limited.status, limited.message, limited.headers);
  const value = body.kind === "json" ? body.value : undefined;
  const faults = world.contract.requestFaults(match, target.searchParams, value);
  if (faults.length > 0) {
    const message = `${match.operation.id} request: ${faults.join("; ")}`;
    world.violations.push({ code: "GITHUB_CONTRACT_VIOLATION", message });
    return refused(world, 422, `Invalid request.\n\n${faults.join("\n")}`);
  }
  const handler = handlers[match.operation.id];
  if (handler === undefined || token === undefined) throw new Error(`no handler for ${match.operation.id}`);
  const answer = handler({
    view: world.view,
    params: match.params,
    query: target.searchParams,
    body: isRecord(value) ? value : {},
    ...(body.kind === "file" ? { file: body.bytes } : {}),
    token,
    ids: world.ids,
    clock: world.clock,
  });
  const sent = finish(world, incoming, answer);
  const broken = world.contract.responseFaults(match.operation, sent.status, sent.body);
  if (broken.length > 0) {
    const message = `${match.operation.id} response ${sent.status}: ${broken.join("; ")}`;
    world.violations.push({ code: "GITHUB_CONTRACT_VIOLATION", message });
  }
  return sent;
}

function authorize(world: World, { request, token }: Incoming, match: Match): Sent | undefined {
  const { repo } = world.view;
  const need = needOf(match.operation.id);
  if (token === undefined) {
    const message = request.headers.authorization === undefined ? "Requires authentication" : "Bad credentials";
    return refused(world, 401, message);
  }
  const owner = match.params["owner"]?.toLowerCase();
  const name = match.params["repo"]?.toLowerCase();
  const isOurs = owner === repo.owner.toLowerCase() && name === repo.name.toLowerCase();
  if (!isOurs || !token.hasAccess) return refused(world, 404, "Not Found");
  if (isAllowed(token, need, concernsPull(world, match))) return undefined;
  if (need.level === "read" && repo.visibility === "public") return undefined;
  const accepted = need.anyOf.map((permission) => `${permission.replaceAll("-", "_")}=${need.level}`).join("; ");
  const headers = { "x-accepted-github-permissions": accepted };
  // What a token may not read of a private repository does not exist for it.
  return need.level === "read"
    ? refused(world, 404, "Not Found", headers)
    : refused(world, 403, "Resource not accessible by integration", headers);
}

function concernsPull(world: World, { params }: Match): boolean {
  const { repo } = world.view;
  const comment = repo.comments.find((candidate) => candidate.id === Number(params["comment_id"]));
  const number = comment?.issue ?? Number(params["issue_number"]);
  return repo.pulls.some((pull) => pull.number === number);
}

function finish(world: World, { request, target, method }: Incoming, answer: Answer): Sent {
  const paged = answer.items === undefined ? undefined : page(answer.items, target);
  const body =
    paged === undefined
      ? answer.body
      : answer.itemsIn === undefined
        ? paged.items
        : { total_count: answer.items?.length ?? 0, [answer.itemsIn]: paged.items };
  const headers: Record<string, string> = {
    ...answer.headers,
    ...(paged?.link === undefined ? {} : { link: paged.link }),
  };
  if (method === "GET" && answer.status === 200) {
    const etag = `W/"${createHash("sha256").update(JSON.stringify(body)).digest("hex")}"`;
    headers["etag"] = etag;
    if (request.headers["if-none-match"] === etag) {
      return { status: 304, headers: { ...world.limiter.headers(), ...headers } };
    }
  }
  world.limiter.count();
  return { status: answer.status, headers: { ...world.limiter.headers(), ...headers }, body };
}

/** What is no REST operation: the OIDC issuer and artifact storage. */
function own(world: World, incoming: Incoming, operation: string): Sent {
  if (operation === "oidc/jwks") return { status: 200, body: world.issuer.jwks() };
  if (operation === "oidc/discovery") return { status: 200, body: world.issuer.discovery() };
  if (operation === "oidc/token") return idToken(world, incoming);
  const id = Number(/\/_blob\/(\d+)\.zip$/.exec(incoming.target.pathname)?.[1]);
  const artifact = world.view.repo.artifacts.find((candidate) => candidate.id === id);
  if (artifact === undefined) return { status: 404, body: { message: "Not Found" } };
  return { status: 200, headers: { "content-type": "application/zip" }, body: zip(artifact.files) };
}

function idToken(world: World, { request, target }: Incoming): Sent {
  const job = world.idTokens.get(target.pathname);
  if (!/^bearer /i.test(request.headers.authorization ?? "")) return { status: 401, body: { message: "Unauthorized" } };
  if (job === undefined || request.headers.authorization?.slice(7) !== job.bearer) {
    return { status: 401, body: { message: "Unauthorized" } };
  }
  if (target.searchParams.get("api-version") === null) {
    return { status: 400, body: { message: "The api-version query parameter is required." } };
  }
  const audience = target.searchParams.get("audience") ?? `https://github.com/${world.view.repo.owner}`;
  const value = world.issuer.sign(world.issuer.claimsOf(audience, job.identity));
  return { status: 200, body: { count: value.length, value } };
}

function tokenOf(world: World, request: IncomingMessage): Token | undefined {
  const value = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return value === undefined ? undefined : world.tokens.get(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
