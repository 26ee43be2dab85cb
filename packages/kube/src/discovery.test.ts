import { startFaultServer } from "@eks-actions/test/cluster/fault-server.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const WIDGET = { apiVersion: "oracle.test/v1", kind: "Widget", plural: "widgets", namespaced: true };

describe("discovery", () => {
  it("asks for nothing that the table knows, and once for what it does not", async () => {
    await using server = await startFaultServer((_request, reply) =>
      reply.send(
        200,
        {
          items: [
            {
              metadata: { name: "oracle.test" },
              versions: [
                {
                  version: "v1",
                  resources: [{ resource: "widgets", responseKind: { kind: "Widget" }, scope: "Namespaced" }],
                },
              ],
            },
          ],
        },
        { "content-type": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" },
      ),
    );
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    await client.resolve("apps/v1", "Deployment");
    expect(server.requests).toHaveLength(0);
    const found = await Promise.all([1, 2, 3].map(() => client.resolve("oracle.test/v1", "Widget")));
    expect(found).toEqual([WIDGET, WIDGET, WIDGET]);
    expect(await client.resolve("oracle.test/v1", "Gadget")).toBeUndefined();
    expect(server.requests.map(({ path }) => path)).toEqual(["/apis"]);
    client.forgetDiscovery();
    await client.resolve("oracle.test/v1", "Widget");
    expect(server.requests).toHaveLength(2);
  });

  it("falls back to one group's list where the server knows no aggregation", async () => {
    await using server = await startFaultServer((request, reply) => {
      if (request.path === "/apis") reply.send(200, { kind: "APIGroupList", groups: [] });
      else if (request.path === "/apis/oracle.test/v1") {
        const resources = [
          { name: "widgets", kind: "Widget", namespaced: true },
          { name: "widgets/status", kind: "Widget", namespaced: true },
        ];
        reply.send(200, { kind: "APIResourceList", resources });
      } else reply.send(404, "404 page not found");
    });
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    expect(await client.resolve("oracle.test/v1", "Widget")).toEqual(WIDGET);
    expect(await client.resolve("absent.test/v1", "Widget")).toBeUndefined();
  });

  it("does not take a failed look-up for an answer", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 1) reply.send(403, { kind: "Status", code: 403, reason: "Forbidden", message: "no" });
      else
        reply.send(200, { kind: "APIGroupList", resources: [{ name: "widgets", kind: "Widget", namespaced: true }] });
    });
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    await expect(client.resolve("oracle.test/v1", "Widget")).rejects.toMatchObject({ status: 403 });
    expect(await client.resolve("oracle.test/v1", "Widget")).toEqual(WIDGET);
  });

  it("makes an unknown kind KIND_UNKNOWN", async () => {
    await using server = await startFaultServer((request, reply) =>
      request.path === "/apis" ? reply.send(200, {}) : reply.send(404, ""),
    );
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    await expect(client.get({ apiVersion: "oracle.test/v1", kind: "Widget", name: "x" })).rejects.toMatchObject({
      code: "KIND_UNKNOWN",
      message: "the cluster does not serve Widget of oracle.test/v1",
    });
  });
});
