import { defaultBudgets, nothingAround } from "@eks-actions/health";
import { identityOf, type KubeObject, refOf } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { configMap, deployment, NOW } from "../samples.ts";
import { createRollCall } from "./roll-call.ts";

const web = (readyReplicas: number): KubeObject => ({
  ...deployment(),
  metadata: { name: "web", namespace: "shop", uid: "web", generation: 1 },
  status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas, availableReplicas: readyReplicas },
});
const config = { ...configMap("config"), metadata: { name: "config", namespace: "shop" } };
const balancer = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "front", namespace: "shop", uid: "front" },
  spec: { type: "LoadBalancer" },
};

/** A roll call whose surroundings the test sets, and the names of those that it judged. */
function scene(...objects: readonly KubeObject[]) {
  const live = new Map(objects.map((object) => [identityOf(refOf(object)), object]));
  let version = 0;
  let judged: string[] = [];
  const view = {
    current: (identity: string) => live.get(identity),
    versionAround: () => version,
    around(object: KubeObject, firstSeen: ReadonlyMap<string, number>) {
      judged.push(object.metadata.name);
      return { ...nothingAround, startedAt: NOW, firstSeen };
    },
  };
  const rollCall = createRollCall(objects.map(refOf), view, defaultBudgets);
  return {
    rollCall,
    put: (object: KubeObject) => void live.set(identityOf(refOf(object)), object),
    remove: (object: KubeObject) => void live.delete(identityOf(refOf(object))),
    stir() {
      version += 1;
    },
    /** Who is judged at this second. */
    judgedAt(seconds: number) {
      judged = [];
      rollCall.look(NOW + seconds * 1000);
      return judged;
    },
  };
}

describe("a roll call", () => {
  it("judges again only whom something has happened to or around", () => {
    const one = scene(web(1), config);
    expect(one.judgedAt(0)).toEqual(["web", "config"]);
    expect(one.judgedAt(1)).toEqual([]);
    one.stir();
    expect(one.judgedAt(2)).toEqual(["web"]);
    one.put(web(2));
    expect(one.rollCall.open().map(({ ref }) => ref.name)).toEqual(["web"]);
    expect(one.judgedAt(3)).toEqual(["web"]);
    expect(one.rollCall.open()).toEqual([]);
    one.remove(web(2));
    one.judgedAt(4);
    expect(one.rollCall.open()).toMatchObject([{ status: "missing" }]);
  });

  it("judges again whose time has come", () => {
    const one = scene(balancer);
    expect(one.judgedAt(0)).toEqual(["front"]);
    expect(one.rollCall.recheckAt(NOW)).toBe(NOW + defaultBudgets.loadBalancerMs);
    expect(one.judgedAt(299)).toEqual([]);
    expect(one.judgedAt(300)).toEqual(["front"]);
    expect(one.rollCall.open()).toMatchObject([{ status: "failed", why: "LOAD_BALANCER_PENDING" }]);
  });

  it("judges all of them once more at the end, in their order", () => {
    const one = scene(config, web(2));
    one.judgedAt(0);
    expect(one.rollCall.settle(NOW + 1000).map(({ ref, status }) => [ref.name, status])).toEqual([
      ["config", "healthy"],
      ["web", "healthy"],
    ]);
  });
});
