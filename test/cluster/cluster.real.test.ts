import { describe, expect, inject, it } from "vitest";
import { openCluster } from "./access.ts";
import { connectApi } from "./api.ts";

const cluster = openCluster(inject("cluster"));
const { endpoint, caData } = cluster;

describe("the run's control plane", () => {
  it("says v1.36.4, so that version constraints of charts hold", async () => {
    expect(await cluster.api.must("GET", "/version")).toMatchObject({ gitVersion: "v1.36.4", major: "1", minor: "36" });
  });

  it("lets ci deploy in a test's namespace and nowhere else, by real RBAC", async () => {
    await using namespace = await cluster.namespace("rbac");
    using ci = connectApi({ endpoint, caData, token: cluster.ciToken });
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    const inside = await ci.request("POST", `/api/v1/namespaces/${namespace.name}/configmaps`, configMap);
    const outside = await ci.request("POST", "/api/v1/namespaces/default/configmaps", configMap);
    expect(inside.status).toBe(201);
    expect(outside.status).toBe(403);
    expect(outside.text).toContain('User \\"ci\\" cannot create resource \\"configmaps\\"');
  });

  it("refuses ci a verb that its rules lack, and shows why no suite acts as admin", async () => {
    const readOnly = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }];
    await using namespace = await cluster.namespace("rbac", readOnly);
    using ci = connectApi({ endpoint, caData, token: cluster.ciToken });
    const path = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    expect((await ci.request("GET", path)).status).toBe(200);
    expect((await ci.request("POST", path, configMap)).status).toBe(403);
    expect((await cluster.api.request("POST", path, configMap)).status).toBe(201);
  });

  it("has three ready nodes with room for pods", async () => {
    const nodes = JSON.stringify(await cluster.api.must("GET", "/api/v1/nodes"));
    expect(nodes.match(/"reason":"KubeletReady"/g)).toHaveLength(3);
    expect(nodes).toContain('"cpu":"32"');
  });
});
