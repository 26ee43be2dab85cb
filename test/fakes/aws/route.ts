import type { Incoming } from "./http.ts";
import { modelOf, type Operation, type Service, serviceById, services } from "./operations.ts";
import { decodeJson } from "./protocols/json.ts";
import { decodeQuery, readTree } from "./protocols/query.ts";
import { decodeRest, matchRest } from "./protocols/restJson.ts";
import { readSignature } from "./sigv4.ts";

export type Route =
  | { readonly kind: "operation"; readonly operation: Operation; readonly decode: () => unknown }
  | { readonly kind: "unknown"; readonly service: Service | undefined; readonly name: string };

/** Finds service and operation of a request by its target header, its form, or its path. */
export async function routeRequest(request: Incoming): Promise<Route> {
  const target = request.headers["x-amz-target"];
  if (target !== undefined) return routeTarget(target, request);
  const form = readForm(request);
  if (form.some(([key]) => key === "Action")) return routeAction(form);
  return routeRest(request);
}

async function routeTarget(target: string, request: Incoming): Promise<Route> {
  const [prefix, name = ""] = target.split(".");
  const service = services.find((candidate) => candidate.target !== "" && candidate.target === prefix);
  if (service === undefined) return { kind: "unknown", service: undefined, name: target };
  const operation = (await modelOf(service)).operations.get(name);
  if (operation === undefined) return { kind: "unknown", service, name: `${service.id}:${name}` };
  const text = request.body.toString("utf8");
  return {
    kind: "operation",
    operation,
    decode: () => decodeJson(operation.input, JSON.parse(text === "" ? "{}" : text)),
  };
}

function readForm(request: Incoming): readonly (readonly [string, string])[] {
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  if (request.method === "POST" && isForm) return [...new URLSearchParams(request.body.toString("utf8"))];
  return request.method === "GET" && request.path === "/" ? request.query : [];
}

async function routeAction(form: readonly (readonly [string, string])[]): Promise<Route> {
  const fields = new Map(form);
  const name = fields.get("Action") ?? "";
  const version = fields.get("Version");
  const service = services.find(
    (candidate) => (candidate.protocol === "query" || candidate.protocol === "ec2") && candidate.version === version,
  );
  if (service === undefined) return { kind: "unknown", service: undefined, name: `${name} (version ${version})` };
  const operation = (await modelOf(service)).operations.get(name);
  if (operation === undefined) return { kind: "unknown", service, name: `${service.id}:${name}` };
  const parameters = form.filter(([key]) => !key.startsWith("X-Amz-"));
  const decode = () => decodeQuery(operation.input, readTree(parameters), service.protocol === "ec2");
  return { kind: "operation", operation, decode };
}

async function routeRest(request: Incoming): Promise<Route> {
  const service = serviceById(readSignature(request)?.service ?? "eks");
  const name = `${request.method} ${request.path}`;
  if (service?.protocol !== "restJson") return { kind: "unknown", service, name };
  const match = matchRest(await modelOf(service), request);
  if (match === undefined) return { kind: "unknown", service, name };
  return { kind: "operation", operation: match.operation, decode: () => decodeRest(match, request) };
}
