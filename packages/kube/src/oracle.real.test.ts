import { openCluster, type TestNamespace } from "@eks-actions/test/cluster/access.ts";
import { deploy, isPodReady, podWhen } from "@eks-actions/test/cluster/pods.ts";
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type ConnectOptions, connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";
import { stableKinds } from "./kinds.ts";

const cluster = openCluster(inject("cluster"));
const text = cluster.kubeconfig("admin");
const library = new KubeConfig();
library.loadFromString(text);

const client = await connect({ kubeconfig: { text } } satisfies ConnectOptions);
let namespace: TestNamespace;
let podName = "";
beforeAll(async () => {
  namespace = await cluster.namespace("oracle");
  await deploy(cluster.api, namespace.name, "web", { annotations: { "sim.test/log": "hello" } });
  podName = (await podWhen(cluster.api, namespace.name, "web", isPodReady)).metadata.name;
  // Both sides are read one after the other: the controller must have written its last word before.
  const path = `/apis/apps/v1/namespaces/${namespace.name}/deployments/web`;
  await vi.waitFor(
    async () => expect(await cluster.api.must("GET", path)).toMatchObject({ status: { availableReplicas: 1 } }),
    10_000,
  );
});
afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

// The library makes Dates of timestamps and drops what it does not know; JSON of both sides is compared.
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const ref = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, name, namespace: namespace.name });

function withoutTimes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner) =>
      typeof inner === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(inner) ? new Date(inner).toISOString() : inner,
    ),
  );
}

describe("the same reads by the client library", () => {
  it("give the same Deployment", async () => {
    const theirs = await library
      .makeApiClient(AppsV1Api)
      .readNamespacedDeployment({ name: "web", namespace: namespace.name });
    const ours = await client.get(ref("apps/v1", "Deployment", "web"));
    expect(withoutTimes(ours)).toEqual(withoutTimes(plain(theirs)));
  });

  it("give the same object by the library's untyped API", async () => {
    const theirs = await KubernetesObjectApi.makeApiClient(library).read({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: namespace.name },
    });
    const ours = await client.get(ref("v1", "ServiceAccount", "default"));
    expect(withoutTimes(ours)).toEqual(withoutTimes(plain(theirs)));
  });

  it("give the same pods, whatever the page size", async () => {
    const theirs = await library.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: namespace.name });
    const type = await client.resolve("v1", "Pod");
    if (type === undefined) throw new Error("Pod is a stable kind");
    const ours = await client.list(type, { namespace: namespace.name });
    // The library leaves apiVersion and kind out of items, as the server does.
    const bare = ours.items.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
    expect(withoutTimes(bare)).toEqual(withoutTimes(plain(theirs.items)));
  });

  it("give the same log", async () => {
    const theirs = await library
      .makeApiClient(CoreV1Api)
      .readNamespacedPodLog({ name: podName, namespace: namespace.name });
    expect(await client.logs(ref("v1", "Pod", podName))).toBe(theirs);
  });

  it("give the same refusal", async () => {
    const theirs = await library
      .makeApiClient(CoreV1Api)
      .readNamespacedPodLog({ name: podName, namespace: namespace.name, container: "absent" })
      .catch((error: unknown) => error);
    const ours = await client.logs(ref("v1", "Pod", podName), { container: "absent" }).catch((error: unknown) => error);
    if (!(ours instanceof KubeApiError)) throw ours;
    expect(theirs).toMatchObject({ code: ours.status });
    expect(JSON.stringify(theirs)).toContain(ours.message.slice(0, 30));
  });
});

describe("where the client library is wrong", () => {
  it("keeps the case of names: ClusterRole MyTeam:Admin is not another object", async () => {
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "MyTeam:Admin" },
      rules: [],
    };
    await client.apply(role, { fieldManager: "t" });
    try {
      const found = await client.get({ apiVersion: role.apiVersion, kind: role.kind, name: "MyTeam:Admin" });
      expect(found?.metadata.name).toBe("MyTeam:Admin");
      const theirs = await library.makeApiClient(RbacAuthorizationV1Api).readClusterRole({ name: "MyTeam:Admin" });
      expect(theirs.metadata?.uid).toBe(found?.metadata.uid);
    } finally {
      await client.delete({ apiVersion: role.apiVersion, kind: role.kind, name: "MyTeam:Admin" });
    }
  });

  it("has unknown fields refused by name", async () => {
    const metadata = { name: "x", namespace: namespace.name };
    const typo = { apiVersion: "v1", kind: "ConfigMap", metadata, dta: { a: "1" } };
    const before = client.stats().requests;
    const error = await client.apply(typo, { fieldManager: "t", dryRun: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      schemaFaults: [{ field: ".dta", what: "field not declared in schema" }],
    });
    // The server calls it 500, yet no repeat can help.
    expect(client.stats().requests - before).toBe(1);
  });
});

describe("kinds", () => {
  it("of the built-in table are served by the server exactly so", async () => {
    for (const type of stableKinds()) {
      const root = type.apiVersion.includes("/") ? "/apis" : "/api";
      const answer = await client.raw("GET", `${root}/${type.apiVersion}`);
      expect(JSON.parse(answer.body)).toMatchObject({
        resources: expect.arrayContaining([
          expect.objectContaining({ kind: type.kind, name: type.plural, namespaced: type.namespaced }),
        ]),
      });
    }
  });

  it("of CRDs are found by discovery once it is told to look again", async () => {
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.oracle.test" },
      spec: {
        group: "oracle.test",
        names: { kind: "Widget", plural: "widgets" },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    };
    expect(await client.resolve("oracle.test/v1", "Widget")).toBeUndefined();
    await client.apply(crd, { fieldManager: "t" });
    try {
      expect(await client.resolve("oracle.test/v1", "Widget")).toBeUndefined();
      await expect
        .poll(async () => {
          client.forgetDiscovery();
          return client.resolve("oracle.test/v1", "Widget");
        })
        .toEqual({ apiVersion: "oracle.test/v1", kind: "Widget", plural: "widgets", namespaced: true });
    } finally {
      await client.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: crd.metadata.name });
    }
  });
});

describe("warnings", () => {
  it("of the server come with the answer", async () => {
    const endpoints = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "old", namespace: namespace.name } };
    const { warnings } = await client.apply(endpoints, { fieldManager: "t", dryRun: true });
    expect(warnings).toEqual([expect.stringMatching(/^v1 Endpoints is deprecated in v1\.33\+; use /)]);
  });
});

describe("metadata-only lists", () => {
  it("hold no Secret's data", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: namespace.name },
      stringData: { k: "v" },
    };
    await client.apply(secret, { fieldManager: "t" });
    const type = await client.resolve("v1", "Secret");
    if (type === undefined) throw new Error("Secret is a stable kind");
    const list = await client.list(type, { namespace: namespace.name, metadataOnly: true });
    expect(list.items).toEqual([
      { apiVersion: "v1", kind: "Secret", metadata: expect.objectContaining({ name: "s" }) },
    ]);
  });
});
