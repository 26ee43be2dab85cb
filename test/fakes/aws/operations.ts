import { NormalizedSchema } from "@smithy/core/schema";

export type Protocol = "restJson" | "query" | "ec2" | "json";

/** A service that the stand-in speaks; everything about its operations comes from the SDK's exported schemas. */
export interface Service {
  /** Service name in credential scopes. */
  readonly id: ServiceId;
  readonly protocol: Protocol;
  /** `Version` parameter of the query protocols. */
  readonly version: string;
  /** Prefix of `x-amz-target`. */
  readonly target: string;
  /** npm package whose schemas are the contract. */
  readonly client: string;
  readonly load: () => Promise<object>;
}

export type ServiceId = "eks" | "sts" | "iam" | "ec2" | "ssm" | "pricing" | "logs" | "servicequotas";

export interface Operation {
  readonly service: Service;
  readonly name: string;
  /** REST binding: method, URI template, success status. */
  readonly http?: { readonly method: string; readonly uri: string; readonly status: number } | undefined;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
}

/** A modelled error class: its wire code, status and members. */
export interface ErrorShape {
  readonly name: string;
  readonly wireCode: string;
  readonly status: number;
  readonly schema: NormalizedSchema;
}

export interface Model {
  readonly service: Service;
  readonly operations: ReadonlyMap<string, Operation>;
  /** By class name, `ResourceInUseException`. */
  readonly errors: ReadonlyMap<string, ErrorShape>;
}

export const services: readonly Service[] = [
  {
    id: "eks",
    protocol: "restJson",
    version: "2017-11-01",
    target: "",
    client: "@aws-sdk/client-eks",
    load: () => import("@aws-sdk/client-eks"),
  },
  {
    id: "sts",
    protocol: "query",
    version: "2011-06-15",
    target: "",
    client: "@aws-sdk/client-sts",
    load: () => import("@aws-sdk/client-sts"),
  },
  {
    id: "iam",
    protocol: "query",
    version: "2010-05-08",
    target: "",
    client: "@aws-sdk/client-iam",
    load: () => import("@aws-sdk/client-iam"),
  },
  {
    id: "ec2",
    protocol: "ec2",
    version: "2016-11-15",
    target: "",
    client: "@aws-sdk/client-ec2",
    load: () => import("@aws-sdk/client-ec2"),
  },
  {
    id: "ssm",
    protocol: "json",
    version: "2014-11-06",
    target: "AmazonSSM",
    client: "@aws-sdk/client-ssm",
    load: () => import("@aws-sdk/client-ssm"),
  },
  {
    id: "pricing",
    protocol: "json",
    version: "2017-10-15",
    target: "AWSPriceListService",
    client: "@aws-sdk/client-pricing",
    load: () => import("@aws-sdk/client-pricing"),
  },
  {
    id: "logs",
    protocol: "json",
    version: "2014-03-28",
    target: "Logs_20140328",
    client: "@aws-sdk/client-cloudwatch-logs",
    load: () => import("@aws-sdk/client-cloudwatch-logs"),
  },
  {
    id: "servicequotas",
    protocol: "json",
    version: "2019-06-24",
    target: "ServiceQuotasV20190624",
    client: "@aws-sdk/client-service-quotas",
    load: () => import("@aws-sdk/client-service-quotas"),
  },
];

const models = new Map<ServiceId, Promise<Model>>();

/** The service's model, read from the SDK once per process. */
export function modelOf(service: Service): Promise<Model> {
  const known = models.get(service.id);
  if (known !== undefined) return known;
  const loading = service.load().then((exports) => readModel(service, Object.values(exports)));
  models.set(service.id, loading);
  return loading;
}

export function serviceById(id: string): Service | undefined {
  return services.find((service) => service.id === id);
}

// Static schemas: [9, namespace, name, traits, input, output] is an operation, [-3, namespace, name, traits, …] an error.
function readModel(service: Service, exported: readonly unknown[]): Model {
  const operations = new Map<string, Operation>();
  const errors = new Map<string, ErrorShape>();
  for (const schema of exported) {
    if (!Array.isArray(schema) || typeof schema[2] !== "string") continue;
    if (schema[0] === 9) operations.set(schema[2], readOperation(service, schema));
    if (schema[0] === -3) errors.set(schema[2], readError(schema));
  }
  return { service, operations, errors };
}

function readOperation(service: Service, schema: readonly unknown[]): Operation {
  const http = traitsOf(schema[3])["http"];
  return {
    service,
    name: String(schema[2]),
    http: Array.isArray(http) ? { method: String(http[0]), uri: String(http[1]), status: Number(http[2]) } : undefined,
    input: normalized(schema[4]),
    output: normalized(schema[5]),
  };
}

function readError(schema: readonly unknown[]): ErrorShape {
  const traits = traitsOf(schema[3]);
  const query = traits["awsQueryError"];
  const name = String(schema[2]);
  return {
    name,
    wireCode: Array.isArray(query) ? String(query[0]) : name,
    status: Number(Array.isArray(query) ? query[1] : (traits["httpError"] ?? 400)),
    schema: normalized(schema),
  };
}

function traitsOf(traits: unknown): Record<string, unknown> {
  return typeof traits === "object" && traits !== null ? { ...traits } : {};
}

/** The SDK exports its schemas as untyped arrays and functions; NormalizedSchema is their reader. */
function normalized(schema: unknown): NormalizedSchema {
  return NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0]);
}
