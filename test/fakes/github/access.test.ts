import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { virtualClock } from "../clock.ts";
import { ask, everything, shop } from "./ask.ts";
import { type GitHubOptions, startGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

describe("permissions", () => {
  it.each([
    ["nobody", undefined, 401],
    ["a made-up token", "ghs_nonsense", 401],
    ["a token of another repository", "foreign", 404],
    ["a token without the permission", "none", 403],
  ])("for a write by %s", async (_, who, status) => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const tokens: Record<string, string> = {
      foreign: github.issueToken(everything, { hasAccess: false }),
      none: github.issueToken({ contents: "read" }),
    };
    const authorization = who === undefined ? {} : { authorization: `Bearer ${tokens[who] ?? who}` };
    const response = await fetch(`${github.url}${shop}/issues/1/comments`, {
      method: "POST",
      headers: authorization,
      body: JSON.stringify({ body: "x" }),
    });
    expect(response.status).toBe(status);
    expect(github.repo.comments).toEqual([]);
    if (status === 403) {
      expect(response.headers.get("x-accepted-github-permissions")).toBe("issues=write; pull_requests=write");
      expect(await response.json()).toMatchObject({ message: "Resource not accessible by integration" });
    }
  });

  it("hide from a private repository what may not be read, and show it of a public one", async () => {
    await using closed = await startGitHub({ event: "pull_request" });
    expect((await ask(closed, "GET", `${shop}/pulls/1`)).status).toBe(404);
    await using open = await startGitHub({ event: "pull_request", repo: { visibility: "public" } });
    expect((await ask(open, "GET", `${shop}/pulls/1`)).status).toBe(200);
  });

  it("of pull-requests open comments of pull requests, not those of issues", async () => {
    await using github = await startGitHub({ permissions: { "pull-requests": "write" }, event: "pull_request" });
    const issue = github.issue({ title: "x" });
    expect((await ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" })).status).toBe(201);
    expect((await ask(github, "POST", `${shop}/issues/${issue.number}/comments`, { body: "x" })).status).toBe(403);
  });

  it("of a fork's pull request are read-only and without id token, whatever the workflow asks for", async () => {
    const options: GitHubOptions = { permissions: { ...everything, "id-token": "write" }, fork: true };
    await using github = await startGitHub({ ...options, event: "pull_request" });
    expect((await ask(github, "GET", `${shop}/issues/1/comments`)).status).toBe(200);
    expect((await ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" })).status).toBe(403);
    expect(github.env["ACTIONS_ID_TOKEN_REQUEST_URL"]).toBeUndefined();
    await using target = await startGitHub({ ...options, event: "pull_request_target" });
    expect((await ask(target, "POST", `${shop}/issues/1/comments`, { body: "x" })).status).toBe(201);
    expect(target.env["ACTIONS_ID_TOKEN_REQUEST_URL"]).toContain("//idtoken/");
  });
});

describe("caching and limits", () => {
  it("answers 304 to a known ETag without counting it", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const first = await ask(github, "GET", `${shop}/pulls/1`);
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(`${github.url}${shop}/pulls/1`, {
      headers: { authorization: `token ${github.token}`, "if-none-match": etag },
    });
    expect(again.status).toBe(304);
    expect(again.headers.get("x-ratelimit-used")).toBe("1");
    github.comment({ issue: 1, author: "a", body: "b" });
    expect((await ask(github, "GET", `${shop}/pulls/1`)).headers.get("etag")).not.toBe(etag);
  });

  it.each([403, 429] as const)(
    "refuses with %d and remaining 0 when the hour's requests are used up",
    async (status) => {
      const clock = virtualClock();
      await using github = await startGitHub({ permissions: everything, clock, event: "pull_request" });
      github.limits.refusalStatus = status;
      github.limits.used = github.limits.limit;
      const refused = await ask(github, "GET", `${shop}/pulls/1`);
      expect(refused.status).toBe(status);
      expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
      expect(Number(refused.headers.get("x-ratelimit-reset")) * 1000).toBe(github.limits.resetAt);
      await clock.advance(3_600_000);
      expect((await ask(github, "GET", `${shop}/pulls/1`)).status).toBe(200);
    },
  );

  it("answers the 81st write of a minute with retry-after", async () => {
    const clock = virtualClock();
    await using github = await startGitHub({ permissions: everything, clock, event: "pull_request" });
    github.limits.writesPerMinute = 2;
    const post = () => ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" });
    expect([(await post()).status, (await post()).status]).toEqual([201, 201]);
    const refused = await post();
    expect(refused.status).toBe(403);
    expect(refused.headers.get("retry-after")).toBe("60");
    await clock.advance(60_000);
    expect((await post()).status).toBe(201);
  });

  it("notices a retry that comes before retry-after", async () => {
    const clock = virtualClock();
    await using github = await startGitHub({ permissions: everything, clock, event: "pull_request" });
    github.fault({ operation: "pulls/get", kind: { type: "secondary-limit", retryAfterSeconds: 2 } });
    expect((await ask(github, "GET", `${shop}/pulls/1`)).headers.get("retry-after")).toBe("2");
    await clock.advance(1_999);
    expect((await ask(github, "GET", `${shop}/pulls/1`)).status).toBe(403);
    expect(github.takeViolations().map((violation) => violation.code)).toEqual(["STANDIN_RETRY_TOO_EARLY"]);
    await clock.advance(1);
    expect((await ask(github, "GET", `${shop}/pulls/1`)).status).toBe(200);
  });
});

describe("clients", () => {
  it("without a name are turned away", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const reply = await fetch(`${github.url}${shop}/pulls/1`, {
      headers: { authorization: `token ${github.token}`, "user-agent": "" },
    });
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("make sure your request has a User-Agent header");
  });
});

describe("hostile clients", () => {
  it.each([
    ["..%2f..%2fetc%2fpasswd", 404],
    // Resolved before it is sent: another path altogether.
    ["%2e%2e/%2e%2e/secret", 501],
    ["constructor", 404],
    ["__proto__", 404],
  ])("find nothing outside the tree: contents/%s", async (path, status) => {
    await using github = await startGitHub({ permissions: everything });
    expect((await ask(github, "GET", `${shop}/contents/${path}`)).status).toBe(status);
    expect(github.takeViolations()).toHaveLength(status === 501 ? 1 : 0);
  });

  it.each([
    [
      "a body beyond 1 MiB",
      `POST ${shop}/issues HTTP/1.1\r\nhost: x\r\ncontent-length: 1100000\r\n\r\n${"x".repeat(1_100_000)}`,
      "413",
    ],
    ["a body that is no JSON", `POST ${shop}/issues HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n{{{`, "400"],
    ["bad chunking", `POST ${shop}/issues HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`, "400"],
    ["broken percent-encoding", `GET ${shop}/contents/%E0%A4%A HTTP/1.1\r\nhost: x\r\n\r\n`, "400"],
    ["a header with a line break", "GET / HTTP/1.1\r\nhost: x\r\na\nb: c\r\n\r\n", "400"],
  ])("leave the server standing: %s", async (_, raw, status) => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(github.url).port), "127.0.0.1");
      socket.once("data", (data) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.on("error", () => undefined);
      socket.write(raw);
    });
    expect(reply).toContain(`HTTP/1.1 ${status}`);
    expect((await ask(github, "GET", `${shop}/pulls/1`)).status).toBe(200);
  });
});
