import { type KubeObject, refOf } from "@eks-actions/manifest";
import type { DeleteOptions, KubeClient, WriteOptions } from "./client.ts";
import { KubeApiError } from "./error.ts";
import { objectFrom } from "./objects.ts";
import type { Placing } from "./placing.ts";
import { query } from "./query.ts";
import type { ApiRequest, Sender } from "./sender.ts";
import { warningsOf } from "./warnings.ts";

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** The writing half of the client. What a repeat cannot harm is repeatable; the rest is sent once or not at all. */
export function writes(
  sender: Sender,
  place: Placing,
): Pick<KubeClient, "apply" | "create" | "update" | "patch" | "delete"> {
  async function write(request: ApiRequest, options: WriteOptions): Promise<KubeObject> {
    const isDryRun = options.dryRun === true;
    const answer = await sender.call({
      ...request,
      path: request.path + writeQuery(options),
      isRepeatable: request.isRepeatable === true || options.isRepeatable === true || isDryRun,
      isWrite: !isDryRun,
      signal: options.signal,
    });
    return objectFrom(JSON.parse(answer.body));
  }

  return {
    async apply(object, options, signal) {
      const { subresource, force, ...rest } = options;
      const path = await place.object(refOf(object), subresource, signal);
      const answer = await sender.call({
        method: "PATCH",
        path: path + writeQuery({ fieldValidation: "Strict", ...rest }, { force }),
        body: object,
        contentType: "application/apply-patch+yaml",
        isRepeatable: true,
        isWrite: options.dryRun !== true,
        signal,
      });
      return { object: objectFrom(JSON.parse(answer.body)), warnings: warningsOf(answer.headers["warning"]) };
    },
    async create(object, options = {}) {
      const path = await place.collection({ ...refOf(object) }, options.signal);
      return write({ method: "POST", path, body: object }, options);
    },
    async update(object, options = {}) {
      const path = await place.object(refOf(object), options.subresource, options.signal);
      return write({ method: "PUT", path, body: object }, options);
    },
    async patch(ref, { type, body, ...options }) {
      const path = await place.object(ref, options.subresource, options.signal);
      // A merge says what is to be, a JSON patch how to get there.
      const isRepeatable = type === "merge";
      return write({ method: "PATCH", path, body, contentType: PATCH_TYPES[type], isRepeatable }, options);
    },
    async delete(ref, options = {}) {
      const path = await place.object(ref, undefined, options.signal);
      try {
        await sender.call({
          method: "DELETE",
          path,
          body: deleteBody(options),
          isRepeatable: options.uid !== undefined || options.dryRun === true,
          isWrite: options.dryRun !== true,
          signal: options.signal,
        });
        return true;
      } catch (error) {
        if (error instanceof KubeApiError && error.status === 404) return false;
        throw error;
      }
    },
  };
}

function writeQuery(
  { fieldManager, dryRun, fieldValidation }: WriteOptions,
  more: Readonly<Record<string, boolean | undefined>> = {},
): string {
  return query({ fieldManager, ...more, dryRun: dryRun === true ? "All" : undefined, fieldValidation });
}

function deleteBody({ uid, resourceVersion, propagation = "Background", gracePeriodSeconds, dryRun }: DeleteOptions) {
  const hasConditions = uid !== undefined || resourceVersion !== undefined;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: propagation,
    ...(hasConditions ? { preconditions: { uid, resourceVersion } } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(dryRun === true ? { dryRun: ["All"] } : {}),
  };
}
