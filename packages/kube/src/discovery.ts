import { groupOf } from "@eks-actions/manifest";
import type { RawAnswer } from "./client.ts";
import { isRecord, KubeApiError } from "./error.ts";
import { stableKind } from "./kinds.ts";
import type { ResourceType } from "./resource.ts";
import type { Sender } from "./sender.ts";

export interface Discovery {
  resolve(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceType | undefined>;
  forget(): void;
}

// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery (GA in 1.30)
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

type Kinds = ReadonlyMap<string, ResourceType>;

export function createDiscovery(sender: Sender): Discovery {
  let known = new Map<string, Promise<Kinds>>();

  // A failed look-up must not stand for the answer.
  function remember(key: string, load: () => Promise<Kinds>): Promise<Kinds> {
    const found = known.get(key);
    if (found !== undefined) return found;
    const loading = load();
    known.set(key, loading);
    loading.catch(() => known.delete(key));
    return loading;
  }

  async function whole(root: string, signal: AbortSignal | undefined): Promise<Kinds> {
    const answer = await sender.call({ method: "GET", path: root, accept: AGGREGATED, signal });
    return isAggregated(answer) ? parseAggregated(JSON.parse(answer.body)) : NOT_AGGREGATED;
  }

  async function groupVersion(path: string, apiVersion: string, signal: AbortSignal | undefined): Promise<Kinds> {
    try {
      const answer = await sender.call({ method: "GET", path, signal });
      return parseResourceList(apiVersion, JSON.parse(answer.body));
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return new Map();
      throw error;
    }
  }

  return {
    async resolve(apiVersion, kind, signal) {
      const stable = stableKind(apiVersion, kind);
      if (stable !== undefined) return stable;
      const root = groupOf(apiVersion) === "" ? "/api" : "/apis";
      const key = `${apiVersion}/${kind}`;
      const all = await remember(root, () => whole(root, signal));
      if (all !== NOT_AGGREGATED) return all.get(key);
      const path = `${root}/${apiVersion}`;
      return (await remember(path, () => groupVersion(path, apiVersion, signal))).get(key);
    },
    forget() {
      known = new Map();
    },
  };
}

const NOT_AGGREGATED: Kinds = new Map();

function isAggregated(answer: RawAnswer): boolean {
  return (answer.headers["content-type"] ?? "").includes("APIGroupDiscoveryList");
}

/** APIGroupDiscoveryList v2: group → versions → resources, with the scope by name. */
export function parseAggregated(value: unknown): Kinds {
  const kinds = new Map<string, ResourceType>();
  for (const group of records(value, "items")) {
    const metadata = group["metadata"];
    const groupName = isRecord(metadata) ? textOf(metadata, "name") : "";
    for (const version of records(group, "versions")) {
      const apiVersion = groupName === "" ? textOf(version, "version") : `${groupName}/${textOf(version, "version")}`;
      for (const resource of records(version, "resources")) {
        const kind = isRecord(resource["responseKind"]) ? textOf(resource["responseKind"], "kind") : "";
        const plural = textOf(resource, "resource");
        if (kind === "" || plural === "") continue;
        kinds.set(`${apiVersion}/${kind}`, {
          apiVersion,
          kind,
          plural,
          namespaced: resource["scope"] === "Namespaced",
        });
      }
    }
  }
  return kinds;
}

function parseResourceList(apiVersion: string, value: unknown): Kinds {
  const kinds = new Map<string, ResourceType>();
  for (const resource of records(value, "resources")) {
    const plural = textOf(resource, "name");
    const kind = textOf(resource, "kind");
    // `deployments/scale` and the like are subresources.
    if (kind === "" || plural === "" || plural.includes("/")) continue;
    kinds.set(`${apiVersion}/${kind}`, { apiVersion, kind, plural, namespaced: resource["namespaced"] === true });
  }
  return kinds;
}

function records(value: unknown, name: string): readonly Readonly<Record<string, unknown>>[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function textOf(value: Readonly<Record<string, unknown>>, name: string): string {
  const found = value[name];
  return typeof found === "string" ? found : "";
}
