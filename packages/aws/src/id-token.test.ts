import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hurriedClock } from "@eks-actions/test/fakes/hurried-clock.ts";
import { describe, expect, it } from "vitest";
import { createAws } from "./client.ts";
import { requestIdToken } from "./id-token.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const status =
  (code: number, body = "", headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end(body);
  };
const reset: Answer = (request) => void request.socket.destroy();

async function oidc(answers: readonly Answer[], budget = 60_000) {
  const seen: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push({ url: request.url ?? "", authorization: request.headers.authorization });
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { signal } = new AbortController();
  const clock = hurriedClock(signal);
  const aws = createAws({
    region: "eu-west-1",
    clock,
    run: { env: {}, runId: "1", runAttempt: "1" },
    action: "auth",
    maxWaitMs: budget,
    requestTimeoutMs: 50_000,
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/74//idtoken/a/b?api-version=2.0`;
  const result = await requestIdToken(
    aws,
    { url, bearer: "secret-bearer", audience: "sts.amazonaws.com" },
    signal,
  ).catch((error: unknown) => error);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { result, seen, aws };
}

const exp = Date.UTC(2026, 10, 23, 10) / 1000 + 300;
const claims = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "sts.amazonaws.com",
  sub: "repo:o/r:ref:refs/heads/main",
  exp,
};
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${encode({ alg: "RS256" })}.${encode(claims)}.c2ln`;
const ok = status(200, JSON.stringify({ value: token, count: token.length }), {
  date: "Mon, 23 Nov 2026 10:00:00 GMT",
});

describe("requestIdToken", () => {
  it("keeps the double slash of the path and adds the audience to the query", async () => {
    const { result, seen } = await oidc([ok]);
    expect(result).toMatchObject({ token });
    expect(seen).toEqual([
      { url: "/74//idtoken/a/b?api-version=2.0&audience=sts.amazonaws.com", authorization: "Bearer secret-bearer" },
    ]);
  });

  it.each([
    ["429", status(429)],
    ["500", status(500)],
    ["503", status(503)],
    ["408", status(408)],
    ["a broken connection", reset],
    ["HTML with 200", status(200, "<html>busy</html>")],
    ["an early 403", status(403)],
    ["an early 404", status(404)],
  ])("tries again after %s", async (_, answer) => {
    const { result, seen, aws } = await oidc([answer, ok]);
    expect(result).toMatchObject({ token });
    expect(seen).toHaveLength(2);
    expect(aws.retries).toHaveLength(1);
  });

  it.each([
    [403, 3, "ID_TOKEN_REFUSED"],
    [401, 3, "ID_TOKEN_REFUSED"],
    [500, 6, "ID_TOKEN_UNAVAILABLE"],
    [418, 1, "ID_TOKEN_UNAVAILABLE"],
  ])("gives up on HTTP %d after %d requests with %s", async (code, requests, expected) => {
    const { result, seen } = await oidc([status(code)]);
    expect(result).toMatchObject({ code: expected });
    expect(seen).toHaveLength(requests);
  });

  it("follows no redirect, because the request carries a token", async () => {
    const { result, seen } = await oidc([status(302, "", { location: "https://example.test/" })]);
    expect(result).toMatchObject({ code: "ID_TOKEN_UNAVAILABLE", message: expect.stringContaining("redirect") });
    expect(seen).toHaveLength(1);
  });

  it("honours Retry-After, and gives up at once when it is longer than the budget", async () => {
    const { result, seen } = await oidc([status(429, "", { "retry-after": "120" })]);
    expect(result).toMatchObject({ code: "ID_TOKEN_UNAVAILABLE" });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ["no value", "{}"],
    ["a value that is no text", '{"value":1}'],
    ["no JWT", '{"value":"abc"}'],
  ])("refuses an answer with %s without another request", async (_, body) => {
    const { result, seen } = await oidc([status(200, body)]);
    expect(result).toMatchObject({ code: "ID_TOKEN_INVALID" });
    expect(seen).toHaveLength(1);
  });

  it("reads no more than 64 KiB", async () => {
    const { result } = await oidc([status(200, "x".repeat(70_000))]);
    expect(result).toMatchObject({ code: "ID_TOKEN_INVALID", message: expect.stringContaining("64 KiB") });
  });

  it("sends nothing in clear text to another machine", async () => {
    const { signal } = new AbortController();
    const clock = hurriedClock(signal);
    const aws = createAws({ region: "eu-west-1", clock, run: { env: {}, runId: "", runAttempt: "" }, action: "auth" });
    const request = { url: "http://10.0.0.1/idtoken?x=1", bearer: "secret-bearer", audience: "a" };
    await expect(requestIdToken(aws, request, signal)).rejects.toMatchObject({
      code: "ENDPOINT_REFUSED",
    });
  });
});
