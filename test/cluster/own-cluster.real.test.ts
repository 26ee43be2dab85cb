import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectApi } from "./api.ts";
import { createCertificate } from "./certificate.ts";
import { type OwnCluster, startCluster } from "./cluster.ts";
import { addNode } from "./nodes.ts";
import { isSameProcess, processStart } from "./pids.ts";
import { endLeftovers } from "./processes.ts";
import { startTokenRouter, type TokenRouter } from "./token-router.ts";

let router: TokenRouter;
let cluster: OwnCluster;
beforeAll(async () => {
  router = await startTokenRouter();
  cluster = await startCluster({ nodes: 1, authenticationWebhook: router.webhook, router: router.address });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await router[Symbol.asyncDispose]();
});

describe("a control plane of its own", () => {
  it("loses nothing when its API server is killed and started again on the same port", async () => {
    await using namespace = await cluster.namespace("own");
    await cluster.kill("kube-apiserver");
    await expect(cluster.api.request("GET", "/readyz")).rejects.toThrow(/ECONNREFUSED|socket hang up|ECONNRESET/);
    await cluster.start("kube-apiserver");
    expect((await cluster.api.request("GET", `/api/v1/namespaces/${namespace.name}`)).status).toBe(200);
  });

  it("has nodes that turn NotReady by their label and come back", async () => {
    const { api, kubelet } = cluster;
    await using _node = await addNode(api, "lost", { cordoned: true });
    const isSaid = (reason: string) =>
      vi.waitFor(
        async () => expect(JSON.stringify(await api.must("GET", "/api/v1/nodes/lost"))).toContain(reason),
        10_000,
      );
    await kubelet.setNodeReady("lost", false);
    await isSaid('"reason":"KubeletNotReady"');
    await kubelet.setNodeReady("lost", true);
    await isSaid('"reason":"KubeletReady"');
  });

  it("hangs while etcd is paused and goes on afterwards", async () => {
    cluster.pause("etcd");
    using hasty = connectApi({ ...cluster, token: cluster.adminToken, timeoutMs: 500 });
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "x-" } };
    await expect(hasty.request("POST", "/api/v1/namespaces/default/configmaps", configMap)).rejects.toThrow(
      /no answer/,
    );
    cluster.resume("etcd");
    expect((await cluster.api.request("POST", "/api/v1/namespaces/default/configmaps", configMap)).status).toBe(201);
  });

  it("answers 410 to a watch from a compacted version once the API server has restarted", async () => {
    const before = await cluster.api.must("GET", "/api/v1/namespaces/default/configmaps");
    const version = /"resourceVersion":"(\d+)"/.exec(JSON.stringify(before))?.[1];
    await cluster.api.apply("/api/v1/namespaces/default/configmaps/y", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "y" },
    });
    await cluster.compact();
    await cluster.kill("kube-apiserver");
    await cluster.start("kube-apiserver");
    const watch = `/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=2&resourceVersion=${version}`;
    expect((await cluster.api.request("GET", watch)).text).toMatch(/"code":410/);
  });

  it("denies tokens when its webhook is gone, and names the fault in the API server's log", async () => {
    await router[Symbol.asyncDispose]();
    using api = connectApi({ ...cluster, token: "k8s-aws-v1.any" });
    expect((await api.request("GET", "/api")).status).toBe(401);
    expect(readFileSync(`${cluster.logs}/kube-apiserver.log`, "utf8")).toMatch(/webhook.*connect: connection refused/);
  });
});

describe("stopping", () => {
  it("ends every process it started", async () => {
    const own = await startCluster({ nodes: 1 });
    const pids = own.processes().map(({ pid }) => ({ pid, start: processStart(pid) }));
    expect(pids).toHaveLength(5);
    await own[Symbol.asyncDispose]();
    expect(pids.filter(({ pid, start }) => isSameProcess(pid, start))).toEqual([]);
  });
});

describe("a run that was killed", () => {
  it("leaves processes that the next start ends, and only those", async () => {
    const program = `import { startCluster } from ${JSON.stringify(new URL("./cluster.ts", import.meta.url).href)};
      const own = await startCluster({ nodes: 1 });
      console.log(JSON.stringify(own.processes()));
      setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", program]);
    const [line] = await once(run.stdout.setEncoding("utf8"), "data");
    const left: readonly { name: string; pid: number }[] = JSON.parse(String(line));
    const alive = () => left.filter(({ pid }) => processStart(pid) !== "").map(({ name }) => name);
    run.kill("SIGKILL");
    await once(run, "exit");
    expect(alive()).toHaveLength(5);
    const ended = await endLeftovers();
    expect(ended).toEqual(expect.arrayContaining(left.map(({ name, pid }) => `${name} (${pid})`)));
    expect(alive()).toEqual([]);
    expect((await cluster.api.request("GET", "/readyz")).status).toBe(200);
  });
});

describe("a start that cannot succeed", () => {
  it("names the process that died and shows the end of its log", async () => {
    const start = startCluster({ apiserverArgs: ["--no-such-flag"], print: () => undefined });
    await expect(start).rejects.toMatchObject({
      code: "CONTROLPLANE_START_FAILED",
      message: expect.stringMatching(/^kube-apiserver ended with exit code 1 before it was ready\n.*unknown flag/s),
    });
  });

  it("refuses a webhook certificate that is none", async () => {
    const { cert } = createCertificate({ commonName: "x" });
    const webhook = { url: "https://127.0.0.1:1/", caData: Buffer.from(cert).toString("base64").slice(0, 40) };
    const start = startCluster({ authenticationWebhook: webhook, print: () => undefined });
    await expect(start).rejects.toMatchObject({ code: "CONTROLPLANE_START_FAILED" });
  });
});
