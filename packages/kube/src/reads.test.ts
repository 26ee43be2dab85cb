import { type FaultServer, startFaultServer } from "@eks-actions/test/cluster/fault-server.ts";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const REF = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "apps" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "apps" } };

function open(server: FaultServer) {
  return connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
}

describe("a refusal", () => {
  it("carries RBAC's verb and resource", async () => {
    const message =
      'configmaps "a" is forbidden: User "ci" cannot get resource "configmaps" in API group "" in the namespace "apps"';
    await using server = await startFaultServer((_request, reply) =>
      reply.send(403, { kind: "Status", code: 403, reason: "Forbidden", message }),
    );
    await using client = await open(server);
    const error = await client.get(REF).catch((thrown: unknown) => thrown);
    if (!(error instanceof KubeApiError)) throw error;
    expect(error.denial).toEqual({ user: "ci", verb: "get", resource: "configmaps", group: "", namespace: "apps" });
    expect(server.requests).toHaveLength(1);
  });

  it("of the credentials is UNAUTHENTICATED, once, for a token that cannot be renewed", async () => {
    await using server = await startFaultServer((_request, reply) => reply.send(401, "Unauthorized"));
    await using client = await open(server);
    await expect(client.get(REF)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("raw requests", () => {
  it("return what was answered, whatever the status, and are not sent again", async () => {
    await using server = await startFaultServer((_request, reply) =>
      reply.send(503, "no endpoints", { "x-from": "svc" }),
    );
    await using client = await open(server);
    const answer = await client.raw("GET", "/api/v1/namespaces/apps/services/http:web:80/proxy/healthz");
    expect(answer).toMatchObject({ status: 503, body: "no endpoints", headers: { "x-from": "svc" } });
    expect(server.requests).toHaveLength(1);
  });
});

describe("a server below a path", () => {
  it("is asked below that path", async () => {
    await using server = await startFaultServer((_request, reply) => reply.send(200, OBJECT));
    const text = server.kubeconfig({ token: "t" }, { server: `${server.endpoint}/k8s/clusters/c-1/` });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    await client.get(REF);
    expect(server.requests.map(({ path }) => path)).toEqual(["/k8s/clusters/c-1/api/v1/namespaces/apps/configmaps/a"]);
  });
});

describe("lists", () => {
  it("are read to the last page and begun again when the token expires", async () => {
    const page = (names: readonly string[], next: string) => ({
      metadata: { resourceVersion: "9", continue: next },
      items: names.map((name) => ({ metadata: { name } })),
    });
    await using server = await startFaultServer((request, reply, count) => {
      if (count === 2) reply.send(410, { kind: "Status", code: 410, reason: "Expired", message: "too old" });
      else reply.send(200, request.path.includes("continue=") ? page(["b"], "") : page(["a"], "tok en"));
    });
    await using client = await open(server);
    const type = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
    const list = await client.list(type, { namespace: "apps", labelSelector: "a in (b,c)", limit: 1 });
    expect(list).toEqual({
      resourceVersion: "9",
      items: ["a", "b"].map((name) => ({ apiVersion: "v1", kind: "Pod", metadata: { name } })),
    });
    const first = "/api/v1/namespaces/apps/pods?labelSelector=a%20in%20(b%2Cc)&limit=1";
    expect(server.requests.map(({ path }) => path)).toEqual([
      first,
      `${first}&continue=tok%20en`,
      first,
      `${first}&continue=tok%20en`,
    ]);
  });
});

describe("the server's time", () => {
  it("comes from its answers, not from our clock", async () => {
    await using server = await startFaultServer((_request, reply) => reply.send(200, OBJECT));
    const clock = virtualClock(Date.UTC(2020, 0, 1));
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {}, clock });
    await client.get(REF);
    expect(Math.abs(client.serverTime() - Date.now())).toBeLessThan(5_000);
    await clock.advance(60_000);
    expect(Math.abs(client.serverTime() - Date.now() - 60_000)).toBeLessThan(5_000);
  });
});
