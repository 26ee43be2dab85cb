import { ActionError } from "@eks-actions/action/error";
import { createCertificate } from "@eks-actions/test/cluster/certificate.ts";
import { startConnectProxy } from "@eks-actions/test/cluster/connect-proxy.ts";
import { type Script, startFaultServer } from "@eks-actions/test/cluster/fault-server.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const REF = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "apps" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "apps" } };
const ok: Script = (_request, reply) => reply.send(200, OBJECT);

describe.each([{ protocol: "h2" }, { protocol: "http/1.1" }] as const)("over $protocol", (settings) => {
  it("presents the client certificate of the kubeconfig", async () => {
    const ca = { ...createCertificate({ commonName: "clients" }), commonName: "clients" };
    const own = createCertificate({ commonName: "deployer", organization: "team", issuer: ca });
    await using server = await startFaultServer(ok, { ...settings, clientCa: ca.cert });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const text = server.kubeconfig({
      "client-certificate-data": base64(own.cert),
      "client-key-data": base64(own.key),
    });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    await client.get(REF);
    expect(server.requests.map((request) => request.client)).toEqual(["deployer"]);
  });

  it("goes through the kubeconfig's proxy with its user and password", async () => {
    await using server = await startFaultServer(ok, settings);
    await using proxy = await startConnectProxy();
    const text = server.kubeconfig({ token: "t" }, { "proxy-url": `http://me:s%40crt@127.0.0.1:${proxy.port}` });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    expect(await client.get(REF)).toEqual(OBJECT);
    const login = Buffer.from("me:s@crt").toString("base64");
    expect(proxy.seen).toEqual([{ target: new URL(server.endpoint).host, login: `Basic ${login}` }]);
  });
});

describe("a server that cannot be reached", () => {
  const quick = { firstContactMs: 0 };

  it("is API_CONNECT with the reason, for a refused connection", async () => {
    const server = await startFaultServer(ok);
    const text = server.kubeconfig();
    await server[Symbol.asyncDispose]();
    await using client = await connect({ kubeconfig: { text }, env: {}, patience: quick });
    await expect(client.get(REF)).rejects.toMatchObject({
      code: "API_CONNECT",
      message: expect.stringMatching(
        /^the API server https:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/,
      ),
    });
  });

  it("is API_CONNECT at once and points at the certificate, when that does not fit", async () => {
    await using server = await startFaultServer(ok);
    const other = Buffer.from(createCertificate({ commonName: "other" }).cert).toString("base64");
    const text = server.kubeconfig({ token: "t" }, { "certificate-authority-data": other });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    const error = await client.get(REF).catch((thrown: unknown) => thrown);
    if (!(error instanceof ActionError)) throw error;
    expect(error.code).toBe("API_CONNECT");
    expect(error.hint).toContain("certificate-authority-data");
    expect(server.connections()).toBe(1);
  });

  it("is served with a name of its own, or without verification, where the kubeconfig says so", async () => {
    const certificate = createCertificate({ commonName: "api", names: ["api.internal"] });
    await using server = await startFaultServer(ok, { certificate });
    const withCluster = async (cluster: object) => {
      await using client = await connect({ kubeconfig: { text: server.kubeconfig({ token: "t" }, cluster) }, env: {} });
      return await client.get(REF).catch((error: unknown) => (error instanceof ActionError ? error.code : error));
    };
    expect(await withCluster({})).toBe("API_CONNECT");
    expect(await withCluster({ "tls-server-name": "api.internal" })).toEqual(OBJECT);
    const unverified = { "insecure-skip-tls-verify": true, "certificate-authority-data": undefined };
    expect(await withCluster(unverified)).toEqual(OBJECT);
  });

  it("is API_CONNECT when the proxy refuses, with the proxy's answer", async () => {
    await using server = await startFaultServer(ok);
    await using proxy = await startConnectProxy(407);
    const text = server.kubeconfig({ token: "t" }, { "proxy-url": `http://127.0.0.1:${proxy.port}` });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    await expect(client.get(REF)).rejects.toMatchObject({
      code: "API_CONNECT",
      message: expect.stringContaining(`proxy 127.0.0.1:${proxy.port} refused the connection with 407`),
    });
  });
});
