import { describe, expect, it, vi } from "vitest";
import { ask, everything, shop } from "./ask.ts";
import { startGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

describe("every operation", () => {
  it("is answered once, and both directions keep GitHub's description", async () => {
    await using github = await startGitHub({
      permissions: everything,
      event: "pull_request",
      prepare: (repo) => {
        repo.commit({
          branch: "feature",
          message: "More",
          files: { "k8s/web.yaml": "kind: Deployment\n", "README.md": null },
        });
        repo.pull({ branch: "feature" });
        repo.issue({ title: "Drift", labels: ["drift"] });
        repo.comment({ issue: 1, author: "octocat", body: "hello" });
      },
    });
    const head = github.repo.pulls[0]?.head.sha ?? "";
    const run = github.repo.runs[0]?.id ?? 0;
    github.artifact({ name: "cost", run, files: { "report.json": "{}" } });
    const get = async (path: string) => (await ask(github, "GET", shop + path)).status;
    const made = async (method: string, path: string, body: unknown) => {
      const reply = await ask(github, method, shop + path, body);
      return reply.body as { id: number; number: number };
    };
    const comment = await made("POST", "/issues/1/comments", { body: "x" });
    const issue = await made("POST", "/issues", { title: "t", body: "b", labels: ["a"] });
    const deployment = await made("POST", "/deployments", { ref: "main", auto_merge: false, required_contexts: [] });
    const check = await made("POST", "/check-runs", {
      name: "cost",
      head_sha: head,
      output: { title: "t", summary: "s" },
    });
    const releaseAndPull = async () => {
      const status = async (method: string, path: string, body?: unknown) =>
        (await ask(github, method, shop + path, body)).status;
      github.commit({ branch: "other", message: "Other", files: { "other.txt": "x" } });
      const release = await made("POST", "/releases", { tag_name: "v2.0.0", draft: true });
      const asset = await made("POST", `/releases/${release.id}/assets?name=a`, Buffer.from("x"));
      return [
        await status("POST", "/pulls", { title: "Other", head: "other", base: "main" }),
        await status("GET", "/pulls?state=open&head=acme:other"),
        await status("PATCH", "/pulls/1", { title: "Renamed" }),
        await status("POST", "/releases", { tag_name: "v3.0.0", draft: true }),
        await status("POST", `/releases/${release.id}/assets?name=b`, Buffer.from([0, 255])),
        await status("DELETE", `/releases/assets/${asset.id}`),
        await status("PATCH", `/releases/${release.id}`, { draft: false }),
        await status("GET", "/releases"),
        await status("GET", "/releases/tags/v2.0.0"),
      ];
    };
    expect([
      await get("/issues/1/comments"),
      await get(`/issues/comments/${comment.id}`),
      (await ask(github, "PATCH", `${shop}/issues/comments/${comment.id}`, { body: "y" })).status,
      (await ask(github, "DELETE", `${shop}/issues/comments/${comment.id}`)).status,
      await get("/issues?labels=drift&state=open"),
      await get(`/issues/${issue.number}`),
      (await ask(github, "PATCH", `${shop}/issues/${issue.number}`, { state: "closed" })).status,
      await get("/pulls/1"),
      await get("/pulls/1/files?per_page=100"),
      await get("/contents/k8s/web.yaml?ref=feature"),
      await get("/contents/k8s?ref=feature"),
      await get(`/git/trees/${head}?recursive=1`),
      await get("/compare/main...feature"),
      await get("/deployments?environment=production"),
      (
        await ask(github, "POST", `${shop}/deployments/${deployment.id}/statuses`, {
          state: "success",
          description: "d",
        })
      ).status,
      await get(`/deployments/${deployment.id}/statuses`),
      (await ask(github, "POST", `${shop}/statuses/${head}`, { state: "success", context: "rollout" })).status,
      (await ask(github, "PATCH", `${shop}/check-runs/${check.id}`, { conclusion: "success" })).status,
      await get(`/actions/runs/${run}`),
      await get(`/actions/runs/${run}/artifacts`),
      await get(`/actions/artifacts/${github.repo.artifacts[0]?.id}/zip`),
      await get("/actions/oidc/customization/sub"),
    ]).toEqual([
      200, 200, 200, 204, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 200, 201, 200, 200, 200, 302, 200,
    ]);
    expect(await releaseAndPull()).toEqual([201, 200, 200, 201, 201, 204, 200, 200, 200]);
    expect(github.violations).toEqual([]);
    const seen = new Set(github.requests.map((request) => request.operation));
    expect(github.operations.filter((operation) => !seen.has(operation))).toEqual([]);
  });

  it("beyond the known ones is 501 and fails the test at dispose", async () => {
    const github = await startGitHub({ permissions: everything });
    expect((await ask(github, "GET", `${shop}/branches`)).status).toBe(501);
    await expect(github[Symbol.asyncDispose]()).rejects.toThrow(
      "STANDIN_UNKNOWN_OPERATION: GET /repos/acme/shop/branches is not answered by the GitHub stand-in",
    );
  });

  it("is refused with 422 and a violation when the request breaks the description", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    expect((await ask(github, "POST", `${shop}/issues/1/comments`, { text: "x" })).status).toBe(422);
    expect((await ask(github, "GET", `${shop}/issues?perpage=9`)).status).toBe(422);
    expect((await ask(github, "POST", `${shop}/deployments/1/statuses`, { state: "great" })).status).toBe(422);
    const messages = github.takeViolations().map((violation) => violation.message);
    expect(messages[0]).toContain("issues/create-comment request: body must have required property 'body'");
    expect(messages[1]).toContain("query parameter perpage is unknown");
    expect(messages[2]).toContain("body/state must be equal to one of the allowed values");
  });

  it("answers with a violation when a test has put nonsense into the state", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    github.repo.comments.push({ id: 0.5, issue: 1, author: "a", body: "b", createdAt: 0, updatedAt: 0 });
    await ask(github, "GET", `${shop}/issues/1/comments`);
    expect(github.takeViolations()[0]?.message).toContain(
      "issues/list-comments response 200: body/0/id must be integer",
    );
  });
});

