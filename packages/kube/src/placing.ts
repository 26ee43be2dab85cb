import { ActionError } from "@eks-actions/action/error";
import type { ObjectRef } from "@eks-actions/manifest";
import type { Discovery } from "./discovery.ts";
import { resourcePath } from "./resource.ts";

/** Finds the path of objects and collections. @throws ActionError `KIND_UNKNOWN` */
export interface Placing {
  object(ref: ObjectRef, subresource?: string, signal?: AbortSignal): Promise<string>;
  collection(ref: Omit<ObjectRef, "name">, signal?: AbortSignal): Promise<string>;
}

/** References without a namespace to namespaced kinds mean `defaultNamespace`. */
export function placing(discovery: Discovery, defaultNamespace: string): Placing {
  async function typeOf({ apiVersion, kind }: Omit<ObjectRef, "name">, signal: AbortSignal | undefined) {
    const type = await discovery.resolve(apiVersion, kind, signal);
    if (type !== undefined) return type;
    throw new ActionError("KIND_UNKNOWN", {
      message: `the cluster does not serve ${kind} of ${apiVersion}`,
      hint: "apply the CustomResourceDefinition first, or correct apiVersion and kind",
    });
  }
  return {
    async object(ref, subresource, signal) {
      const type = await typeOf(ref, signal);
      return resourcePath(type, ref.namespace ?? defaultNamespace, ref.name, subresource);
    },
    async collection(ref, signal) {
      return resourcePath(await typeOf(ref, signal), ref.namespace ?? defaultNamespace);
    },
  };
}
