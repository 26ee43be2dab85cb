import { aggregated, aggregatedType, groupList, oneGroup, resourceList, version } from "./discovery.ts";
import type { Exchange, Stream } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import { perform, verbOf } from "./perform.ts";
import { type Attributes, admin, anonymous, denial, isAllowed, type User } from "./rbac.ts";
import { routeOf, type Target } from "./route.ts";
import { ApiFailure, forbidden, statusBody, unauthorized } from "./status.ts";
import type { World } from "./world.ts";

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly user: string;
  readonly body: string;
  /** Undefined while the answer is not there, and for cut connections. */
  readonly status?: number | undefined;
}

/** Who a bearer token belongs to; undefined: 401. */
export type Authenticate = (token: string) => User | undefined | Promise<User | undefined>;

export interface Server {
  readonly world: World;
  readonly faults: Faults;
  readonly authenticate: Authenticate;
  readonly requests: SeenRequest[];
  readonly violations: string[];
  /** Watches that are open now. */
  readonly streams: Set<Stream>;
  /** The answers that health checks give. */
  readonly endpoint: () => string;
}

export async function handle(server: Server, exchange: Exchange): Promise<void> {
  const { requests } = server;
  const index = requests.length;
  const query = exchange.query.toString();
  const url = query === "" ? exchange.path : `${exchange.path}?${query}`;
  requests.push({ method: exchange.method, url, user: "", body: exchange.body });
  const note = (change: Partial<SeenRequest>) => {
    const seen = requests[index];
    if (seen !== undefined) requests[index] = { ...seen, ...change };
  };
  const observed = observe(server, exchange, (status) => note({ status }));
  try {
    if (await server.faults.meet(observed, server.world.clock)) return;
    const user = await whoIs(server, exchange);
    note({ user: user.name });
    dispatch(server, observed, user);
  } catch (error) {
    if (error instanceof ApiFailure) return fail(server, observed, error);
    const message = error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
    server.violations.push(`STANDIN_BUG: ${exchange.method} ${url}: ${message}`);
    observed.json(500, statusBody({ code: 500, reason: "InternalError", message: `stand-in bug: ${message}` }));
  }
}

function observe(server: Server, exchange: Exchange, done: (status: number) => void): Exchange {
  return {
    ...exchange,
    json: (status, body, headers) => {
      done(status);
      exchange.json(status, body, headers);
    },
    text: (status, body, headers) => {
      done(status);
      exchange.text(status, body, headers);
    },
    stream: (contentType) => {
      done(200);
      const stream = exchange.stream(contentType);
      server.streams.add(stream);
      stream.onClose(() => server.streams.delete(stream));
      return stream;
    },
  };
}

function fail(server: Server, exchange: Exchange, error: ApiFailure) {
  const { failure } = error;
  if (failure.code === 501) server.violations.push(failure.message);
  const headers: Record<string, string> =
    failure.retryAfterSeconds === undefined ? {} : { "retry-after": String(failure.retryAfterSeconds) };
  exchange.json(failure.code, statusBody(failure), headers);
}

async function whoIs(server: Server, exchange: Exchange): Promise<User> {
  const header = exchange.headers["authorization"];
  if (header === undefined) return anonymous;
  const [, token = ""] = /^Bearer (.+)$/i.exec(header) ?? [];
  if (token === "admin-token") return admin;
  const user = token === "" ? undefined : await server.authenticate(token);
  if (user === undefined) throw unauthorized();
  return { name: user.name, groups: [...new Set([...user.groups, "system:authenticated"])] };
}

const health = new Set(["/readyz", "/livez", "/healthz"]);
const open = new Set([...health, "/version"]);

function dispatch(server: Server, exchange: Exchange, user: User) {
  const { world } = server;
  const target = routeOf(world.registry, exchange.path);
  if (target !== undefined) {
    authorize(world, exchange, target, user);
    perform(world, exchange, target, user);
    return;
  }
  const isOpen = open.has(exchange.path);
  const attributes: Attributes = { verb: exchange.method.toLowerCase(), group: "", resource: "", path: exchange.path };
  if (!isOpen && !isAllowed(world.store, user, attributes)) {
    const message = `forbidden: User "${user.name}" cannot ${attributes.verb} path "${exchange.path}"`;
    throw new ApiFailure({ code: 403, reason: "Forbidden", message, details: {} });
  }
  plain(server, exchange);
}

function authorize(world: World, exchange: Exchange, target: Target, user: User) {
  const request: Attributes = {
    verb: verbOf(exchange, target),
    group: target.type.group,
    resource: target.type.resource,
    subresource: target.subresource,
    namespace: target.type.key === "namespaces" ? (target.name ?? "") : target.namespace,
    name: target.name ?? fieldName(exchange),
  };
  if (isAllowed(world.store, user, request)) return;
  throw forbidden(target.type, target.name ?? "", denial(user, request));
}

/** `fieldSelector=metadata.name=x` makes a list or watch a request for one name, which `resourceNames` may allow. */
function fieldName(exchange: Exchange): string | undefined {
  const [, name] = /^metadata\.name==?([^,!=]+)$/.exec(exchange.query.get("fieldSelector") ?? "") ?? [];
  return name;
}

function plain(server: Server, exchange: Exchange) {
  const { registry } = server.world;
  const parts = exchange.path.split("/").filter((part) => part !== "");
  const isAggregated = (exchange.headers["accept"] ?? "").includes("as=APIGroupDiscoveryList");
  if (health.has(exchange.path)) return exchange.text(200, "ok");
  if (exchange.path === "/version") return exchange.json(200, version);
  if (isAggregated && parts.length === 1 && (parts[0] === "api" || parts[0] === "apis")) {
    return exchange.json(200, aggregated(registry, parts[0] === "api"), { "content-type": aggregatedType });
  }
  if (exchange.path === "/api") {
    const serverAddress = server.endpoint().replace("https://", "");
    const addresses = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
    return exchange.json(200, { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: addresses });
  }
  if (exchange.path === "/apis") return exchange.json(200, groupList(registry));
  const [root, group = "", version_ = ""] = parts;
  const found =
    root === "api"
      ? resourceList(registry, "", group)
      : root === "apis"
        ? parts.length === 2
          ? oneGroup(registry, group)
          : resourceList(registry, group, version_)
        : undefined;
  if (found !== undefined && parts.length <= 3) return exchange.json(200, found);
  exchange.text(404, "404 page not found\n");
}
