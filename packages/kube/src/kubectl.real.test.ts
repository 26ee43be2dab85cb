import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KubeObject } from "@eks-actions/manifest";
import { openCluster, type TestNamespace } from "@eks-actions/test/cluster/access.ts";
import { type InterceptedRequest, startInterceptor } from "@eks-actions/test/cluster/interceptor.ts";
import { deploy, podWhen } from "@eks-actions/test/cluster/pods.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { KubeClient } from "./client.ts";
import { connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";

const cluster = openCluster(inject("cluster"));
const run = promisify(execFile);

let folder = "";
let namespace: TestNamespace;
let client: KubeClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kubectl-"));
  namespace = await cluster.namespace("kubectl");
  const text = cluster.kubeconfig("ci", namespace.name);
  writeFileSync(join(folder, "config"), text);
  client = await connect({ kubeconfig: { text } });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await namespace[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Standard output of the real kubectl, as `ci`; its cache and configuration are the test's own. */
async function kubectl(...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: folder, KUBECONFIG: join(folder, "config") };
  return (await run(join(cluster.binaries, "kubectl"), args, { env })).stdout;
}

function manifest(object: object): string {
  const file = join(folder, "manifest.json");
  writeFileSync(file, JSON.stringify(object));
  return file;
}

const deployment = (name: string): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: namespace.name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }] },
    },
  },
});
const ref = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", namespace: namespace.name, name });

/** What a write of ours leaves: the spec, and which fields we own. The controllers' share comes when it comes. */
function written(object: KubeObject | undefined): unknown {
  const owned = object?.metadata.managedFields?.filter(({ manager }) => manager === "t");
  return { spec: object?.["spec"], owned: owned?.map(({ operation, fieldsV1 }) => ({ operation, fieldsV1 })) };
}

describe("kubectl on the same requests", () => {
  it("reads the same object", async () => {
    await client.apply(deployment("read"), { fieldManager: "t" });
    const theirs: unknown = JSON.parse(
      await kubectl("get", "deployment", "read", "--show-managed-fields", "-o", "json"),
    );
    expect(await client.get(ref("read"))).toEqual(theirs);
  });

  it("applies to the same object, owners of fields included", async () => {
    await kubectl("apply", "--server-side", "--field-manager=t", "-f", manifest(deployment("theirs")));
    const { object } = await client.apply(deployment("ours"), { fieldManager: "t" });
    expect(written(object)).toEqual(written(await client.get(ref("theirs"))));
  });

  it("conflicts with the same manager over the same field", async () => {
    await kubectl("apply", "--server-side", "--field-manager=helm", "-f", manifest(deployment("contested")));
    const changed = { ...deployment("contested"), spec: { ...Object(deployment("contested")["spec"]), replicas: 3 } };
    const theirs = await kubectl("apply", "--server-side", "--field-manager=t", "-f", manifest(changed)).catch(String);
    const ours = await client.apply(changed, { fieldManager: "t" }).catch((error: unknown) => error);
    if (!(ours instanceof KubeApiError)) throw ours;
    expect(ours.details.causes).toEqual([
      { reason: "FieldManagerConflict", message: 'conflict with "helm"', field: ".spec.replicas" },
    ]);
    expect(theirs).toContain('conflict with "helm": .spec.replicas');
  });

  it("shows the same previous log", async () => {
    const annotations = { "sim.test/previous-log": "panic: no such host\ngoroutine 1" };
    await deploy(cluster.api, namespace.name, "crash", { behaviour: "crashloop", annotations });
    const hasCrashed = (restarts: number | undefined) => (restarts ?? 0) >= 1;
    const pod = await podWhen(cluster.api, namespace.name, "crash", (seen) =>
      hasCrashed(seen.status.containerStatuses?.[0]?.restartCount),
    );
    const { name } = pod.metadata;
    const theirs = await kubectl("logs", name, "--previous", "--tail=1");
    const ours = await client.logs(
      { apiVersion: "v1", kind: "Pod", namespace: namespace.name, name },
      { previous: true, tailLines: 1 },
    );
    expect(ours).toBe(theirs);
    expect(ours).toBe("goroutine 1\n");
  });

  it("is refused in the same words", async () => {
    const theirs = await kubectl("get", "secrets", "-n", "kube-system").catch(String);
    const type = { apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true };
    const ours = await client.list(type, { namespace: "kube-system" }).catch((error: unknown) => error);
    if (!(ours instanceof KubeApiError)) throw ours;
    expect(theirs).toContain(ours.message);
    expect(ours.denial).toMatchObject({ user: "ci", verb: "list", resource: "secrets", namespace: "kube-system" });
  });

  it("sends the same requests, but for what only says what is the default", async () => {
    const sent: string[] = [];
    await using interceptor = await startInterceptor(cluster, (request) => {
      sent.push(...shown(request));
      return { do: "pass" };
    });
    const text = interceptor.kubeconfig("ci", namespace.name);
    writeFileSync(join(folder, "intercepted"), text);
    await using ours = await connect({ kubeconfig: { text } });
    const theirs = (...args: readonly string[]) => kubectl("--kubeconfig", join(folder, "intercepted"), ...args);
    const type = await ours.resolve("apps/v1", "Deployment");
    if (type === undefined) throw new Error("Deployment is a stable kind");
    const body = [{ op: "replace", path: "/spec/replicas", value: 0 }];
    const selected = { namespace: namespace.name, labelSelector: "app in (web,db)" };
    const pairs: readonly (readonly [readonly string[], () => Promise<unknown>])[] = [
      [
        ["apply", "--server-side", "--force-conflicts", "--field-manager=t", "-f", manifest(deployment("wire"))],
        () => ours.apply(deployment("wire"), { fieldManager: "t", force: true }),
      ],
      [["get", "deployment", "wire"], () => ours.get(ref("wire"))],
      [["get", "deployments", "-l", selected.labelSelector], () => ours.list(type, selected)],
      [
        ["patch", "deployment", "wire", "--type=json", "--field-manager=t", "-p", JSON.stringify(body)],
        () => ours.patch(ref("wire"), { type: "json", body, fieldManager: "t" }),
      ],
      [["delete", "deployment", "wire", "--wait=false"], () => ours.delete(ref("wire"))],
    ];
    for (const [args, send] of pairs) {
      await theirs(...args);
      const expected = sent.splice(0);
      if (args[0] === "delete") await ours.apply(deployment("wire"), { fieldManager: "t" });
      sent.splice(0);
      await send();
      // kubectl reads an object before it patches it.
      expect(sent.splice(0)).toEqual(expected.slice(-1));
    }
  });
});

/** `GET /apis/apps/v1/…/deployments?labelSelector=…`; discovery is left out. */
function shown({ method, path }: InterceptedRequest): readonly string[] {
  const { pathname, searchParams } = new URL(path, "https://any");
  if (!pathname.includes(`/namespaces/${namespace.name}/`)) return [];
  const said = [...searchParams].filter(([name]) => name !== "limit" && name !== "fieldValidation").toSorted();
  return [`${method} ${pathname}?${said.map((one) => one.join("=")).join("&")}`];
}
