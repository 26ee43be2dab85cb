import { createServer as createHttpServer } from "node:http";
import { constants } from "node:http2";
import { connect as dial } from "node:net";
import { ActionError } from "@eks-actions/action/error";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../test/cluster/certificate.ts";
import {
  type FaultServer,
  type FaultServerOptions,
  type Script,
  startFaultServer,
} from "../../../test/cluster/fault-server.ts";
import { virtualClock } from "../../../test/fakes/clock.ts";
import { type ConnectOptions, connect } from "./connect.ts";
import { KubeApiError } from "./error.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const REF = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "apps" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "apps" } };
const SSA = { fieldManager: "t" };
const ok: Script = (_request, reply) => reply.send(200, OBJECT);

function open(server: FaultServer, options: Partial<ConnectOptions> = {}) {
  return connect({ kubeconfig: { text: server.kubeconfig() }, env: {}, random: () => 0.5, ...options });
}

const both: readonly FaultServerOptions[] = [{ protocol: "h2" }, { protocol: "http/1.1" }];

describe.each(both)("over $protocol", (settings) => {
  it("sends method, path, token, type and body", async () => {
    await using server = await startFaultServer(ok, settings);
    await using client = await open(server);
    await client.apply(OBJECT, { ...SSA, force: true, dryRun: true });
    expect(server.requests).toEqual([
      expect.objectContaining({
        method: "PATCH",
        path: "/api/v1/namespaces/apps/configmaps/a?fieldManager=t&force=true&dryRun=All&fieldValidation=Strict",
        body: JSON.stringify(OBJECT),
        headers: expect.objectContaining({ authorization: "Bearer t", "content-type": "application/apply-patch+yaml" }),
      }),
    ]);
    expect(client.stats()).toEqual({ requests: 1, writes: 0 });
  });

  it("replays a read and an apply after the connection was cut in mid-answer", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count % 2 === 0) {
        reply.send(200, OBJECT);
        return;
      }
      reply.begin(200);
      reply.write('{"kind":');
      setTimeout(() => reply.cutConnection(), 20);
    }, settings);
    await using client = await open(server);
    expect(await client.get(REF)).toEqual(OBJECT);
    expect((await client.apply(OBJECT, SSA)).object).toEqual(OBJECT);
    expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET", "PATCH", "PATCH"]);
  });

  it("never sends a create twice when the server may have acted on the first", async () => {
    await using server = await startFaultServer((_request, reply) => reply.cutConnection(), settings);
    await using client = await open(server);
    await expect(client.create(OBJECT)).rejects.toMatchObject({ code: "API_CONNECT" });
    expect(server.requests).toHaveLength(1);
  });

  it("waits for Retry-After on 429, even for a create, and not less", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count < 3) reply.send(429, "slow down", { "retry-after": "7" });
      else reply.send(201, OBJECT);
    }, settings);
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    await using client = await open(server, { clock });
    const startedAt = clock.now();
    expect(await client.create(OBJECT)).toEqual(OBJECT);
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(14_000);
  });

  it("is more patient with a server that answers at all than with one that never did", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count < 6) reply.send(429, "slow down", { "retry-after": "10" });
      else reply.send(200, OBJECT);
    }, settings);
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    await using client = await open(server, { clock, patience: { firstContactMs: 20_000, outageMs: 90_000 } });
    expect(await client.get(REF)).toEqual(OBJECT);
  });

  it("says API_OVERLOADED when 429 does not end", async () => {
    await using server = await startFaultServer(
      (_request, reply) => reply.send(429, "", { "retry-after": "30" }),
      settings,
    );
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    await using client = await open(server, { clock });
    await expect(client.get(REF)).rejects.toMatchObject({ code: "API_OVERLOADED" });
  });

  it("tries a read five times on 503, then shows the server's own words", async () => {
    const status = { kind: "Status", message: "the server is shutting down", reason: "ServiceUnavailable", code: 503 };
    await using server = await startFaultServer((_request, reply) => reply.send(503, status), settings);
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    await using client = await open(server, { clock });
    const error = await client.get(REF).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 503, reason: "ServiceUnavailable", message: "the server is shutting down" });
    expect(server.requests).toHaveLength(5);
  });

  it("stops at once when the caller aborts", async () => {
    await using server = await startFaultServer(() => undefined, settings);
    await using client = await open(server);
    const stop = new AbortController();
    const pending = client.get(REF, stop.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
  });

  it("frames the body of a delete, so that the next request is read as one", async () => {
    await using server = await startFaultServer((_request, reply) => reply.send(200, { kind: "Status" }), settings);
    await using client = await open(server, { concurrency: 1 });
    await client.delete(REF, { uid: "u1" });
    await client.delete(REF, { uid: "u2" });
    expect(server.requests.map(({ body }) => JSON.parse(body).preconditions)).toEqual([{ uid: "u1" }, { uid: "u2" }]);
    expect(server.connections()).toBe(1);
  });

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
    await using proxy = await startProxy();
    const text = server.kubeconfig({ token: "t" }, { "proxy-url": `http://me:s%40crt@127.0.0.1:${proxy.port}` });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    expect(await client.get(REF)).toEqual(OBJECT);
    const login = Buffer.from("me:s@crt").toString("base64");
    expect(proxy.seen).toEqual([{ target: new URL(server.endpoint).host, login: `Basic ${login}` }]);
  });

  it("opens no connection per request", async () => {
    await using server = await startFaultServer(ok, settings);
    await using client = await open(server, { concurrency: 8 });
    await Promise.all(Array.from({ length: 200 }, () => client.get(REF)));
    expect(server.requests).toHaveLength(200);
    expect(server.connections()).toBeLessThanOrEqual(settings.protocol === "h2" ? 1 : 8);
  });
});

