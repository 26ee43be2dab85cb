import { openCluster } from "@eks-actions/test/cluster/access.ts";
import { afterAll, describe, expect, inject, it } from "vitest";
import { connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";

const cluster = openCluster(inject("cluster"));
const admin = await connect({ kubeconfig: { text: cluster.kubeconfig("admin") } });
afterAll(() => admin[Symbol.asyncDispose]());

const configMap = (namespace: string, name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

describe("against the real API server", () => {
  it("applies, reads, lists and deletes", async () => {
    await using namespace = await cluster.namespace("kube");
    await using client = await connect({ kubeconfig: { text: cluster.kubeconfig("ci", namespace.name) } });
    const { object, warnings } = await client.apply(configMap(namespace.name, "a", { x: "1" }), { fieldManager: "t" });
    expect(warnings).toEqual([]);
    expect(object["data"]).toEqual({ x: "1" });
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: namespace.name, name: "a" };
    expect(await client.get(ref)).toEqual(object);
    const type = await client.resolve("v1", "ConfigMap");
    if (type === undefined) throw new Error("ConfigMap is a stable kind");
    const list = await client.list(type, { namespace: namespace.name, labelSelector: "!kubernetes.io/none" });
    expect(list.items.map((item) => `${item.apiVersion} ${item.kind} ${item.metadata.name}`)).toContain(
      "v1 ConfigMap a",
    );
    expect(await client.delete(ref, { uid: object.metadata.uid })).toBe(true);
    expect(await client.delete(ref)).toBe(false);
    expect(await client.get(ref)).toBeUndefined();
    expect(client.stats()).toEqual({ requests: 6, writes: 3 });
    expect(Math.abs(client.serverTime() - Date.now())).toBeLessThan(2000);
  });

  it("names manager and field of a conflict", async () => {
    await using namespace = await cluster.namespace("kube");
    await admin.apply(configMap(namespace.name, "a", { x: "1" }), { fieldManager: "helm" });
    const attempt = admin.apply(configMap(namespace.name, "a", { x: "2" }), { fieldManager: "us" });
    const error = await attempt.catch((thrown: unknown) => thrown);
    if (!(error instanceof KubeApiError)) throw error;
    expect(error).toMatchObject({ status: 409, reason: "Conflict" });
    expect(error.details.causes).toEqual([
      { reason: "FieldManagerConflict", message: 'conflict with "helm"', field: ".data.x" },
    ]);
    const forced = await admin.apply(configMap(namespace.name, "a", { x: "2" }), { fieldManager: "us", force: true });
    expect(forced.object["data"]).toEqual({ x: "2" });
  });
});
