import type { Clock } from "@eks-actions/action";
import type { KubeObject } from "@eks-actions/manifest";
import type { KubeClient, ListOptions, ObjectList } from "./client.ts";
import { KubeApiError } from "./error.ts";
import { objectFrom, pageFrom } from "./objects.ts";
import type { Placing } from "./placing.ts";
import { query, selectors } from "./query.ts";
import { type ResourceType, resourcePath } from "./resource.ts";
import type { Sender } from "./sender.ts";
import { watch } from "./watch.ts";

const PAGE_SIZE = 500;
const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const LIST_RESTARTS = 3;

interface Parts {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly server: string;
  readonly random: () => number;
  readonly place: Placing;
}

/** The reading half of the client. */
export function reads({ place, ...parts }: Parts): Pick<KubeClient, "get" | "list" | "watch" | "logs" | "raw"> {
  const { sender } = parts;
  const list = (type: ResourceType, options: ListOptions = {}) => listAll(sender, type, options);
  return {
    list,
    async get(ref, signal) {
      const path = await place.object(ref, undefined, signal);
      try {
        return objectFrom(JSON.parse((await sender.call({ method: "GET", path, signal })).body));
      } catch (error) {
        if (error instanceof KubeApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    watch(type, options, signal) {
      const { namespace, labelSelector, fieldSelector } = options;
      const relist = () => list(type, { namespace, labelSelector, fieldSelector, signal });
      return watch({ ...parts, relist }, type, options, signal);
    },
    async logs(ref, options = {}) {
      const { container, previous, tailLines, limitBytes, signal } = options;
      const path = await place.object(ref, "log", signal);
      const parameters = query({ container, previous, tailLines, limitBytes });
      return (await sender.call({ method: "GET", path: path + parameters, accept: "*/*", signal })).body;
    },
    async raw(method, path, body, signal) {
      try {
        // The other side of a Service's proxy is not ours to retry.
        const request = { method, path, body, accept: "*/*", isRepeatable: false, isWrite: method !== "GET", signal };
        return await sender.call(request);
      } catch (error) {
        if (error instanceof KubeApiError) return error.answer;
        throw error;
      }
    },
  };
}

async function listAll(sender: Sender, type: ResourceType, options: ListOptions): Promise<ObjectList> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await allPages(sender, type, options);
    } catch (error) {
      // The page token is older than etcd's last compaction: only a list from the start is consistent.
      const isExpired = error instanceof KubeApiError && error.status === 410;
      if (!isExpired || restarts >= LIST_RESTARTS) throw error;
    }
  }
}

async function allPages(sender: Sender, type: ResourceType, options: ListOptions): Promise<ObjectList> {
  const collection = resourcePath(type, options.namespace);
  const accept = options.metadataOnly === true ? METADATA_ONLY : undefined;
  const items: KubeObject[] = [];
  let next = "";
  for (;;) {
    const path = collection + query({ ...selectors(options), limit: options.limit ?? PAGE_SIZE, continue: next });
    const answer = await sender.call({ method: "GET", path, accept, signal: options.signal });
    const page = pageFrom(JSON.parse(answer.body), type);
    items.push(...page.items);
    if (page.next === "") return { items, resourceVersion: page.resourceVersion };
    next = page.next;
  }
}