describe("over HTTP/2", () => {
  it("takes new requests to a new connection after GOAWAY, and lets the old ones finish", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 1) reply.goAway();
      reply.send(200, OBJECT);
    });
    await using client = await open(server);
    for (let number = 0; number < 3; number++) expect(await client.get(REF)).toEqual(OBJECT);
    expect(server.connections()).toBe(2);
  });

  it("sends even a create again when the server refused the stream unprocessed", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 1) reply.resetStream(constants.NGHTTP2_REFUSED_STREAM);
      else reply.send(201, OBJECT);
    });
    await using client = await open(server);
    expect(await client.create(OBJECT)).toEqual(OBJECT);
  });

  it("honours the server's limit of concurrent streams", async () => {
    let open_ = 0;
    let most = 0;
    await using server = await startFaultServer(
      (_request, reply) => {
        most = Math.max(most, ++open_);
        setTimeout(() => {
          open_--;
          reply.send(200, OBJECT);
        }, 5);
      },
      { maxStreams: 3 },
    );
    await using client = await open(server, { concurrency: 16 });
    await Promise.all(Array.from({ length: 40 }, () => client.get(REF)));
    expect(most).toBeLessThanOrEqual(3);
    expect(server.connections()).toBe(1);
  });

  it("finds out a half-open connection by PING and replays on a new one", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 2) server.freeze();
      else reply.send(200, OBJECT);
    });
    await using client = await open(server, { patience: { pulse: { everyMs: 30, deadMs: 120 } } });
    await client.get(REF);
    expect(await client.get(REF)).toEqual(OBJECT);
    expect(server.connections()).toBe(2);
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
    await using proxy = await startProxy(407);
    const text = server.kubeconfig({ token: "t" }, { "proxy-url": `http://127.0.0.1:${proxy.port}` });
    await using client = await connect({ kubeconfig: { text }, env: {} });
    await expect(client.get(REF)).rejects.toMatchObject({
      code: "API_CONNECT",
      message: expect.stringContaining(`proxy 127.0.0.1:${proxy.port} refused the connection with 407`),
    });
  });
});

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

async function startProxy(refuseWith?: number) {
  const seen: { target: string; login: string | undefined }[] = [];
  const server = createHttpServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on("connect", (request, near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    const target = request.url ?? "";
    seen.push({ target, login: request.headers["proxy-authorization"] });
    if (refuseWith !== undefined) {
      near.end(`HTTP/1.1 ${refuseWith} Proxy Authentication Required\r\n\r\n`);
      return;
    }
    const [host = "", port = ""] = target.split(":");
    const far = dial({ host, port: Number(port) }, () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    sockets.add(far);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return {
    port: address.port,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
