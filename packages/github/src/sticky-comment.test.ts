import { createLog } from "@eks-actions/action";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "@eks-actions/test/fakes/github/index.ts";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import { describe, expect, it, vi } from "vitest";
import { createGitHub, type StickyRequest } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

const marker = "<!-- eks-actions/cost-diff v1 key=default -->";
const author = "github-actions[bot]";

function start(options: GitHubOptions = {}) {
  return startGitHub({ permissions: { "pull-requests": "write" }, event: "pull_request", ...options });
}

/** Waits take no time, but are counted. */
function skippingClock() {
  let now = Date.UTC(2026, 10, 23, 10);
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

function portOf(github: GitHub, token = github.token) {
  const clock = skippingClock();
  return createGitHub({ token, apiUrl: github.url, repository: "acme/shop", clock });
}

function put(github: GitHub, text: string, more: Partial<StickyRequest> = {}) {
  return portOf(github).stickyComment({ issue: 1, marker, author, body: () => text, ...more });
}

function writes(github: GitHub) {
  return github.requests.filter((request) => request.method !== "GET").map((request) => request.operation);
}

describe("the sticky comment", () => {
  it("is created once, updated in place, and left alone when it says the same", async () => {
    await using github = await start();
    expect(await put(github, "one")).toMatchObject({ kind: "created", author, retired: 0 });
    expect(await put(github, "two")).toMatchObject({ kind: "updated" });
    expect(await put(github, "two\n")).toMatchObject({ kind: "unchanged" });
    expect(github.repo.comments.map((comment) => comment.body)).toEqual([`${marker}\ntwo`]);
    expect(writes(github)).toEqual(["issues/create-comment", "issues/update-comment"]);
  });

  it("is found on page 3 of 75 comments and more", async () => {
    await using github = await start();
    for (let n = 0; n < 240; n++) github.comment({ issue: 1, author: "octocat", body: `chat ${n}` });
    const ours = github.comment({ issue: 1, author, body: `${marker}\r\nold\r\n` });
    expect(await put(github, "new")).toMatchObject({ kind: "updated", id: ours.id });
    expect(github.requests.map((request) => request.operation)).toEqual([
      "issues/list-comments",
      "issues/list-comments",
      "issues/list-comments",
      "issues/update-comment",
    ]);
  });

  it("is never a stranger's with our marker, nor ours with the marker elsewhere or of another key", async () => {
    await using github = await start();
    github.comment({ issue: 1, author: "mallory", body: `${marker}\nfake` });
    github.comment({ issue: 1, author, body: `quote:\n${marker}` });
    github.comment({ issue: 1, author, body: "<!-- eks-actions/cost-diff v1 key=default2 -->\nother" });
    expect(await put(github, "new")).toMatchObject({ kind: "created" });
    expect(github.repo.comments.map((comment) => comment.body.split("\n")[1])).toEqual([
      "fake",
      marker,
      "other",
      "new",
    ]);
  });

  it("takes the oldest of several and turns the others into a link, once", async () => {
    await using github = await start();
    for (const text of ["a", "b", "c"]) github.comment({ issue: 1, author, body: `${marker}\n${text}` });
    const result = await put(github, "new");
    expect(result).toMatchObject({ kind: "updated", id: github.repo.comments[0]?.id, retired: 2 });
    const link = `Continued in [this comment](https://github.com/acme/shop/pull/1#issuecomment-${github.repo.comments[0]?.id}).`;
    expect(github.repo.comments.map((comment) => comment.body)).toEqual([`${marker}\nnew`, link, link]);
    expect(await put(github, "new")).toMatchObject({ kind: "unchanged", retired: 0 });
  });

  it("gives the text that stands there to its maker, and stays when that is newer", async () => {
    await using github = await start();
    await put(github, "run=2");
    const seen: (string | undefined)[] = [];
    const result = await put(github, "run=1", {
      isCurrent: (previous) => {
        seen.push(previous);
        return true;
      },
    });
    expect(result.kind).toBe("unchanged");
    await put(github, "", { body: (previous) => `${previous}, then run=3` });
    expect(seen).toEqual(["run=2"]);
    expect(github.repo.comments[0]?.body).toBe(`${marker}\nrun=2, then run=3`);
  });

  it("is not begun where only an existing one is wanted", async () => {
    await using github = await start();
    expect(await put(github, "x", { createWhenMissing: false })).toEqual({ kind: "skipped" });
    expect(writes(github)).toEqual([]);
  });

  it("tells who wrote it when that is not the expected author", async () => {
    await using github = await start();
    const token = github.issueToken({ "pull-requests": "write" }, { login: "cost-app[bot]" });
    const result = await portOf(github, token).stickyComment({ issue: 1, marker, author, body: () => "x" });
    expect(result).toMatchObject({ kind: "created", author: "cost-app[bot]" });
  });
});

describe("what GitHub refuses", () => {
  it("of a fork's token is an outcome with the permission to grant, not a failure", async () => {
    await using github = await start({ fork: true });
    const result = await put(github, "x");
    expect(result.kind).toBe("read-only");
    if (result.kind !== "read-only") return;
    expect(result.error.message).toMatch(
      /^GitHub: POST \/repos\/acme\/shop\/issues\/1\/comments answered 403 "Resource not accessible by integration" \(request id \S+, attempt 1\)$/,
    );
    expect(result.error.hint).toContain("permissions:\n    pull-requests: write");
  });

  it("for a token that may not even read is the same outcome", async () => {
    await using github = await start({ permissions: {} });
    expect((await put(github, "x")).kind).toBe("read-only");
  });

  it("as too long is tried once more with the shorter text", async () => {
    await using github = await start();
    const long = "x".repeat(65_536);
    expect(await put(github, long, { shorterBody: () => "short" })).toMatchObject({ kind: "created" });
    expect(github.repo.comments[0]?.body).toBe(`${marker}\nshort`);
    expect((await put(github, long)).kind).toBe("too-long");
    expect((await put(github, long, { shorterBody: () => long })).kind).toBe("too-long");
  });
});

describe("a disturbed GitHub", () => {
  it("that loses the answer to a create gets a look before a repetition: one comment", async () => {
    await using github = await start();
    github.fault({ operation: "issues/create-comment", kind: { type: "lost-answer" } });
    expect(await put(github, "x")).toMatchObject({ kind: "created" });
    expect(github.repo.comments).toHaveLength(1);
    expect(writes(github)).toEqual(["issues/create-comment"]);
  });

  it("that garbles the answer to a create does too", async () => {
    await using github = await start();
    github.fault({ operation: "issues/create-comment", kind: { type: "truncated" } });
    expect(await put(github, "x")).toMatchObject({ kind: "created" });
    expect(github.repo.comments).toHaveLength(1);
  });

  it.each([500, 502, 503, 429])("is asked again after %d", async (status) => {
    await using github = await start();
    github.fault({ operation: "issues/create-comment", kind: { type: "status", status } });
    github.fault({ operation: "issues/list-comments", times: 2, kind: { type: "status", status } });
    expect(await put(github, "x")).toMatchObject({ kind: "created" });
    expect(github.repo.comments).toHaveLength(1);
  });

  it("is asked again after a broken connection and a proxy's page", async () => {
    await using github = await start();
    github.fault({ operation: "issues/list-comments", kind: { type: "reset" } });
    github.fault({ operation: "issues/list-comments", nth: 2, kind: { type: "html", status: 200 } });
    expect(await put(github, "x")).toMatchObject({ kind: "created" });
  });

  it("fails after five attempts with call, status, request id, and no token", async () => {
    await using github = await start();
    github.fault({
      operation: "issues/list-comments",
      times: 5,
      kind: { type: "status", status: 503, message: "no\n::error::x" },
    });
    const error = await put(github, "x").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ActionError", code: "GITHUB_API" });
    expect(String(error)).toMatch(
      /GET \/repos\/acme\/shop\/issues\/.* answered 503 "no ::error::x" \(request id \S+, attempt 5\)/,
    );
    expect(JSON.stringify(error)).not.toContain(github.token);
    expect(github.requests).toHaveLength(5);
  });

  it("without a token is not asked at all", async () => {
    await using github = await start();
    const request = { issue: 1, marker, author, body: () => "x" };
    await expect(portOf(github, " ").stickyComment(request)).rejects.toMatchObject({
      code: "GITHUB_API",
      message: "GitHub: there is no token to ask with",
    });
    expect(github.requests).toEqual([]);
  });

  it("with a bad token is not asked twice", async () => {
    await using github = await start();
    const error = await portOf(github, "ghs_expired")
      .stickyComment({ issue: 1, marker, author, body: () => "x" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GITHUB_API", hint: expect.stringContaining("github.token") });
    expect(github.requests).toHaveLength(1);
  });
});

describe("limits", () => {
  it.each([403, 429] as const)("of the second kind (%d) are waited for, never undercut", async (status) => {
    const clock = virtualClock();
    using _ = clock.autoAdvance();
    await using github = await start({ clock });
    github.fault({
      operation: "issues/create-comment",
      times: 2,
      kind: { type: "secondary-limit", retryAfterSeconds: 7, status },
    });
    const { console, lines: waits } = recordingConsole();
    const log = createLog(console, clock);
    const port = createGitHub({
      token: github.token,
      apiUrl: github.url,
      repository: "acme/shop",
      clock,
      log,
    });
    expect(await port.stickyComment({ issue: 1, marker, author, body: () => "x" })).toMatchObject({ kind: "created" });
    const at = github.requests
      .filter((request) => request.operation === "issues/create-comment")
      .map((request) => request.at);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(7_000);
    expect(waits[0]).toBe(
      `GitHub: POST /repos/acme/shop/issues/1/comments failed (HTTP ${status}, retry-after) · 0 ms · waiting: attempt 2 after 7 s`,
    );
  });

  it("of the hour that end beyond the budget fail at once, and are no lack of permission", async () => {
    await using github = await start();
    github.limits.used = github.limits.limit;
    const error = await put(github, "x").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GITHUB_API", hint: expect.stringContaining("used up") });
    expect(github.requests).toHaveLength(1);
  });
});

it("stops at once when the run is cancelled", async () => {
  await using github = await start();
  const controller = new AbortController();
  controller.abort(new Error("cancelled by test"));
  const request = { issue: 1, marker, author, body: () => "x" };
  await expect(portOf(github).stickyComment(request, controller.signal)).rejects.toThrow("cancelled by test");
  expect(github.requests).toEqual([]);
});
