import { describe, expect, it, vi } from "vitest";
import { ask, everything, shop } from "./ask.ts";
import { StandInViolations, startGitHub } from "./index.ts";

// The first request of a file compiles its schemas and makes keys; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

describe("faults", () => {
  it("hit the n-th request of their operation, each as often as asked", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    github.fault({ operation: "pulls/get", nth: 2, times: 2, kind: { type: "status", status: 502 } });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask(github, "GET", `${shop}/pulls/1`)).status);
    expect(statuses).toEqual([200, 502, 502, 200]);
  });

  it("can break the connection before or after the work, and garble the answer", async () => {
    await using github = await startGitHub({ permissions: everything, event: "pull_request" });
    const post = () => ask(github, "POST", `${shop}/issues/1/comments`, { body: "x" });
    github.fault({ kind: { type: "reset" } });
    await expect(post()).rejects.toThrow("fetch failed");
    expect(github.repo.comments).toHaveLength(0);
    github.fault({ kind: { type: "lost-answer" } });
    await expect(post()).rejects.toThrow("fetch failed");
    expect(github.repo.comments).toHaveLength(1);
    github.fault({ kind: { type: "html" } });
    expect((await post()).body).toContain("<html>");
    github.fault({ kind: { type: "truncated" } });
    await expect(post()).rejects.toThrow(SyntaxError);
    github.fault({ kind: { type: "redirect", location: "https://elsewhere.example/" } });
    expect((await post()).headers.get("location")).toBe("https://elsewhere.example/");
  });

  it("that no request met fail the test", async () => {
    const github = await startGitHub();
    github.fault({ operation: "issues/create", kind: { type: "reset" } });
    const error = await github[Symbol.asyncDispose]().then(undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StandInViolations);
    expect(String(error)).toContain("STANDIN_FAULT_UNUSED: reset for issues/create (1 left)");
  });
});