describe("pages", () => {
  it("are 30 long, at most 100, with links to their neighbours", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    for (let n = 1; n <= 75; n++) github.comment({ issue: 1, author: "octocat", body: `c${n}` });
    const first = await ask(github, "GET", `${shop}/issues/1/comments`);
    expect(first.body).toHaveLength(30);
    expect(first.headers.get("link")).toBe(
      `<${github.url}${shop}/issues/1/comments?page=2>; rel="next", <${github.url}${shop}/issues/1/comments?page=3>; rel="last"`,
    );
    const third = await ask(github, "GET", `${shop}/issues/1/comments?page=3`);
    expect(third.body).toHaveLength(15);
    expect(third.headers.get("link")).toContain('rel="prev"');
    expect(third.headers.get("link")).not.toContain('rel="next"');
    expect((await ask(github, "GET", `${shop}/issues/1/comments?per_page=500`)).body).toHaveLength(75);
  });
});

describe("comments", () => {
  it("may have 65,536 characters and not one more", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const post = async (body: string) => ask(github, "POST", `${shop}/issues/1/comments`, { body });
    expect((await post("é".repeat(65_536))).status).toBe(201);
    const refused = await post("x".repeat(65_537));
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain("body is too long (maximum is 65536 characters)");
    expect((await post("  ")).status).toBe(422);
  });

  it("stand below titles of 256 characters at most", async () => {
    await using github = await startGitHub({ permissions: everything });
    const open = async (title: string) => (await ask(github, "POST", `${shop}/issues`, { title })).status;
    expect([await open("x".repeat(256)), await open("x".repeat(257))]).toEqual([201, 422]);
    const long = { title: "x".repeat(257) };
    expect((await ask(github, "PATCH", `${shop}/issues/1`, long)).status).toBe(422);
  });

  it("of a check run carry annotations of 64 KB at most", async () => {
    await using github = await startGitHub({ permissions: everything });
    const annotate = async (length: number) => {
      const annotation = {
        path: "a",
        start_line: 1,
        end_line: 1,
        annotation_level: "notice",
        message: "x".repeat(length),
      };
      const output = { title: "t", summary: "s", annotations: [annotation] };
      const head_sha = github.repo.refs.get("refs/heads/main");
      return (await ask(github, "POST", `${shop}/check-runs`, { name: "cost", head_sha, output })).status;
    };
    expect([await annotate(64 * 1024), await annotate(64 * 1024 + 1)]).toEqual([201, 422]);
  });

  it("have the author of the token", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const token = github.issueToken(everything, { login: "cost-bot[bot]" });
    const reply = await ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" }, token);
    expect(reply.body).toMatchObject({ user: { login: "cost-bot[bot]", type: "Bot" } });
  });
});
