import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BOT, createScene, deployment, MARKER, reportOf, webGrows, withCluster } from "./scene.ts";

const golden = join(import.meta.dirname, "golden/web-grows.md");
/** What differs from run to run: commits, run ids, the address of the run. */
const steady = (body: string) =>
  body
    .replaceAll(/run=\d+\.\d+/g, "run=1.1")
    .replaceAll(/head=[0-9a-f]+/g, "head=4f1c2ab9")
    .replaceAll(/`[0-9a-f]{7}`/g, "`4f1c2ab`")
    .replaceAll(/<a href="[^"]*">run<\/a>/g, '<a href="…">run</a>');

describe("a pull request that doubles a Deployment", () => {
  it("gets one comment with the figures of the bill", async () => {
    await using scene = await createScene(webGrows);
    const result = await scene.cost(withCluster);
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs).toMatchObject({
      result: "created",
      base: "181.18",
      head: "252.86",
      diff: "71.68",
      "diff-percent": "39.6",
      "nodes-base": "1",
      "nodes-head": "2",
      gate: "off",
      cause: "",
    });
    const [comment, ...others] = scene.github.repo.comments;
    expect(others).toEqual([]);
    expect(comment?.author).toBe(BOT);
    expect(`${steady(comment?.body ?? "").trimEnd()}\n`).toBe(readFileSync(golden, "utf8"));
    expect(result.outputs["comment-url"]).toContain(String(comment?.id));
    expect(result.annotations).toEqual([]);
  });

  it("keeps it up to date in place, and says since when", async () => {
    await using scene = await createScene(webGrows);
    await scene.cost(withCluster);
    scene.push({ "deploy/web.yaml": deployment(6) });
    const second = await scene.cost(withCluster);
    expect(second.outputs["result"], second.log).toBe("updated");
    expect(scene.github.repo.comments).toHaveLength(1);
    expect(scene.github.repo.comments[0]?.body).toMatch(/^Since `[0-9a-f]{7}`: \+\$71\.68 → /m);
  });

  it("writes nothing when the next commit costs the same", async () => {
    await using scene = await createScene(webGrows);
    await scene.cost(withCluster);
    const before = scene.github.repo.comments[0]?.body;
    scene.push({ "README.md": "text only" });
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("unchanged");
    expect(scene.github.repo.comments[0]?.body).toBe(before);
  });

  it("leaves a stranger's comment with our marker alone", async () => {
    await using scene = await createScene(webGrows);
    const forged = `${MARKER}\nfree of charge`;
    scene.github.comment({ issue: 1, author: "stranger", body: forged });
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("created");
    expect(scene.github.repo.comments.map(({ author }) => author)).toEqual(["stranger", BOT]);
    expect(scene.github.repo.comments[0]?.body).toBe(forged);
  });

  it("finds its comment behind two hundred others", async () => {
    await using scene = await createScene(webGrows);
    for (let i = 0; i < 205; i++) scene.github.comment({ issue: 1, author: "octocat", body: `chat ${i}` });
    scene.github.comment({ issue: 1, author: BOT, body: `${MARKER}\nold` });
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("updated");
    expect(scene.github.repo.comments).toHaveLength(206);
  });

  it("turns a second comment of ours into a link, and then has nothing to do", async () => {
    await using scene = await createScene(webGrows);
    for (const body of ["first", "second"]) scene.github.comment({ issue: 1, author: BOT, body: `${MARKER}\n${body}` });
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("updated");
    expect(scene.github.repo.comments[1]?.body).toMatch(/^Continued in \[this comment\]\(/);
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("unchanged");
  });

  it("does not overwrite what a newer run wrote", async () => {
    await using scene = await createScene(webGrows);
    const newer = `${MARKER}\n<!-- eks-actions/cost-diff meta run=99999999999999.1 head=abcdef1 diff=1.00 -->\nnewer`;
    scene.github.comment({ issue: 1, author: BOT, body: newer });
    expect((await scene.cost(withCluster)).outputs["result"]).toBe("unchanged");
    expect(scene.github.repo.comments[0]?.body).toBe(newer);
  });

  it("ends with one comment when the answer to its creation is lost", { timeout: 30_000 }, async () => {
    await using scene = await createScene(webGrows);
    scene.github.fault({ operation: "issues/create-comment", kind: { type: "lost-answer" } });
    const result = await scene.cost(withCluster);
    expect(result.outcome, result.log).toBe("success");
    expect(scene.github.repo.comments).toHaveLength(1);
  });

  it("says nothing the first time when nothing changes and only changes are wanted", async () => {
    await using scene = await createScene({ ...webGrows, head: { "notes.md": "text" } });
    const quiet = await scene.cost({ ...withCluster, "comment-when": "diff" });
    expect(quiet.outputs).toMatchObject({ result: "skipped", diff: "0.00" });
    expect(scene.github.repo.comments).toEqual([]);
    await scene.cost(withCluster);
    expect(scene.github.repo.comments[0]?.body).toContain("## 💤 Cost → cluster `prod`: no change, $181.18/month");
  });
});

describe("a pull request from a fork", () => {
  it("gets the summary and one notice, since its token may not write", async () => {
    await using scene = await createScene({ ...webGrows, github: { fork: true, prepare: undefined } });
    const result = await scene.cost(withCluster);
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs["result"]).toBe("summary-only");
    expect(result.summary).toContain("+$71.68/month (+39.6%)");
    expect(result.annotations.filter(({ level }) => level === "notice")).toMatchObject([
      { message: "Cost: +$71.68/month" },
    ]);
    expect(scene.github.repo.comments).toEqual([]);
  });
});

describe("mode compute", () => {
  it("leaves a report that is the same bytes on a second run but for run and time", async () => {
    await using scene = await createScene(webGrows);
    const [first, second] = [
      await scene.cost({ ...withCluster, mode: "compute" }),
      await scene.cost({ ...withCluster, mode: "compute" }),
    ];
    expect(first.outputs["result"]).toBe("computed");
    const { report, ...envelope } = reportOf(first);
    expect(JSON.stringify(reportOf(second).report)).toBe(JSON.stringify(report));
    expect(envelope).toMatchObject({ schemaVersion: 1, kind: "eks-actions/cost-diff", pr: 1 });
    expect(scene.github.repo.comments).toEqual([]);
  });

  it("leaves git as it was", async () => {
    await using scene = await createScene(webGrows);
    const state = () => [
      scene.git("status", "--porcelain"),
      scene.git("worktree", "list"),
      scene.git("rev-parse", "HEAD"),
    ];
    const before = state();
    await scene.cost({ ...withCluster, mode: "compute" });
    expect(state()).toEqual(before);
  });
});
