import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type GitHub, type Job, startGitHub } from "../../fakes/github/index.ts";
import { createMachine, runStep, type StepResult } from "../../runner/index.ts";
import { createScene, MARKER, webGrows, withCluster } from "./scene.ts";

const permissions = { contents: "read", "pull-requests": "write", actions: "read" } as const;

interface Envelope {
  pr: number | null;
  headSha: string;
  run: { id: number };
  report: {
    total: { head: number; base: number };
    clusters: { name: string; total: { head: number } }[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

let computed: Promise<Envelope> | undefined;

/** What the unprivileged run leaves; the same for every case. */
async function compute(): Promise<Envelope> {
  await using scene = await createScene(webGrows);
  const result = await scene.cost({ ...withCluster, mode: "compute" });
  return JSON.parse(readFileSync(result.outputs["report-json"] ?? "", "utf8")) as Envelope;
}

/** A fork's pull request, its report from the unprivileged run, and the workflow_run that renders it. */
async function forkScene(): Promise<{
  github: GitHub;
  report: Envelope;
  render(text: string, inputs?: Record<string, string>): Promise<StepResult>;
}> {
  computed ??= compute();
  const report = structuredClone(await computed);
  const github = await startGitHub({ event: "workflow_run", fork: true, permissions });
  const [pull] = github.repo.pulls;
  report.pr = pull?.number ?? 0;
  report.headSha = pull?.head.sha ?? "";
  return {
    github,
    report,
    render(text, inputs = {}) {
      const machine = createMachine();
      mkdirSync(join(machine.workspace, "reports"));
      writeFileSync(join(machine.workspace, "reports/cost-default.json"), text);
      return runStep({
        action: "actions/cost-diff",
        machine,
        with: { mode: "render", merge: "reports/*.json", ...inputs },
        env: github.env,
        github: github.context,
      });
    },
  };
}

describe("rendering a fork's report with a privileged token", () => {
  it("writes one comment that says where its figures are from, and a later run updates it", async () => {
    const { github, report, render } = await forkScene();
    await using _ = github;
    report.run.id = 999_999_999_999;
    const result = await render(JSON.stringify(report));
    expect(result.outputs, result.log).toMatchObject({ result: "created", diff: "71.68", gate: "off" });
    const [comment] = github.repo.comments;
    expect(comment?.body).toContain("figures from an unprivileged run");
    expect(comment?.body).toContain("## ✏️ Cost → cluster `prod`: +$71.68/month (+39.6%), $181.18 → $252.86");
    expect(comment?.body).not.toContain("999999999999");
  });

  it("judges the gate itself, by its own limits", async () => {
    const { github, report, render } = await forkScene();
    await using _ = github;
    report.report["gate"] = { verdict: "passed", rules: [] };
    const result = await render(JSON.stringify(report), { "max-increase-usd": "10" });
    expect(result.outcome).toBe("failure");
    expect(result.outputs["gate"]).toBe("failed");
    expect(github.repo.comments[0]?.body).toContain("## ❌");
  });

  it.each<[string, string, (report: Envelope) => unknown]>([
    ["REPORT_FOREIGN", "names a pull request of another head", (report) => ({ ...report, headSha: "a".repeat(40) })],
    ["REPORT_FOREIGN", "names no pull request", (report) => ({ ...report, pr: null })],
    [
      "REPORT_INVALID",
      "has sums that are off by a dollar",
      (report) => {
        const changed = structuredClone(report);
        changed.report.total.head += 1;
        return changed;
      },
    ],
    ["REPORT_INVALID", "has an unknown key", (report) => ({ ...report, html: "<b>" })],
    [
      "REPORT_INVALID",
      "has HTML for a cluster's name",
      (report) => {
        const changed = structuredClone(report);
        for (const cluster of changed.report.clusters) cluster.name = "<img src=x>";
        return changed;
      },
    ],
    [
      "REPORT_INVALID",
      "has a total that is no number",
      (report) => {
        const changed = structuredClone(report) as unknown as { report: { total: { base: unknown } } };
        changed.report.total.base = null;
        return changed;
      },
    ],
  ])("refuses with %s a report that %s, and writes nothing", async (code, _what, change) => {
    const { github, report, render } = await forkScene();
    await using _ = github;
    const result = await render(JSON.stringify(change(report)));
    expect(result.outputs["cause"], result.log).toBe(code);
    expect(result.outcome).toBe("failure");
    expect(github.repo.comments).toEqual([]);
  });

  it.each([
    ["is 2 MiB", (text: string) => text + " ".repeat(2 * 1024 * 1024)],
    ["is not JSON", () => "{"],
    [
      "reaches for the prototype",
      (text: string) => text.replace('"report":', '"__proto__":{"polluted":true},"report":'),
    ],
    [
      "is nested a thousand deep",
      (text: string) => text.replace('"tools":{}', `"tools":${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`),
    ],
  ])("refuses a file that %s", async (_what, change) => {
    const { github, report, render } = await forkScene();
    await using _ = github;
    const result = await render(change(JSON.stringify(report)));
    expect(result.outputs["cause"], result.log).toBe("REPORT_INVALID");
    expect(github.repo.comments).toEqual([]);
  });

  it("leaves a pull request with a newer head to the newer run", async () => {
    const { github, report, render } = await forkScene();
    await using _ = github;
    const [pull] = github.repo.pulls;
    if (pull !== undefined) Object.assign(pull.head, { sha: "b".repeat(40) });
    const result = await render(JSON.stringify(report));
    expect(result.outputs, result.log).toMatchObject({ result: "skipped", cause: "REPORT_STALE" });
    expect(result.outcome).toBe("success");
    expect(github.repo.comments).toEqual([]);
  });
});

describe("rendering in the same run", () => {
  it("joins the reports of a matrix, one comment for all clusters", async () => {
    await using scene = await createScene({
      base: {
        ...webGrows.base,
        "infra/edge.yaml": webGrows.base["infra/prod.yaml"]?.replace("name: prod", "name: edge"),
      },
      head: webGrows.head,
    });
    const job: Job = scene.github.job({ event: { name: "pull_request", number: 1 }, permissions });
    mkdirSync(join(scene.machine.workspace, "reports"));
    for (const name of ["prod", "edge"]) {
      const result = await scene.cost({ "cluster-config": `infra/${name}.yaml`, mode: "compute", "comment-key": name });
      const text = readFileSync(result.outputs["report-json"] ?? "", "utf8");
      const sha = (job.context["event"] as { pull_request: { head: { sha: string } } }).pull_request.head.sha;
      writeFileSync(
        join(scene.machine.workspace, `reports/${name}.json`),
        text.replace(/"headSha":"[0-9a-f]+"/, `"headSha":"${sha}"`),
      );
    }
    const result = await runStep({
      action: "actions/cost-diff",
      machine: scene.machine,
      with: { mode: "render", merge: "reports/*.json" },
      env: job.env,
      github: job.context,
    });
    expect(result.outputs, result.log).toMatchObject({ result: "created", diff: "143.36" });
    const body = scene.github.repo.comments[0]?.body ?? "";
    expect(body.startsWith(MARKER)).toBe(true);
    expect(body).toContain("Cost → 2 clusters: +$143.36/month");
    expect(body).toContain("| `edge` | $181.18 | $252.86 | +$71.68 | 1 → 2 |");
  });
});
