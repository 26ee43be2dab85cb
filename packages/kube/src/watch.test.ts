import { type FaultServer, type Script, startFaultServer } from "@eks-actions/test/cluster/fault-server.ts";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { beforeAll, describe, expect, it } from "vitest";
import type { WatchOptions } from "./client.ts";
import { connect } from "./connect.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const PODS = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };

const pod = (name: string, resourceVersion: string, uid = name) => ({ metadata: { name, uid, resourceVersion } });
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const endOfInitial = (resourceVersion: string) =>
  line("BOOKMARK", { metadata: { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } } });
const expired = line("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" });

/** Watches until `wanted` lines of text are there, and returns them. */
async function watchFor(server: FaultServer, wanted: number, options: WatchOptions = {}): Promise<readonly string[]> {
  const clock = virtualClock();
  using _auto = clock.autoAdvance();
  await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {}, clock, random: () => 0 });
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of client.watch(PODS, { namespace: "apps", ...options }, stop.signal)) {
    seen.push(
      "object" in event ? `${event.type} ${event.object.metadata.name}` : `${event.type} ${event.resourceVersion}`,
    );
    if (seen.length === wanted) break;
  }
  return seen;
}

const parametersOf = (server: FaultServer) =>
  server.requests.map(({ path }) => Object.fromEntries(new URL(path, "https://x").searchParams));

describe("a watch without a version", () => {
  it("asks for what exists as a stream and says when that is complete", async () => {
    await using server = await startFaultServer((_request, reply) => {
      reply.begin(200);
      reply.write(line("ADDED", pod("a", "1")) + endOfInitial("5") + line("MODIFIED", pod("a", "6")));
    });
    expect(await watchFor(server, 3)).toEqual(["added a", "synced 5", "modified a"]);
    expect(parametersOf(server)).toEqual([
      {
        watch: "true",
        allowWatchBookmarks: "true",
        timeoutSeconds: "290",
        sendInitialEvents: "true",
        resourceVersionMatch: "NotOlderThan",
      },
    ]);
  });

  it("lists first where the server cannot stream what exists", async () => {
    const script: Script = (request, reply) => {
      const parameters = new URL(request.path, "https://x").searchParams;
      if (parameters.get("watch") === null) {
        reply.send(200, { metadata: { resourceVersion: "7" }, items: [pod("a", "1")] });
      } else if (parameters.get("sendInitialEvents") !== null) {
        reply.send(422, { kind: "Status", code: 422, reason: "Invalid", message: "sendInitialEvents is forbidden" });
      } else {
        reply.begin(200);
        reply.write(line("ADDED", pod(`from-${parameters.get("resourceVersion")}`, "8")));
      }
    };
    await using server = await startFaultServer(script);
    expect(await watchFor(server, 3)).toEqual(["added a", "synced 7", "added from-7"]);
  });

  it("begins the replay anew when it breaks off half-way, and reports each object once", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      reply.begin(200);
      reply.write(line("ADDED", pod("a", "1")));
      if (count === 1) reply.end();
      else reply.write(line("ADDED", pod("b", "2")) + endOfInitial("3"));
    });
    expect(await watchFor(server, 3)).toEqual(["added a", "added b", "synced 3"]);
  });
});

