import { constants } from "node:http2";
import {
  type FaultServer,
  type FaultServerOptions,
  type Script,
  startFaultServer,
} from "@eks-actions/test/cluster/fault-server.ts";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { type ConnectOptions, connect } from "./connect.ts";

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
