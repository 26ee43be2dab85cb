import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { fetchUrl } from "./fetch-url.ts";

async function serve(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a path
  return {
    url: `http://127.0.0.1:${port}/healthz`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const signal = new AbortController().signal;

describe("asking an address", () => {
  it("gives status and the beginning of the body, and follows no redirect", async () => {
    await using long = await serve((_, response) => response.end("x".repeat(200_000)));
    expect((await fetchUrl(long.url, signal)).body).toHaveLength(64 * 1024);
    await using moved = await serve((_, response) => response.writeHead(302, { location: "/login" }).end("moved"));
    expect(await fetchUrl(moved.url, signal)).toEqual({ status: 302, body: "moved" });
  });

  it("says why there is no answer", async () => {
    const gone = await serve(() => undefined);
    await gone[Symbol.asyncDispose]();
    expect(await fetchUrl(gone.url, signal)).toEqual({ status: 0, body: expect.stringContaining("ECONNREFUSED") });
  });

  it("ends with the run", async () => {
    await using silent = await serve(() => undefined);
    const cancel = new AbortController();
    const asked = fetchUrl(silent.url, cancel.signal);
    cancel.abort(new Error("cancelled"));
    await expect(asked).rejects.toThrow("cancelled");
  });
});