describe("a watch that breaks", () => {
  it("resumes from the version of the last event or bookmark", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      reply.begin(200);
      if (count === 1) reply.write(line("MODIFIED", pod("a", "11")));
      if (count === 2) reply.write(line("BOOKMARK", { metadata: { resourceVersion: "20" } }));
      if (count === 3) reply.write(line("DELETED", pod("a", "21")));
      if (count === 2) reply.cutConnection();
      else if (count === 1) reply.end();
    });
    const seen = await watchFor(server, 2, { resourceVersion: "10" });
    expect(seen[0]).toBe("modified a");
    const versions = parametersOf(server).map((parameters) => parameters["resourceVersion"]);
    expect(versions.slice(0, 2)).toEqual(["10", "11"]);
  });

  it.each(["in the stream", "as the answer"])("tells of deletions it missed, after 410 %s", async (where) => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 2 && where === "as the answer") {
        reply.send(410, { kind: "Status", code: 410, reason: "Gone", message: "gone" });
        return;
      }
      reply.begin(200);
      if (count === 1) {
        for (const name of ["kept", "changed", "deleted", "replaced"]) reply.write(line("ADDED", pod(name, "1")));
        reply.write(endOfInitial("2"));
        reply.end();
      }
      if (count === 2) reply.write(expired);
      if (count === 3) {
        const now = [pod("kept", "1"), pod("changed", "8"), pod("replaced", "9", "other"), pod("new", "9")];
        for (const object of now) reply.write(line("ADDED", object));
        reply.write(endOfInitial("10"));
      }
    });
    expect((await watchFor(server, 11)).slice(5)).toEqual([
      "deleted deleted",
      "deleted replaced",
      "modified changed",
      "added replaced",
      "added new",
      "synced 10",
    ]);
  });

  it("waits as long as Retry-After says", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      if (count === 1) reply.send(429, "", { "retry-after": "9" });
      else {
        reply.begin(200);
        reply.write(line("ADDED", pod("a", "1")));
      }
    });
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {}, clock });
    const startedAt = clock.now();
    for await (const _event of client.watch(PODS, { resourceVersion: "1" }, new AbortController().signal)) break;
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(9_000);
  });

  it("takes a silent connection for dead and opens another", async () => {
    await using server = await startFaultServer((_request, reply, count) => {
      reply.begin(200);
      if (count > 1) reply.write(line("ADDED", pod("a", "1")));
    });
    expect(await watchFor(server, 1, { resourceVersion: "1", idleMs: 40 })).toEqual(["added a"]);
    expect(server.requests).toHaveLength(2);
  });

  it("reads events whose bytes are torn apart anywhere", async () => {
    const bytes = Buffer.from(line("ADDED", pod("größe-日本", "1")));
    await using server = await startFaultServer((_request, reply) => {
      reply.begin(200);
      const next = (at: number) => {
        if (at >= bytes.length) return;
        reply.write(bytes.subarray(at, at + 1));
        setImmediate(next, at + 1);
      };
      next(0);
    });
    expect(await watchFor(server, 1, { resourceVersion: "1" })).toEqual(["added größe-日本"]);
  });
});

describe("a watch ends", () => {
  it("by what no retry can mend", async () => {
    await using server = await startFaultServer((_request, reply) =>
      reply.send(403, { kind: "Status", code: 403, reason: "Forbidden", message: "no" }),
    );
    await expect(watchFor(server, 1)).rejects.toMatchObject({ status: 403, reason: "Forbidden" });
  });

  it("with API_CONNECT when the server stays away for five minutes", async () => {
    const server = await startFaultServer(() => undefined);
    const text = server.kubeconfig();
    await server[Symbol.asyncDispose]();
    const clock = virtualClock();
    using _auto = clock.autoAdvance();
    const startedAt = clock.now();
    await using client = await connect({ kubeconfig: { text }, env: {}, clock });
    const watching = async () => {
      for await (const _event of client.watch(PODS, {}, new AbortController().signal)) break;
    };
    await expect(watching()).rejects.toMatchObject({ code: "API_CONNECT" });
    expect(clock.now() - startedAt).toBeGreaterThan(300_000);
  });

  it("with the signal's reason, also while it waits for the next event", async () => {
    await using server = await startFaultServer((_request, reply) => reply.begin(200));
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    const stop = new AbortController();
    const watching = (async () => {
      for await (const _event of client.watch(PODS, { resourceVersion: "1" }, stop.signal)) break;
    })();
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort(new Error("enough"));
    await expect(watching).rejects.toThrow("enough");
  });

  it("with the consumer's own exception, and closes the stream", async () => {
    await using server = await startFaultServer((_request, reply) => {
      reply.begin(200);
      reply.write(line("ADDED", pod("a", "1")));
    });
    await using client = await connect({ kubeconfig: { text: server.kubeconfig() }, env: {} });
    const watching = (async () => {
      for await (const _event of client.watch(PODS, { resourceVersion: "1" }, new AbortController().signal)) {
        throw new Error("consumer");
      }
    })();
    await expect(watching).rejects.toThrow("consumer");
    expect(server.requests).toHaveLength(1);
  });
});
