import { KubeApiError } from "@eks-actions/kube";
import type { KubeObject } from "@eks-actions/manifest";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import type { PlannedObject } from "../plan.ts";
import { NOW } from "../samples.ts";
import { pruneObjects } from "./prune.ts";

function planned(name: string, wave: number, finalizers: readonly string[] = []): PlannedObject {
  const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name };
  const live: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "shop", uid: `uid-${name}`, finalizers },
  };
  return {
    ref,
    identity: name,
    source: undefined,
    action: "prune",
    wave,
    diff: [],
    forced: [],
    warnings: [],
    wanted: undefined,
    live,
  };
}

/** A cluster that forgets deleted objects after a time, never (`Infinity`), or refuses with a status. */
function cluster(behaviour: Readonly<Record<string, number | { status: number }>>) {
  const clock = virtualClock(NOW);
  const deleted: string[] = [];
  const goneAt = new Map<string, number>();
  const kube = {
    async delete(ref: { readonly name: string }, options?: { readonly uid?: string | undefined }) {
      const how = behaviour[ref.name] ?? 0;
      if (typeof how === "object") {
        throw new KubeApiError({
          status: how.status,
          reason: "",
          message: "no",
          details: { causes: [] },
          request: { method: "DELETE", path: "/" },
          answer: { status: how.status, headers: {}, body: "" },
        });
      }
      deleted.push(`${ref.name} ${options?.uid}`);
      goneAt.set(ref.name, clock.now() + how);
      return true;
    },
    async get(ref: { readonly name: string }) {
      return clock.now() >= (goneAt.get(ref.name) ?? 0) ? undefined : planned(ref.name, 0).live;
    },
  };
  return { clock, deleted, ports: { kube, clock } };
}

const signal = new AbortController().signal;

describe("pruneObjects", () => {
  it("deletes in reverse waves, each object by its UID", async () => {
    const { deleted, ports } = cluster({});
    const result = await pruneObjects([planned("a", 2), planned("b", 4), planned("c", 3)], 4, ports, signal);
    expect(deleted).toEqual(["b uid-b", "c uid-c", "a uid-a"]);
    expect(result.warnings).toEqual([]);
  });

  it("spares what somebody else made anew, and goes on", async () => {
    const { deleted, ports } = cluster({ a: { status: 409 }, b: { status: 422 } });
    const result = await pruneObjects([planned("a", 2), planned("b", 2), planned("c", 2)], 1, ports, signal);
    expect(deleted).toEqual(["c uid-c"]);
    expect(result.warnings).toEqual([
      "ConfigMap a was made anew by somebody else and is not deleted",
      "ConfigMap b is not deleted: ConfigMap b: no",
    ]);
  });

  it("waits for finalizers, but not longer than a minute, and names those that hold", async () => {
    const { clock, ports } = cluster({ slow: 5_000, stuck: Number.POSITIVE_INFINITY });
    using _ = clock.autoAdvance();
    const result = await pruneObjects(
      [planned("slow", 2, ["example.com/a"]), planned("stuck", 2, ["example.com/b"])],
      4,
      ports,
      signal,
    );
    expect(result.warnings).toEqual(["ConfigMap stuck is being deleted, but held by the finalizers example.com/b"]);
    expect(clock.now() - NOW).toBeLessThan(63_000);
  });
});
