import { createServer, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { addCluster, createWorld, errorCodes } from "./world.ts";

/** An HTTP proxy with a password; it forwards to this machine only. */
async function startProxy() {
  const seen: string[] = [];
  const expected = `Basic ${Buffer.from("me:s3cr3t pass").toString("base64")}`;
  const isAllowed = (request: IncomingMessage) => request.headers["proxy-authorization"] === expected;
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    if (!isAllowed(request)) {
      response.writeHead(407).end();
      return;
    }
    const { "proxy-authorization": _, ...headers } = request.headers;
    const onward = send(request.url ?? "", { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    url: `http://me:s3cr3t%20pass@127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// The runner itself prints the inputs first, with what it knows as secrets masked; here the input is plain text.
const ownLines = (log: string) => log.slice(log.indexOf("##[endgroup]"));

describe("a proxy", () => {
  it("carries OIDC, STS and EKS, and its password appears nowhere", async () => {
    await using proxy = await startProxy();
    await using world = await createWorld();
    addCluster(world, "payments");
    const result = await world.login({ "http-proxy": proxy.url, "eks-cluster": "payments" });
    expect(result.outcome).toBe("success");
    expect(proxy.seen.some((url) => url.includes("/idtoken/"))).toBe(true);
    expect(proxy.seen.filter((url) => url.startsWith(world.aws.url))).toHaveLength(2);
    const shown = [
      ownLines(result.log),
      result.summary,
      JSON.stringify(result.outputs),
      JSON.stringify(result.annotations),
    ].join();
    expect(shown).not.toMatch(/s3cr3t/);
    await world.post(result);
  });

  it("is left out for the hosts of no-proxy", async () => {
    await using proxy = await startProxy();
    await using world = await createWorld();
    const result = await world.login({ "http-proxy": proxy.url, "no-proxy": "127.0.0.1" });
    expect(result.outcome).toBe("success");
    expect(proxy.seen).toEqual([]);
  });

  it("that refuses ends the run with its status and no secret", async () => {
    await using proxy = await startProxy();
    await using world = await createWorld();
    const result = await world.login({ "http-proxy": proxy.url.replace("s3cr3t", "wr0ng"), "max-wait-seconds": "5" });
    expect(errorCodes(result)).toEqual(["ID_TOKEN_UNAVAILABLE"]);
    expect(result.annotations[0]?.message).toContain("407");
    expect(ownLines(result.log)).not.toMatch(/wr0ng/);
  });
});
