import { isUsageKey, nearest, type StrictDocument, serviceKeys, strict, toNumber } from "@eks-actions/pricing";

/** What a month uses that no manifest says. */
export interface Usage {
  readonly file: string;
  readonly workloads: ReadonlyMap<
    string,
    { readonly durationSeconds?: number | undefined; readonly replicas?: number | undefined }
  >;
  readonly loadBalancers: ReadonlyMap<string, { readonly lcu?: number | undefined; readonly gb?: number | undefined }>;
  readonly services: ReadonlyMap<string, number>;
  readonly capabilities: {
    readonly ARGOCD?: number | undefined;
    readonly ACK?: number | undefined;
    readonly KRO?: number | undefined;
  };
  readonly hybridVcpuHours: number;
}

export const noUsage: Usage = {
  file: "",
  workloads: new Map(),
  loadBalancers: new Map(),
  services: new Map(),
  capabilities: {},
  hybridVcpuHours: 0,
};

/** @throws ActionError `USAGE_FILE_INVALID` */
export function readUsage(document: StrictDocument): Usage {
  const read = strict("USAGE_FILE_INVALID", document);
  read.fields([], ["schemaVersion", "workloads", "loadBalancers", "services", "capabilities", "hybridNodes"]);
  if (read.whole(["schemaVersion"], 1, 1) === undefined) {
    read.fail(["schemaVersion"], "is missing", "write `schemaVersion: 1`");
  }
  const amount = (path: readonly string[]): number | undefined => {
    const value = read.decimal(path, { min: "0", max: "999999999999" });
    return value === undefined ? undefined : toNumber(value);
  };
  const workloads = read.entries(["workloads"]).map(([id]) => {
    read.fields(["workloads", id], ["durationSeconds", "replicas"]);
    const at = (field: string) => ["workloads", id, field];
    return [
      id,
      {
        durationSeconds: read.whole(at("durationSeconds"), 0, 31_536_000),
        replicas: read.whole(at("replicas"), 0, 150_000),
      },
    ] as const;
  });
  const loadBalancers = read.entries(["loadBalancers"]).map(([id]) => {
    read.fields(["loadBalancers", id], ["lcu", "gb"]);
    return [id, { lcu: amount(["loadBalancers", id, "lcu"]), gb: amount(["loadBalancers", id, "gb"]) }] as const;
  });
  const usageKeys = serviceKeys.filter(isUsageKey);
  const services = read.entries(["services"]).flatMap(([key]) => {
    if (!usageKeys.includes(key)) {
      const near = nearest(key, usageKeys);
      read.fail(
        ["services", key],
        "is no usage key",
        near === undefined ? `known: ${usageKeys.join(", ")}` : `did you mean \`${near}\`?`,
      );
    }
    const value = amount(["services", key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  read.fields(["capabilities"], ["argocdApplications", "ackResources", "kroInstances"]);
  read.fields(["hybridNodes"], ["vcpuHours"]);
  const count = (field: string) => read.whole(["capabilities", field], 0, 1_000_000_000);
  return {
    file: document.file,
    workloads: new Map(workloads),
    loadBalancers: new Map(loadBalancers),
    services: new Map(services),
    capabilities: { ARGOCD: count("argocdApplications"), ACK: count("ackResources"), KRO: count("kroInstances") },
    hybridVcpuHours: amount(["hybridNodes", "vcpuHours"]) ?? 0,
  };
}
