import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ActionError, readContext } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import type { RolloutStory } from "../report.ts";
import { NOW } from "../samples.ts";
import { reportWithFile } from "./files.ts";

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "rollout-report-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const story = (tempDir: string, error: ActionError): RolloutStory => ({
  run: readContext({ RUNNER_TEMP: tempDir, GITHUB_SHA: "abc" }),
  startedAt: NOW,
  endedAt: NOW + 2_000,
  error,
  cancelled: false,
});

describe("the report for machines", () => {
  it("tells of a run that ended before it had a plan", () => {
    using temp = temporaryFolder();
    const also = [new ActionError("REJECTED", { message: "b", file: "k8s/b.yaml", line: 2 })];
    const error = new ActionError("REJECTED", { message: "a", hint: "mend it", file: "k8s/a.yaml", line: 1, also });
    const { outputs } = reportWithFile(story(temp.path, error));
    const value: unknown = JSON.parse(readFileSync(outputs?.["report-json"] ?? "", "utf8"));
    expect(value).toMatchObject({
      schemaVersion: 1,
      result: "failed",
      cause: "REJECTED",
      errors: [
        { code: "REJECTED", message: "a", hint: "mend it", file: "k8s/a.yaml", line: 1 },
        { code: "REJECTED", message: "b", hint: null, file: "k8s/b.yaml", line: 2 },
      ],
      durationMs: 2_000,
      requests: null,
      verdicts: [],
    });
  });

  it("has the cause of a step that failed after the rollout went well", () => {
    using temp = temporaryFolder();
    const error = new ActionError("WRITE_FAILED", { message: "GITHUB_OUTPUT: disk full" });
    const { outputs } = reportWithFile(story(temp.path, error));
    const value: unknown = JSON.parse(readFileSync(outputs?.["report-json"] ?? "", "utf8"));
    expect(value).toMatchObject({ cause: "WRITE_FAILED", message: "GITHUB_OUTPUT: disk full" });
  });

  it("that cannot be written costs a warning, and nothing else of the report", () => {
    const error = new ActionError("REJECTED", { message: "a" });
    const told = reportWithFile(story("/nowhere/at/all", error));
    expect(told.outputs).toMatchObject({ result: "failed", cause: "REJECTED", "report-json": "" });
    expect(told.annotations).toMatchObject([
      { level: "error", title: "REJECTED" },
      { level: "warning", title: "WRITE_FAILED", message: expect.stringContaining("ENOENT") },
    ]);
    expect(told.summary).toContain("REJECTED");
  });
});
