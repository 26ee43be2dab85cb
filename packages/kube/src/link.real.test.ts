import { openCluster, type TestNamespace } from "@eks-actions/test/cluster/access.ts";
import { type Link, startLink } from "@eks-actions/test/cluster/link.ts";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "./connect.ts";

const cluster = openCluster(inject("cluster"));
const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

let link: Link;
let namespace: TestNamespace;
beforeAll(async () => {
  link = await startLink(cluster);
  namespace = await cluster.namespace("link");
});
afterEach(() => link.heal());
afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
});

const open = () => connect({ kubeconfig: { text: link.kubeconfig("ci", namespace.name) } });
const configMap = (name: string, text = "") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: namespace.name },
  data: { text },
});
const SSA = { fieldManager: "t" };

describe("over a bad link", () => {
  it("with 100 ms of latency, forty applies take a few round trips, not forty", async () => {
    await link.spoil({ type: "latency", latency: 100 });
    await using client = await open();
    await client.apply(configMap("warm"), SSA);
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 40 }, (_, index) => client.apply(configMap(`latency-${index}`), SSA)));
    expect(performance.now() - startedAt).toBeLessThan(3_900);
  });

  it("whose packets are torn to pieces, lists and watches read the same", async () => {
    await using near = await connect({ kubeconfig: { text: cluster.kubeconfig("ci", namespace.name) } });
    await near.apply(configMap("torn", "日本".repeat(2_000)), SSA);
    await link.spoil({ type: "slicer", average_size: 64, size_variation: 32, delay: 10 });
    await using far = await open();
    const selection = { namespace: namespace.name, fieldSelector: "metadata.name=torn" };
    expect((await far.list(CONFIG_MAP, selection)).items).toEqual((await near.list(CONFIG_MAP, selection)).items);
    for await (const event of far.watch(CONFIG_MAP, selection, AbortSignal.timeout(10_000))) {
      expect(event).toMatchObject({ type: "added", object: { data: { text: "日本".repeat(2_000) } } });
      break;
    }
  });

  it("that resets connections again and again, every apply arrives once it holds", async () => {
    await using client = await open();
    await client.apply(configMap("warm"), SSA);
    await link.spoil({ type: "reset_peer", timeout: 100 });
    const writes = Promise.all(
      Array.from({ length: 20 }, (_, index) => client.apply(configMap(`reset-${index}`), SSA)),
    );
    await expect.poll(() => client.stats().requests, { timeout: 20_000 }).toBeGreaterThan(25);
    await link.heal();
    const results = await writes;
    expect(results.map(({ object }) => object.metadata.name)).toHaveLength(20);
  });

  it("that is cut in the middle of a watch, nothing is missed and nothing comes twice", async () => {
    await using near = await connect({ kubeconfig: { text: cluster.kubeconfig("ci", namespace.name) } });
    await using far = await open();
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of far.watch(CONFIG_MAP, { namespace: namespace.name }, stop.signal)) {
        if ("object" in event && event.object.metadata.name.startsWith("cut-")) seen.push(event.object.metadata.name);
        if (event.type === "synced") seen.push("synced");
      }
    })();
    await expect.poll(() => seen, { timeout: 10_000 }).toContain("synced");
    await near.apply(configMap("cut-1"), SSA);
    await expect.poll(() => seen, { timeout: 10_000 }).toContain("cut-1");
    await link.cut();
    await near.apply(configMap("cut-2"), SSA);
    await link.mend();
    await near.apply(configMap("cut-3"), SSA);
    await expect.poll(() => seen, { timeout: 15_000 }).toContain("cut-3");
    expect(seen).toEqual(["synced", "cut-1", "cut-2", "cut-3"]);
    stop.abort(new Error("enough"));
    await expect(watching).rejects.toThrow("enough");
  });
});
