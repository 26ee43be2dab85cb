import { describe, expect, it, vi } from "vitest";
import { virtualClock } from "../clock.ts";
import { ask, everything, shop } from "./ask.ts";
import { startGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

describe("code", () => {
  it("is read at a ref, listed as a tree and compared from the merge base", async () => {
    await using github = await startGitHub({
      permissions: everything,
      prepare: (repo) => {
        repo.commit({ branch: "feature", message: "a", files: { "k8s/web.yaml": "replicas: 2\n" } });
        repo.commit({ branch: "main", message: "b", files: { "main.txt": "later\n" } });
      },
    });
    const file = await ask(github, "GET", `${shop}/contents/k8s/web.yaml?ref=feature`);
    const { content } = file.body as { content: string };
    expect(Buffer.from(content, "base64").toString()).toBe("replicas: 2\n");
    expect((await ask(github, "GET", `${shop}/contents/k8s/web.yaml`)).status).toBe(404);
    const compared = await ask(github, "GET", `${shop}/compare/main...feature`);
    expect(compared.body).toMatchObject({
      status: "diverged",
      ahead_by: 1,
      behind_by: 1,
      files: [{ filename: "k8s/web.yaml", status: "added" }],
    });
  });
});

describe("deployments", () => {
  it("need required_contexts: [] when a commit status is not green, and in the run that makes them", async () => {
    await using github = await startGitHub({ permissions: everything });
    const sha = github.repo.refs.get("refs/heads/main");
    const status = (state: string) => ask(github, "POST", `${shop}/statuses/${sha}`, { state, context: "ci/lint" });
    const deploy = async (contexts?: readonly string[]) => {
      const required = contexts === undefined ? {} : { required_contexts: contexts };
      return (await ask(github, "POST", `${shop}/deployments`, { ref: "main", auto_merge: false, ...required })).status;
    };
    await status("pending");
    expect([await deploy(), await deploy(["ci/lint"]), await deploy([])]).toEqual([409, 409, 201]);
    await status("success");
    expect([await deploy(), await deploy(["ci/lint"])]).toEqual([409, 201]);
  });

  it("merge main first and answer 202 unless auto_merge is false", async () => {
    await using github = await startGitHub({
      permissions: everything,
      prepare: (repo) => void repo.commit({ branch: "old", message: "x", files: { a: "b" } }),
    });
    expect((await ask(github, "POST", `${shop}/deployments`, { ref: "old" })).status).toBe(202);
    expect(github.repo.deployments).toEqual([]);
  });

  it.each([
    ["make the earlier successful one inactive", { environment: "staging" }, ["success", "success", "inactive"]],
    ["leave the earlier one of production as it is", {}, ["success", "success"]],
    ["leave a transient one as it is", { environment: "pr-1", transient_environment: true }, ["success", "success"]],
  ])("%s", async (_, more, states) => {
    await using github = await startGitHub({ permissions: everything });
    for (let n = 0; n < 2; n++) {
      const body = { ref: "main", auto_merge: false, required_contexts: [], ...more };
      const { id } = (await ask(github, "POST", `${shop}/deployments`, body)).body as { id: number };
      await ask(github, "POST", `${shop}/deployments/${id}/statuses`, { state: "success" });
    }
    expect(github.repo.deploymentStatuses.map((status) => status.state)).toEqual(states);
  });

  it("take addresses of http and https alone", async () => {
    await using github = await startGitHub({ permissions: everything, environment: "prod" });
    const [deployment] = github.repo.deployments;
    const refused = async (path: string, body: Readonly<Record<string, string>>) => {
      const reply = await ask(github, "POST", `${shop}/${path}`, { state: "success", ...body });
      return `${reply.status} ${/\w+ must use http\(s\) scheme/.exec(JSON.stringify(reply.body))?.[0]}`;
    };
    const status = `deployments/${deployment?.id}/statuses`;
    expect(await refused(status, { environment_url: "javascript:alert(1)" })).toBe(
      "422 environment_url must use http(s) scheme",
    );
    expect(await refused(status, { log_url: "ftp://x/y" })).toBe("422 log_url must use http(s) scheme");
    expect(await refused(`statuses/${deployment?.sha}`, { target_url: "data:x" })).toBe(
      "422 target_url must use http(s) scheme",
    );
    expect(await refused(status, { environment_url: "https://shop.example" })).toContain("201");
  });

  it("exist already for a job with an environment", async () => {
    await using github = await startGitHub({ permissions: everything, environment: "prod" });
    expect(github.repo.deployments).toMatchObject([{ environment: "prod", ref: "main" }]);
    expect(github.repo.deploymentStatuses[0]?.logUrl).toContain(`/actions/runs/${github.env["GITHUB_RUN_ID"]}/job/`);
  });
});

describe("artifacts", () => {
  it("are downloaded as a zip behind a redirect", async () => {
    await using github = await startGitHub({ permissions: everything, event: "workflow_run" });
    const run = github.repo.runs[0]?.id ?? 0;
    const artifact = github.artifact({ name: "cost", run, files: { "report.json": '{"pr":1}' } });
    const reply = await ask(github, "GET", `${shop}/actions/artifacts/${artifact.id}/zip`);
    const bytes = Buffer.from(await (await fetch(reply.headers.get("location") ?? "")).arrayBuffer());
    expect(bytes.subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
    expect(bytes.toString("latin1")).toContain('report.json{"pr":1}');
    expect(bytes.readUInt32LE(bytes.length - 6)).toBe(bytes.indexOf("PK\x01\x02", 0, "latin1"));
  });
});

it("gives equal ids and SHAs for equal seeds, and others for another seed", async () => {
  const ids = async (seed: number) => {
    await using github = await startGitHub({
      seed,
      permissions: everything,
      event: "pull_request",
      clock: virtualClock(),
    });
    const comment = await ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" });
    return JSON.stringify([github.context["sha"], (comment.body as { id: number }).id]);
  };
  expect(await ids(7)).toBe(await ids(7));
  expect(await ids(7)).not.toBe(await ids(8));
});
