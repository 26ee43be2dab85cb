import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "./access.ts";
import { connectApi } from "./api.ts";
import { accessPolicyGroup } from "./roles.ts";

const cluster = openCluster(inject("cluster"));
const { endpoint, caData } = cluster;

async function whoAmI(token: string) {
  using api = connectApi({ endpoint, caData, token });
  return await api.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "SelfSubjectReview",
  });
}

describe("the token webhook", () => {
  it("lets a registered authenticator say who a token belongs to", async () => {
    await using _entry = await cluster.tokenRouter.register("demo", async (token) =>
      token === "k8s-aws-v1.yes" ? { user: "arn:aws:iam::1:role/deploy", groups: ["team"], uid: "u1" } : undefined,
    );
    expect(await whoAmI("k8s-aws-v1.yes")).toMatchObject({
      status: 201,
      body: { status: { userInfo: { username: "arn:aws:iam::1:role/deploy", uid: "u1" } } },
    });
    expect((await whoAmI("k8s-aws-v1.no")).status).toBe(401);
  });

  // kubernetes/pkg/kubeapiserver/options/authentication.go: TokenSuccessCacheTTL, 10 s, is no flag; EKS has it as well.
  it("denies a revoked entry as soon as the API server's own cache of 10 s lets go of it", async () => {
    let isValid = true;
    await using _entry = await cluster.tokenRouter.register("demo", async (token) =>
      token === "k8s-aws-v1.revocable" && isValid ? { user: "u", groups: [], uid: "1" } : undefined,
    );
    expect((await whoAmI("k8s-aws-v1.revocable")).status).toBe(201);
    isValid = false;
    const revokedAt = Date.now();
    while ((await whoAmI("k8s-aws-v1.revocable")).status !== 401) {
      expect(Date.now() - revokedAt).toBeLessThan(15_000);
      await sleep(200);
    }
  });

  it("denies every token of an authenticator that was taken away", async () => {
    const entry = await cluster.tokenRouter.register("demo", async () => ({ user: "u", groups: [], uid: "1" }));
    await entry[Symbol.asyncDispose]();
    expect((await whoAmI("k8s-aws-v1.gone")).status).toBe(401);
  });

  it("denies when the authenticator cannot be reached", async () => {
    await using _entry = await cluster.tokenRouter.register("demo", "http://127.0.0.1:1/");
    expect((await whoAmI("k8s-aws-v1.unreachable")).status).toBe(401);
  });

  it("lets several clusters' authenticators stand side by side", async () => {
    const one = (name: string) => async (token: string) =>
      token === `k8s-aws-v1.${name}` ? { user: name, groups: [], uid: name } : undefined;
    await using _a = await cluster.tokenRouter.register("a", one("a"));
    await using _b = await cluster.tokenRouter.register("b", one("b"));
    expect(await whoAmI("k8s-aws-v1.b")).toMatchObject({ body: { status: { userInfo: { username: "b" } } } });
    expect(await whoAmI("k8s-aws-v1.a")).toMatchObject({ body: { status: { userInfo: { username: "a" } } } });
  });
});

describe("an EKS access policy", () => {
  it("counts in its namespace, by real RBAC", async () => {
    await using namespace = await cluster.namespace("policy");
    const group = accessPolicyGroup("AmazonEKSEditPolicy", namespace.name);
    await using _entry = await cluster.tokenRouter.register("demo", async (token) =>
      token === "k8s-aws-v1.editor" ? { user: "editor", groups: [group], uid: "1" } : undefined,
    );
    using api = connectApi({ endpoint, caData, token: "k8s-aws-v1.editor" });
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    expect((await api.request("POST", `/api/v1/namespaces/${namespace.name}/configmaps`, configMap)).status).toBe(201);
    expect((await api.request("POST", "/api/v1/namespaces/default/configmaps", configMap)).status).toBe(403);
    expect((await api.request("GET", "/api/v1/nodes")).status).toBe(403);
  });

  it("counts everywhere when its scope is the cluster", async () => {
    const group = accessPolicyGroup("AmazonEKSClusterAdminPolicy", "*");
    await using _entry = await cluster.tokenRouter.register("demo", async (token) =>
      token === "k8s-aws-v1.root" ? { user: "root", groups: [group], uid: "1" } : undefined,
    );
    using api = connectApi({ endpoint, caData, token: "k8s-aws-v1.root" });
    expect((await api.request("GET", "/api/v1/nodes")).status).toBe(200);
  });
});
