import type { KubeObject } from "@eks-actions/manifest";
import { openCluster, type TestNamespace } from "@eks-actions/test/cluster/access.ts";
import { ApiException, CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, Watch } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { KubeClient, PatchOptions } from "./client.ts";
import { connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";

const cluster = openCluster(inject("cluster"));
const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

let namespace: TestNamespace;
let client: KubeClient;
let library: CoreV1Api;
let config: KubeConfig;
beforeAll(async () => {
  namespace = await cluster.namespace("writes");
  const text = cluster.kubeconfig("ci", namespace.name);
  client = await connect({ kubeconfig: { text } });
  config = new KubeConfig();
  config.loadFromString(text);
  library = config.makeApiClient(CoreV1Api);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await namespace[Symbol.asyncDispose]();
});

const configMap = (name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: namespace.name, labels: { twin: "yes" } },
  data: { ...data },
});
const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: namespace.name, name });

/** What a write leaves: content, labels and the owners of fields, whoever sent it. */
async function left(name: string): Promise<unknown> {
  const found = await client.get(ref(name));
  const { labels, annotations, managedFields } = found?.metadata ?? {};
  // The server sorts them by the second in which they wrote.
  const sorted = managedFields?.toSorted((a, b) => String(a.manager).localeCompare(String(b.manager)));
  const owners = sorted?.map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }));
  return { data: found?.["data"], labels, annotations, owners };
}

describe("the same writes by the client library", () => {
  it("create the same object", async () => {
    await library.createNamespacedConfigMap({
      namespace: namespace.name,
      body: configMap("create-theirs", { a: "1" }),
      fieldManager: "t",
    });
    await client.create(configMap("create-ours", { a: "1" }), { fieldManager: "t" });
    expect(await left("create-ours")).toEqual(await left("create-theirs"));
  });

  it("replace an object alike", async () => {
    for (const name of ["put-theirs", "put-ours"]) await client.create(configMap(name, { a: "1", b: "1" }));
    await library.replaceNamespacedConfigMap({
      name: "put-theirs",
      namespace: namespace.name,
      body: configMap("put-theirs", { a: "2" }),
      fieldManager: "t",
    });
    await client.update(configMap("put-ours", { a: "2" }), { fieldManager: "t" });
    expect(await left("put-ours")).toEqual(await left("put-theirs"));
  });

  it.each<[PatchOptions["type"], string, unknown]>([
    ["merge", PatchStrategy.MergePatch, { data: { a: null, b: "2" }, metadata: { labels: { more: "x" } } }],
    ["strategic", PatchStrategy.StrategicMergePatch, { data: { b: "2" }, metadata: { annotations: { "x/y": "z" } } }],
    [
      "json",
      PatchStrategy.JsonPatch,
      [
        { op: "replace", path: "/data/a", value: "2" },
        { op: "remove", path: "/data/b" },
      ],
    ],
  ])("patch an object alike: %s", async (type, strategy, body) => {
    const [theirs, ours] = [`${type}-theirs`, `${type}-ours`];
    for (const name of [theirs, ours]) await client.create(configMap(name, { a: "1", b: "1" }), { fieldManager: "u" });
    await library.patchNamespacedConfigMap(
      { name: theirs, namespace: namespace.name, body, fieldManager: "t" },
      setHeaderOptions("Content-Type", strategy),
    );
    await client.patch(ref(ours), { type, body, fieldManager: "t" });
    expect(await left(ours)).toEqual(await left(theirs));
  });

  it("are refused alike: a name taken, a version gone by, a patch that does not fit, a uid of another", async () => {
    await client.create(configMap("taken", {}));
    const stale = { ...configMap("taken", { a: "1" }), metadata: { ...ref("taken"), resourceVersion: "1" } };
    const unfit = [{ op: "test", path: "/metadata/name", value: "other" }];
    const uid = "00000000-0000-0000-0000-000000000000";
    const at = { name: "taken", namespace: namespace.name };
    const json = setHeaderOptions("Content-Type", PatchStrategy.JsonPatch);
    const told = await Promise.all([
      refusals(
        library.createNamespacedConfigMap({ ...at, body: configMap("taken", {}) }),
        client.create(configMap("taken", {})),
      ),
      refusals(library.replaceNamespacedConfigMap({ ...at, body: stale }), client.update(stale)),
      refusals(
        library.patchNamespacedConfigMap({ ...at, body: unfit }, json),
        client.patch(ref("taken"), { type: "json", body: unfit }),
      ),
      refusals(
        library.deleteNamespacedConfigMap({ ...at, body: { preconditions: { uid } } }),
        client.delete(ref("taken"), { uid }),
      ),
    ]);
    for (const [theirs, ours] of told) expect(ours).toEqual(theirs);
    expect(told.map(([, ours]) => ours?.code)).toEqual([409, 409, 422, 409]);
  });

  it("are told alike by a watch", async () => {
    const { resourceVersion } = await client.list(CONFIG_MAP, { namespace: namespace.name });
    const selector = { namespace: namespace.name, labelSelector: "twin=yes" };
    const theirs: string[] = [];
    const path = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const line = (type: string, object: Pick<KubeObject, "metadata">) =>
      `${type.toLowerCase()} ${object.metadata.name} ${object.metadata.resourceVersion}`;
    const query = { labelSelector: selector.labelSelector, resourceVersion };
    const watching = await new Watch(config).watch(
      path,
      query,
      (type, object) => void theirs.push(line(type, object)),
      () => undefined,
    );
    await client.create(configMap("watched", { a: "1" }));
    await client.apply(configMap("watched", { b: "1" }), { fieldManager: "t" });
    await client.patch(ref("watched"), { type: "merge", body: { metadata: { labels: { twin: "no" } } } });
    await client.create(configMap("last", {}));
    const ours: string[] = [];
    const stop = new AbortController();
    for await (const event of client.watch(CONFIG_MAP, { ...selector, resourceVersion }, stop.signal)) {
      if (event.type !== "bookmark" && event.type !== "synced") ours.push(line(event.type, event.object));
      if (ours.at(-1)?.startsWith("added last") === true) break;
    }
    await expect.poll(() => theirs.length).toBe(ours.length);
    watching.abort();
    expect(ours).toEqual(theirs);
    expect(ours.map((one) => one.split(" ").slice(0, 2).join(" "))).toEqual([
      "added watched",
      "modified watched",
      "deleted watched",
      "added last",
    ]);
  });
});

interface Refusal {
  readonly code: number;
  readonly reason: unknown;
  readonly message: unknown;
}

function refusals(theirs: Promise<unknown>, ours: Promise<unknown>) {
  return Promise.all([refusal(theirs), refusal(ours)]);
}

async function refusal(work: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof KubeApiError) return { code: error.status, reason: error.reason, message: error.message };
    if (!(error instanceof ApiException)) throw error;
    const status: { readonly reason?: unknown; readonly message?: unknown } = JSON.parse(String(error.body));
    return { code: error.code, reason: status.reason, message: status.message };
  }
}
