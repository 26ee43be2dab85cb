import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { startConnectProxy } from "../../cluster/connect-proxy.ts";
import { type InterceptedRequest, startInterceptor } from "../../cluster/interceptor.ts";
import { type Link, startLink } from "../../cluster/link.ts";
import { type RealScene, realScene } from "./real-scene.ts";
import { config, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));

/** Twenty ConfigMaps, a Service and a Deployment whose pods take a second: something to break in every phase. */
function writeSet(scene: RealScene, image = "registry.example/web:1"): void {
  const configs = Array.from({ length: 20 }, (_, index) => config.replace("name: web", `name: config-${index}`));
  scene.write("k8s/config.yaml", configs.join("---\n"));
  scene.write("k8s/service.yaml", service);
  scene.write("k8s/web.yaml", deployment({ image, annotations: { "sim.test/after": "1s" } }));
}

const all = { result: "applied", created: "22" };

describe.concurrent("a rollout over a network", () => {
  const spoilt: readonly (readonly [string, (link: Link) => Promise<void>])[] = [
    ["with long and uneven delays", (link) => link.spoil({ type: "latency", latency: 60, jitter: 50 })],
    ["whose connections end after 100 KB", (link) => link.spoil({ type: "limit_data", bytes: 100_000 })],
    [
      "that passes 30 KB a second and closes late",
      async (link) => {
        await link.spoil({ type: "bandwidth", rate: 30 });
        await link.spoil({ type: "slow_close", delay: 1_000 }, "upstream");
      },
    ],
  ];
  it.each(spoilt)("%s goes live", async (_what, spoil) => {
    await using scene = await realScene(cluster);
    writeSet(scene);
    await using link = await startLink(cluster);
    await spoil(link);
    scene.connectBy(link.kubeconfig("ci", scene.namespace));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject(all);
  });

  it("behind a proxy that wants a password goes live", async () => {
    await using scene = await realScene(cluster);
    writeSet(scene);
    await using proxy = await startConnectProxy();
    const kubeconfig = JSON.parse(cluster.kubeconfig("ci", scene.namespace));
    kubeconfig.clusters[0].cluster["proxy-url"] = `http://me:s%40crt@127.0.0.1:${proxy.port}`;
    scene.connectBy(JSON.stringify(kubeconfig));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject(all);
    // One connection for calls, one for watches.
    const login = `Basic ${Buffer.from("me:s@crt").toString("base64")}`;
    expect(proxy.seen).toEqual(Array(2).fill({ target: new URL(cluster.endpoint).host, login }));
  });

  it.each([/^locked/, /^web 0\/2 ready/])(
    "that resets every connection for a second from %s on goes live",
    async (line) => {
      await using scene = await realScene(cluster);
      writeSet(scene);
      await using link = await startLink(cluster);
      scene.connectBy(link.kubeconfig("ci", scene.namespace));
      let healed: Promise<void> | undefined;
      const reset = async () => {
        await link.spoil({ type: "reset_peer", timeout: 0 });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await link.heal();
      };
      const onLine = (text: string) => {
        if (line.test(text)) healed ??= reset();
      };
      const result = await scene.rollout({}, { onLine });
      await healed;
      expect(healed, result.log).toBeDefined();
      expect(result.outputs, result.log).toMatchObject(all);
    },
  );
});

describe.concurrent("a rollout whose API server", () => {
  it("refuses everything with 429 for a second goes live, and asks again no sooner than it is told", async () => {
    await using scene = await realScene(cluster);
    writeSet(scene);
    let since = 0;
    const refused = new Set<string>();
    const early: string[] = [];
    await using interceptor = await startInterceptor(cluster, ({ method, path, isWrite }) => {
      if (isWrite && path.includes("/configmaps/")) since ||= performance.now();
      const isStorm = since > 0 && performance.now() < since + 1_000;
      if (!isStorm) return { do: "pass" };
      const key = `${method} ${path}`;
      if (refused.has(key)) early.push(key);
      refused.add(key);
      return { do: "answer", status: 429, headers: { "retry-after": "1" } };
    });
    scene.connectBy(interceptor.kubeconfig("ci", scene.namespace));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject(all);
    expect(refused.size).toBeGreaterThan(10);
    expect(early).toEqual([]);
  });

  it("acts on writes whose answers are lost goes live, and is found unchanged afterwards", async () => {
    await using scene = await realScene(cluster);
    writeSet(scene);
    const first = [/^POST .*\/leases/, /^PATCH .*\/secrets/, /config-7/, /deployments\/web/, /^PUT .*\/leases/];
    const second = [/^PUT .*\/leases/, /^POST .*\/secrets/, /deployments\/web/, /^PUT .*\/leases/, /^PUT .*\/leases/];
    const open = [...first];
    const lost: string[] = [];
    await using interceptor = await startInterceptor(cluster, ({ method, path, isWrite }: InterceptedRequest) => {
      const found = open.findIndex((one) => isWrite && one.test(`${method} ${path}`));
      if (found < 0) return { do: "pass" };
      lost.push(...open.splice(found, 1).map(String));
      return { do: "lose-answer" };
    });
    scene.connectBy(interceptor.kubeconfig("ci", scene.namespace));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject(all);
    expect(open).toEqual([]);

    open.push(...second);
    writeSet(scene, "registry.example/web:2");
    const next = await scene.rollout();
    expect(next.outputs, next.log).toMatchObject({ result: "applied", updated: "1" });
    expect(open).toEqual([]);
    expect(lost).toHaveLength(first.length + second.length);
    const again = await scene.rollout();
    expect(again.outputs, again.log).toMatchObject({ result: "unchanged", unchanged: "22" });
  });
});
