import { type GitHub, type GitHubOptions, startGitHub } from "@eks-actions/test/fakes/github/index.ts";
import { describe, expect, it, vi } from "vitest";
import { createGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

const all = { deployments: "write", issues: "write", contents: "read", "pull-requests": "read" } as const;

function start(options: GitHubOptions = {}) {
  return startGitHub({ permissions: all, ...options });
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

function portOf(github: GitHub) {
  const clock = skippingClock();
  return createGitHub({ token: github.token, apiUrl: `${github.url}/`, repository: "acme/shop", clock });
}

function runOf(github: GitHub) {
  const runId = github.env["GITHUB_RUN_ID"] ?? "";
  return {
    environment: "prod",
    sha: String(github.context["sha"]),
    ref: "main",
    runId,
    runUrl: `https://github.com/acme/shop/actions/runs/${runId}/attempts/1`,
  };
}

describe("a deployment", () => {
  it("is the one that the job's environment has made", async () => {
    await using github = await start({ environment: "prod" });
    const opened = await portOf(github).openDeployment(runOf(github));
    expect(opened).toEqual({ id: github.repo.deployments[0]?.id, isReused: true });
    expect(github.repo.deployments).toHaveLength(1);
  });

  it("is not one of another run of the same commit, nor of a run whose id begins alike", async () => {
    await using github = await start({ environment: "prod" });
    const run = runOf(github);
    const opened = await portOf(github).openDeployment({
      ...run,
      runId: run.runId.slice(0, -1),
      runUrl: "https://x/other",
    });
    expect(opened.isReused).toBe(false);
    expect(github.repo.deployments).toHaveLength(2);
  });

  it("is otherwise made without merging and without waiting for checks, and found again by the same run", async () => {
    await using github = await start();
    const port = portOf(github);
    const opened = await port.openDeployment({ ...runOf(github), description: "x".repeat(200), isProduction: true });
    expect(github.requests.at(-1)?.body).toMatchObject({ auto_merge: false, required_contexts: [] });
    expect(github.repo.deployments[0]?.description).toHaveLength(140);
    expect(await port.openDeployment(runOf(github))).toEqual({ id: opened.id, isReused: true });
  });

  it("is made once though the answer is lost", async () => {
    await using github = await start();
    github.fault({ operation: "repos/create-deployment", kind: { type: "lost-answer" } });
    const opened = await portOf(github).openDeployment(runOf(github));
    expect(github.repo.deployments.map((deployment) => deployment.id)).toEqual([opened.id]);
  });

  it("gets its statuses, descriptions cut at GitHub's limit", async () => {
    await using github = await start({ environment: "prod" });
    const port = portOf(github);
    const { id } = await port.openDeployment(runOf(github));
    const logUrl = "https://github.com/acme/shop/actions/runs/1";
    await port.setDeploymentStatus(id, { state: "failure", description: "🚀".repeat(150), logUrl });
    await port.setDeploymentStatus(id, {
      state: "success",
      description: "ok",
      logUrl,
      environmentUrl: "https://shop.example",
    });
    const [, failure, success] = github.repo.deploymentStatuses;
    expect([...(failure?.description ?? "")]).toHaveLength(140);
    expect(success).toMatchObject({ state: "success", logUrl, environmentUrl: "https://shop.example" });
  });

  it("without permission is an error that names it", async () => {
    await using github = await start({ permissions: { contents: "read", deployments: "read" } });
    await expect(portOf(github).openDeployment(runOf(github))).rejects.toMatchObject({
      code: "GITHUB_API",
      hint: expect.stringContaining("deployments: write"),
    });
  });
});

describe("an issue", () => {
  const marker = "<!-- eks-actions/bootstrap drift cluster=prod -->";
  const target = { marker, author: "github-actions[bot]" };

  it("is opened, updated, left, closed; later a new one is opened", async () => {
    await using github = await start();
    const port = portOf(github);
    const request = { ...target, title: "Drift in prod", body: "1 change", labels: ["drift"] };
    expect(await port.upsertIssue(request)).toMatchObject({ kind: "created", number: 1 });
    expect(await port.upsertIssue(request)).toMatchObject({ kind: "unchanged", number: 1 });
    expect(await port.upsertIssue({ ...request, body: "2 changes" })).toMatchObject({ kind: "updated", number: 1 });
    expect(await port.closeIssue(target)).toMatchObject({ kind: "closed", number: 1 });
    expect(await port.closeIssue(target)).toEqual({ kind: "absent" });
    expect(await port.upsertIssue(request)).toMatchObject({ kind: "created", number: 2 });
    expect(github.repo.issues[0]).toMatchObject({ state: "closed", stateReason: "completed", labels: ["drift"] });
  });

  it("is never a stranger's with our marker, nor a pull request", async () => {
    await using github = await start({ event: "pull_request" });
    github.issue({ title: "x", author: "mallory", body: `${marker}\nfake` });
    const pull = github.repo.pulls[0];
    if (pull !== undefined) pull.body = `${marker}\n`;
    expect(await portOf(github).closeIssue(target)).toEqual({ kind: "absent" });
  });

  it("is opened once though the answer is lost", async () => {
    await using github = await start();
    github.fault({ operation: "issues/create", kind: { type: "lost-answer" } });
    expect(await portOf(github).upsertIssue({ ...target, title: "t", body: "b" })).toMatchObject({ kind: "created" });
    expect(github.repo.issues).toHaveLength(1);
  });

  it("without permission is an outcome", async () => {
    await using github = await start({ permissions: { issues: "read" } });
    expect((await portOf(github).upsertIssue({ ...target, title: "t", body: "b" })).kind).toBe("read-only");
  });
});

describe("code", () => {
  function withBranches(options: GitHubOptions = {}) {
    return start({
      ...options,
      prepare: (repo) => {
        repo.commit({
          branch: "feature",
          message: "a",
          files: { "k8s/web.yaml": "image: wéb:2\n", "README.md": null },
        });
        repo.commit({ branch: "main", message: "b", files: { later: "x" } });
        repo.pull({ branch: "feature", fork: "stranger/shop", author: "stranger" });
      },
    });
  }

  it("of a pull request says where both sides lie", async () => {
    await using github = await withBranches();
    const port = portOf(github);
    expect(await port.pullRequest(1)).toMatchObject({
      number: 1,
      state: "open",
      author: "stranger",
      isFork: true,
      base: { ref: "main", repository: { fullName: "acme/shop" } },
      head: { ref: "feature", repository: { fullName: "stranger/shop" } },
    });
    expect(await port.pullRequestFiles(1)).toEqual([
      { path: "README.md", status: "removed", previousPath: undefined },
      { path: "k8s/web.yaml", status: "added", previousPath: undefined },
    ]);
  });

  it("parts at the merge base", async () => {
    await using github = await withBranches();
    const first = [...github.repo.commits.values()].find((commit) => commit.parents.length === 0);
    expect(await portOf(github).mergeBase("main", "feature")).toBe(first?.sha);
  });

  it("is read at another ref; an absent file is undefined, an absent permission an error", async () => {
    await using github = await withBranches();
    const port = portOf(github);
    expect(await port.fileAt("k8s/web.yaml", "feature")).toBe("image: wéb:2\n");
    expect(await port.fileAt("k8s/web.yaml", "main")).toBeUndefined();
  });

  it("of an unknown pull request is an error with the call", async () => {
    await using github = await withBranches();
    await expect(portOf(github).pullRequest(99)).rejects.toThrow(
      'GET /repos/acme/shop/pulls/99 answered 404 "Not Found"',
    );
  });
});
