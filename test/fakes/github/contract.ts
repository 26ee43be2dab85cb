import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

/** One operation of the extract. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** `/repos/{owner}/{repo}/issues` */
  readonly template: string;
}

export interface Match {
  readonly operation: Operation;
  readonly params: Readonly<Record<string, string>>;
}

interface Json {
  readonly [key: string]: unknown;
}

const formats: Readonly<Record<string, RegExp>> = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  // GitHub itself answers empty texts where it describes addresses, as in deployment statuses without a log.
  uri: /^$|^[a-z][a-z0-9+.-]*:\S+$/i,
  email: /^\S+@\S+$/,
};

let instance: Contract | undefined;

/** GitHub's own description of the operations that the stand-in knows: finds them and checks both directions. */
export class Contract {
  readonly #paths: Json;
  readonly #routes: readonly { operation: Operation; pattern: RegExp; names: readonly string[] }[];
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #ajv: Ajv;

  private constructor() {
    const document = JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8")) as Json;
    this.#paths = json(document["paths"]);
    this.#ajv = new Ajv({ strict: false, allErrors: true });
    for (const [name, pattern] of Object.entries(formats)) this.#ajv.addFormat(name, pattern);
    for (const name of ["int64", "int32", "timestamp", "ipv4", "repo.nwo"]) this.#ajv.addFormat(name, true);
    this.#routes = Object.entries(this.#paths).flatMap(([template, item]) => routesOf(template, json(item)));
  }

  /** One for the whole process: compiled schemas are kept between stand-ins. */
  static shared(): Contract {
    instance ??= new Contract();
    return instance;
  }

  get operations(): readonly Operation[] {
    return this.#routes.map((route) => route.operation);
  }

  match(method: string, path: string): Match | undefined {
    const candidates = this.#routes.filter((route) => route.operation.method === method && route.pattern.test(path));
    // A literal segment is a better match than a parameter: issues/comments/1 is no issue.
    const [best] = candidates.sort((a, b) => a.names.length - b.names.length);
    if (best === undefined) return undefined;
    const values = best.pattern.exec(path)?.slice(1) ?? [];
    const params = best.names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")] as const);
    return { operation: best.operation, params: Object.fromEntries(params) };
  }

  /** Faults of a request: path, query and body; empty when it keeps the contract. */
  requestFaults(match: Match, query: URLSearchParams, body: unknown): readonly string[] {
    const { operation } = match;
    const definition = this.#definition(operation);
    const parameters = list(definition["parameters"]).map(json);
    const faults: string[] = [];
    for (const parameter of parameters) {
      const name = String(parameter["name"]);
      const raw = parameter["in"] === "path" ? match.params[name] : (query.get(name) ?? undefined);
      if (raw === undefined) {
        if (parameter["required"] === true) faults.push(`${parameter["in"]} parameter ${name} is missing`);
        continue;
      }
      const schema = json(parameter["schema"]);
      faults.push(...this.#faults(`${operation.id} ${name}`, schema, typed(raw, schema), name));
    }
    const known = new Set(
      parameters.filter((parameter) => parameter["in"] === "query").map((parameter) => parameter["name"]),
    );
    for (const name of query.keys()) if (!known.has(name)) faults.push(`query parameter ${name} is unknown`);
    const schema = schemaOf(definition["requestBody"]);
    if (schema === undefined) {
      if (body !== undefined) faults.push("a body was sent where none is described");
      return faults;
    }
    if (body === undefined) return faults;
    return [
      ...faults,
      ...this.#faults(`${operation.id} request`, schema, body, "body"),
      ...unknownMembers(schema, body),
    ];
  }

  /** Faults of a response; an undeclared status is one. */
  responseFaults(operation: Operation, status: number, body: unknown): readonly string[] {
    const response = json(this.#definition(operation)["responses"])[String(status)];
    if (response === undefined) return COMMON_STATUSES.has(status) ? [] : [`status ${status} is not described`];
    const schema = schemaOf(response);
    // Refusals carry a message even where the description leaves them empty.
    if (schema === undefined) return body === undefined || status >= 400 ? [] : [`status ${status} has no body`];
    return this.#faults(`${operation.id} ${status}`, schema, body, "body");
  }

  #definition(operation: Operation): Json {
    return json(json(this.#paths[operation.template])[operation.method.toLowerCase()]);
  }

  #faults(key: string, schema: Json, value: unknown, at: string): readonly string[] {
    const known = this.#validators.get(key);
    const validate = known ?? this.#ajv.compile(schema);
    if (known === undefined) this.#validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${at}${error.instancePath} ${error.message ?? "is invalid"}`);
  }
}

// Any operation can answer these: authentication, permissions, rate limits, outages, not modified.
const COMMON_STATUSES: ReadonlySet<number> = new Set([301, 302, 304, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504]);

function routesOf(template: string, item: Json) {
  return Object.keys(item).map((method) => {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const source = template
      .split(/(\{\w+\})/)
      .map((part) => (part === "{path}" ? "(.+)" : part.startsWith("{") ? "([^/]+)" : part.replaceAll(".", "\\.")))
      .join("");
    const id = String(json(item[method])["operationId"]);
    return {
      operation: { id, method: method.toUpperCase(), template },
      pattern: new RegExp(`^${source}$`),
      names,
    };
  });
}

function schemaOf(holder: unknown): Json | undefined {
  const content = holder === undefined ? undefined : json(holder)["content"];
  return content === undefined ? undefined : json(json(json(content)["application/json"])["schema"]);
}

function typed(raw: string, schema: Json): unknown {
  const types = [schema["type"], ...list(schema["oneOf"]).map((choice) => json(choice)["type"])];
  if ((types.includes("integer") || types.includes("number")) && /^-?\d+(\.\d+)?$/.test(raw)) return Number(raw);
  if (types.includes("boolean") && /^(true|false)$/.test(raw)) return raw === "true";
  return raw;
}

// GitHub ignores members that it does not know; a caller that sends one has mistaken a name.
function unknownMembers(schema: Json, body: unknown): readonly string[] {
  const properties = schema["properties"];
  if (properties === undefined || typeof body !== "object" || body === null) return [];
  const names = Object.keys(json(properties));
  if (schema["oneOf"] !== undefined || schema["anyOf"] !== undefined || schema["additionalProperties"] === true)
    return [];
  return Object.keys(body)
    .filter((name) => !names.includes(name))
    .map((name) => `body/${name} is unknown`);
}

function json(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
