import { existsSync, readdirSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { cacheFolder } from "../../cluster/binaries.ts";
import { realScene } from "./real-scene.ts";
import { codes, config, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));

/** Folder of a real helm, which the bench installs as a peer. */
function helmFolder(): string | undefined {
  const peers = join(cacheFolder(process.env), "peers");
  const names = existsSync(peers) ? readdirSync(peers).filter((name) => name.startsWith("helm-")) : [];
  return names.map((name) => join(peers, name)).find((folder) => existsSync(join(folder, "helm")));
}

const helm = helmFolder();

describe("on the real control plane, a chart", () => {
  const rendered = "is rendered by the real helm, its hooks run around it, and its CRDs come first";
  it.skipIf(helm === undefined)(
    `${rendered} (skipped: no helm; \`npm run bench -- rollout\` installs it)`,
    async () => {
      await using scene = await realScene(cluster, "admin");
      const group = `${scene.namespace}.example.com`;
      scene.write("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
      scene.write("charts/shop/values.yaml", "replicas: 1\ntag: '1'\n");
      scene.write("charts/shop/crds/thing.yaml", definition(group));
      scene.write(
        "charts/shop/templates/thing.yaml",
        `apiVersion: ${group}/v1\nkind: Thing\nmetadata: {name: one}\nspec: {size: 3}\n`,
      );
      scene.write(
        "charts/shop/templates/web.yaml",
        deployment({ image: "registry.example/web:{{ .Values.tag }}" }).replace(
          "replicas: 2",
          "replicas: {{ .Values.replicas }}",
        ),
      );
      scene.write("charts/shop/templates/service.yaml", service);
      scene.write("charts/shop/templates/migrate.yaml", hook("migrate", "pre-install,pre-upgrade"));
      scene.write("charts/shop/templates/check.yaml", hook("check", "test"));
      scene.write("prod.yaml", "replicas: 3\n");
      const inputs = { manifests: "", chart: "charts/shop", values: "prod.yaml", set: "tag=7", "release-name": "shop" };
      const options = { env: { PATH: `${helm}:${process.env["PATH"]}` } };
      const first = await scene.rollout(inputs, options);
      expect(first.outputs, first.log).toMatchObject({ result: "applied", created: "5" });
      const live = await scene.object("/apis/apps/v1", "deployments/web");
      expect(live).toMatchObject({ spec: { replicas: 3 } });
      expect(JSON.stringify(live)).toContain("registry.example/web:7");
      expect(await scene.object("/apis/batch/v1", "jobs/migrate"), "a hook with hook-succeeded stays").toBeUndefined();
      expect(await scene.object("/apis/batch/v1", "jobs/check")).toBeUndefined();
      expect((await scene.rollout(inputs, options)).outputs["result"]).toBe("unchanged");
      const bad = await scene.rollout({ ...inputs, set: "tag=8,replicas=many" }, options);
      expect(codes(bad), bad.log).toEqual(["REJECTED"]);
      expect(bad.annotations[0]).toMatchObject({ file: "charts/shop" });
      scene.write("charts/shop/templates/broken.yaml", "{{ .Values.absent.field }}\n");
      const broken = await scene.rollout(inputs, options);
      expect(codes(broken), broken.log).toEqual(["RENDER_FAILED"]);
      expect(broken.log).toContain("broken.yaml");
    },
  );
});

describe("on the real control plane, a smoke probe", () => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address;

  // The API server proxies to addresses of pods only, and to no loopback one: the pod gets the machine's own.
  it.skipIf(address === undefined)(
    "goes through the API server's proxy (skipped: no address besides 127.0.0.1)",
    async () => {
      const asked: string[] = [];
      await using backend = await serve(address ?? "", (request) => {
        asked.push(`${request.method} ${request.url}`);
        return asked.length < 3 ? [503, "starting"] : [200, "all good"];
      });
      await using scene = await realScene(cluster);
      scene.write("k8s/web.yaml", deployment({ replicas: 1 }));
      scene.write(
        "k8s/service.yaml",
        service.replace("{port: 80, targetPort: 8080}", `{name: http, port: 80, targetPort: ${backend.port}}`),
      );
      const first = await scene.rollout();
      expect(first.outputs, first.log).toMatchObject({ result: "applied" });
      await giveAddress(scene.namespace, address ?? "");
      scene.write("k8s/config.yaml", config);
      const probe = "- {service: web, port: http, path: /healthz?deep=1, within: 20s, body: good, times: 2}";
      const good = await scene.rollout({ smoke: probe });
      expect(good.outputs, good.log).toMatchObject({ result: "applied" });
      expect(asked).toEqual(Array.from({ length: 4 }, () => "GET /healthz?deep=1"));
      expect(good.log).toContain("Service web/healthz?deep=1 answered 200, 2 times in a row");
      scene.write("k8s/config.yaml", config.replace("hello", "bye"));
      const bad = await scene.rollout({ smoke: "- {service: web, port: http, status: 204, within: 1s}" });
      expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "SMOKE_FAILED" });
      expect(bad.outputs["cause-message"]).toBe("Service web/ answered 200 in place of 204 for 1 s: all good");
      expect(await scene.object("/api/v1", "configmaps/web")).toMatchObject({ data: { GREETING: "hello" } });
    },
  );
});

describe("on the real control plane, configuration", () => {
  it("that changes rolls the pods that read it when `config-hash` is on", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment({ extra: "          envFrom: [{configMapRef: {name: web}}]\n" }));
    scene.write("k8s/config.yaml", config);
    const inputs = { "config-hash": "true" };
    expect((await scene.rollout(inputs)).outputs["result"]).toBe("applied");
    scene.write("k8s/config.yaml", config.replace("hello", "good evening"));
    const changed = await scene.rollout(inputs);
    expect(changed.outputs, changed.log).toMatchObject({ result: "applied", updated: "2" });
    expect(await scene.object("/apis/apps/v1", "deployments/web")).toMatchObject({
      metadata: { annotations: { "deployment.kubernetes.io/revision": "2" } },
      status: { updatedReplicas: 2, replicas: 2 },
    });
    expect((await scene.rollout(inputs)).outputs["result"]).toBe("unchanged");
  });
});

function definition(group: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
`;
}

function hook(name: string, when: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations:
    helm.sh/hook: ${when}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: run, image: "registry.example/run:1"}]
`;
}

/** As if the pod of the only workload had this address. */
async function giveAddress(namespace: string, address: string): Promise<void> {
  const pods = JSON.parse((await cluster.api.request("GET", `/api/v1/namespaces/${namespace}/pods`)).text);
  await cluster.kubelet.patchPod(namespace, pods.items[0].metadata.name, { podIP: address, podIPs: [{ ip: address }] });
}

async function serve(address: string, answer: (request: IncomingMessage) => readonly [status: number, body: string]) {
  const server = createServer((request, response) => {
    const [status, body] = answer(request);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  return {
    port: typeof bound === "object" ? (bound?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
