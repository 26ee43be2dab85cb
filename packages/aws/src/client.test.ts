import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import { awsErrorInfo } from "./classify.ts";
import { clientConfig, createAws, send, watchClock } from "./client.ts";

async function eksServer(
  answers: readonly (() => { status: number; headers?: Record<string, string>; body: string })[],
) {
  const agents: string[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    agents.push(request.headers["user-agent"] ?? "");
    const answer = answers[Math.min(count++, answers.length - 1)]?.() ?? { status: 500, body: "" };
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    agents,
    count: () => count,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

async function describeCluster(url: string, maxWaitMs = 60_000) {
  const clock = virtualClock();
  const aws = createAws({
    region: "eu-west-1",
    clock,
    run: { env: { AWS_ENDPOINT_URL_EKS: url }, runId: "77", runAttempt: "2" },
    action: "auth",
    version: "1.2.3",
    credentials: keys,
    maxWaitMs,
    requestTimeoutMs: 3_600_000,
  });
  const { DescribeClusterCommand, EKSClient } = await import("./sdk/eks.ts");
  const client = watchClock(new EKSClient(clientConfig(aws, "EKS")), aws.skew);
  const answer = await send(aws, "eks:DescribeCluster", new AbortController().signal, (abortSignal) =>
    client.send(new DescribeClusterCommand({ name: "payments" }), { abortSignal }),
  ).catch((error: unknown) => error);
  return { answer, aws };
}

describe("send", () => {
  it("tells CloudTrail which action, run and attempt calls", async () => {
    await using server = await eksServer([() => ({ status: 200, body: '{"cluster":{"name":"payments"}}' })]);
    await describeCluster(server.url);
    expect(server.agents[0]).toContain("eks-actions-auth/1.2.3");
    expect(server.agents[0]).toContain("md/run_id#77");
    expect(server.agents[0]).toContain("md/attempt#2");
  });

  it("does not repeat what a person must change", async () => {
    await using server = await eksServer([
      () => ({
        status: 404,
        headers: { "x-amzn-errortype": "ResourceNotFoundException", "x-amzn-requestid": "r-1" },
        body: '{"message":"No cluster found for name: payments."}',
      }),
    ]);
    const { answer } = await describeCluster(server.url);
    expect(awsErrorInfo(answer)).toMatchObject({
      kind: "not-found",
      code: "ResourceNotFound",
      requestId: "r-1",
      status: 404,
    });
    expect(server.count()).toBe(1);
  });

  it("sends nothing to an endpoint of the user's config file, which nobody has checked", async () => {
    await using server = await eksServer([() => ({ status: 200, body: "{}" })]);
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    writeFileSync(join(folder, "config"), `[default]\nendpoint_url = ${server.url}\n`);
    const former = process.env["AWS_CONFIG_FILE"];
    process.env["AWS_CONFIG_FILE"] = join(folder, "config");
    try {
      const aws = createAws({
        region: "eu-west-1",
        clock: virtualClock(),
        run: { env: {}, runId: "", runAttempt: "1" },
        action: "auth",
        credentials: keys,
      });
      const { DescribeClusterCommand, EKSClient } = await import("./sdk/eks.ts");
      const requestHandler = {
        handle: async ({ hostname }: { hostname: string }) => Promise.reject(new Error(`asked ${hostname}`)),
      };
      const client = new EKSClient({ ...clientConfig(aws, "EKS"), requestHandler });
      await expect(client.send(new DescribeClusterCommand({ name: "x" }))).rejects.toThrow(
        "asked eks.eu-west-1.amazonaws.com",
      );
      expect(server.count()).toBe(0);
    } finally {
      if (former === undefined) delete process.env["AWS_CONFIG_FILE"];
      else process.env["AWS_CONFIG_FILE"] = former;
      rmSync(folder, { recursive: true });
    }
  });

  it("measures how wrong this machine's clock is", async () => {
    await using server = await eksServer([
      () => ({ status: 200, headers: { date: "Mon, 23 Nov 2026 10:10:00 GMT" }, body: "{}" }),
    ]);
    const { aws } = await describeCluster(server.url);
    expect(aws.skew.offsetMs).toBeGreaterThan(590_000);
    expect(aws.skew.offsetMs).toBeLessThan(610_000);
  });
});
