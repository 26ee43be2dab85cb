import { describe, expect, it } from "vitest";
import { forkOf } from "./fork.ts";

const repo = (name: string) => ({ full_name: name });

describe("forkOf", () => {
  it.each([
    ["a branch", { pull_request: { head: { repo: repo("o/r") }, base: { repo: repo("o/r") } } }, undefined],
    [
      "a fork",
      { pull_request: { head: { repo: repo("x/r") }, base: { repo: repo("o/r") } } },
      { head: "x/r", base: "o/r" },
    ],
    [
      "a deleted fork",
      { pull_request: { head: { repo: null }, base: { repo: repo("o/r") } } },
      { head: "a deleted fork", base: "o/r" },
    ],
    [
      "a run of a fork",
      { workflow_run: { head_repository: repo("x/r"), repository: repo("o/r") } },
      { head: "x/r", base: "o/r" },
    ],
    ["a run of our own", { workflow_run: { head_repository: repo("o/r") }, repository: repo("o/r") }, undefined],
    ["a push", { ref: "refs/heads/main" }, undefined],
    ["no payload", undefined, undefined],
    ["nonsense", { pull_request: 7 }, undefined],
  ])("reads %s", (_, event, expected) => {
    expect(forkOf(event)).toEqual(expected);
  });
});
