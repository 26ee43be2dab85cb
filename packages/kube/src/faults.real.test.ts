import { setTimeout as sleep } from "node:timers/promises";
import { type OwnCluster, startCluster } from "@eks-actions/test/cluster/cluster.ts";
import { startRelay } from "@eks-actions/test/cluster/relay.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeClient, WatchEvent } from "./client.ts";
import { connect } from "./connect.ts";
import { stableKind } from "./kinds.ts";

const CONFIG_MAP = stableKind("v1", "ConfigMap");
if (CONFIG_MAP === undefined) throw new Error("ConfigMap is a stable kind");
const configMaps = CONFIG_MAP;

let cluster: OwnCluster;
beforeAll(async () => {
  // Two in a hundred answers tell the client to go elsewhere, as API servers behind a load balancer do.
  cluster = await startCluster({ nodes: 1, print: () => undefined, apiserverArgs: ["--goaway-chance=0.02"] });
});
afterAll(() => cluster[Symbol.asyncDispose]());

const open = (who: "admin" | "ci" = "admin", namespace?: string) =>
  connect({ kubeconfig: { text: cluster.kubeconfig(who, namespace) } });
const configMap = (namespace: string, name: string, value = "1") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data: { value },
});

/** Collects what a watch says, without `kube-root-ca.crt` and bookmarks, as short text. */
function listen(client: KubeClient, namespace: string) {
  const stop = new AbortController();
  const seen: string[] = [];
  const done = (async () => {
    for await (const event of client.watch(configMaps, { namespace }, stop.signal)) {
      const text = shown(event);
      if (text !== undefined) seen.push(text);
    }
  })();
  return {
    seen,
    async until(text: string) {
      const deadline = Date.now() + 20_000;
      while (!seen.includes(text)) {
        if (Date.now() > deadline) throw new Error(`no ${text} in ${seen.join(", ")}`);
        await Promise.race([sleep(20), done]);
      }
    },
    async stop() {
      stop.abort(new Error("enough"));
      await expect(done).rejects.toThrow("enough");
    },
  };
}

function shown(event: WatchEvent): string | undefined {
  if (event.type === "bookmark") return undefined;
  if (event.type === "synced") return "synced";
  return event.object.metadata.name === "kube-root-ca.crt" ? undefined : `${event.type} ${event.object.metadata.name}`;
}

describe("a watch", () => {
  it("goes on after the API server was killed, without a gap or a repeat", async () => {
    await using namespace = await cluster.namespace("watch");
    await using client = await open();
    await client.apply(configMap(namespace.name, "a"), { fieldManager: "t" });
    const watch = listen(client, namespace.name);
    await watch.until("synced");
    await cluster.kill("kube-apiserver");
    await cluster.start("kube-apiserver");
    await client.apply(configMap(namespace.name, "b"), { fieldManager: "t" });
    await watch.until("added b");
    expect(watch.seen).toEqual(["added a", "synced", "added b"]);
    await watch.stop();
  });

  it("misses no deletion when its version was compacted away while it was cut off", async () => {
    await using namespace = await cluster.namespace("watch");
    await using client = await open();
    for (const name of ["kept", "changed", "deleted", "replaced"]) {
      await client.apply(configMap(namespace.name, name), { fieldManager: "t" });
    }
    const relay = await startRelay(Number(new URL(cluster.endpoint).port));
    const endpoint = `https://127.0.0.1:${relay.port}`;
    await using far = await connect({
      kubeconfig: { text: cluster.kubeconfig("admin").replace(cluster.endpoint, endpoint) },
    });
    const watch = listen(far, namespace.name);
    await watch.until("synced");
    relay.cutAll();
    const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: namespace.name, name });
    await client.apply(configMap(namespace.name, "changed", "2"), { fieldManager: "t" });
    await client.delete(ref("deleted"));
    await client.delete(ref("replaced"));
    await client.apply(configMap(namespace.name, "replaced"), { fieldManager: "t" });
    await client.apply(configMap(namespace.name, "new"), { fieldManager: "t" });
    await cluster.compact();
    await cluster.kill("kube-apiserver");
    await cluster.start("kube-apiserver");
    relay.mend();
    await watch.until("added new");
    const after = watch.seen.slice(watch.seen.indexOf("synced") + 1);
    // `synced` follows the last of them, and may not have come yet.
    expect(after.filter((text) => text !== "synced").toSorted()).toEqual([
      "added new",
      "added replaced",
      "deleted deleted",
      "deleted replaced",
      "modified changed",
    ]);
    await watch.stop();
    await relay.close();
  });
});

describe("requests", () => {
  it("all succeed at a server that sends GOAWAY now and then", async () => {
    await using namespace = await cluster.namespace("goaway");
    await using client = await open("ci", namespace.name);
    const names = Array.from({ length: 300 }, (_, index) => `cm-${index}`);
    await Promise.all(names.map((name) => client.apply(configMap(namespace.name, name), { fieldManager: "t" })));
    expect((await client.list(configMaps, { namespace: namespace.name })).items).toHaveLength(names.length + 1);
  });

  it("arrive although the API server restarts while they are under way", async () => {
    await using namespace = await cluster.namespace("restart");
    await using client = await open("ci", namespace.name);
    await client.apply(configMap(namespace.name, "first"), { fieldManager: "t" });
    const names = Array.from({ length: 60 }, (_, index) => `cm-${index}`);
    const writes = Promise.all(
      names.map((name) => client.apply(configMap(namespace.name, name), { fieldManager: "t" })),
    );
    await sleep(30);
    await cluster.kill("kube-apiserver");
    await cluster.start("kube-apiserver");
    await writes;
    const list = await client.list(configMaps, { namespace: namespace.name });
    expect(list.items.map((item) => item.metadata.name)).toEqual(expect.arrayContaining(names));
  });

  it("wait for etcd when it stalls, and are not sent twice", async () => {
    await using namespace = await cluster.namespace("stall");
    await using client = await open("ci", namespace.name);
    await client.apply(configMap(namespace.name, "first"), { fieldManager: "t" });
    const before = client.stats().requests;
    cluster.pause("etcd");
    const write = client.apply(configMap(namespace.name, "second"), { fieldManager: "t" });
    await sleep(3_000);
    cluster.resume("etcd");
    expect((await write).object.metadata.name).toBe("second");
    expect(client.stats().requests - before).toBe(1);
  });
});

describe("an API server that speaks HTTP/1.1 only and refuses most requests with 429", () => {
  it("gets all 60 objects in the end, no Retry-After is undercut, and a watch tells of each", async () => {
    await using busy = await startCluster({
      nodes: 1,
      print: () => undefined,
      apiserverArgs: [
        "--disable-http2-serving",
        "--enable-priority-and-fairness=false",
        "--max-requests-inflight=1",
        "--max-mutating-requests-inflight=1",
      ],
    });
    await using namespace = await busy.namespace("busy");
    const retries: string[] = [];
    await using client = await connect({
      kubeconfig: { text: busy.kubeconfig("ci", namespace.name) },
      log: { debug: (text) => retries.push(text) },
    });
    const watch = listen(client, namespace.name);
    await watch.until("synced");
    const names = Array.from({ length: 60 }, (_, index) => `cm-${index}`);
    await Promise.all(names.map((name) => client.apply(configMap(namespace.name, name), { fieldManager: "t" })));
    const list = await client.list(configMaps, { namespace: namespace.name });
    expect(list.items.map((item) => item.metadata.name)).toEqual(expect.arrayContaining(names));
    for (const name of names) await watch.until(`added ${name}`);
    await watch.stop();
    const waits = retries.flatMap((text) => [...(/: 429.* again in (\d+) ms/.exec(text)?.slice(1) ?? [])].map(Number));
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
  });
});
