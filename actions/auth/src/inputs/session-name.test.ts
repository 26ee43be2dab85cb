import { type RunContext, readContext } from "@eks-actions/action";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSessionName, sessionName } from "./session-name.ts";

const env = {
  GITHUB_REPOSITORY: "acme/payments-api",
  GITHUB_RUN_ID: "19233771205",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_JOB: "deploy",
  GITHUB_WORKFLOW: "Release & deploy",
  GITHUB_ACTOR: "octocat[bot]",
  GITHUB_SHA: "0123456789abcdef",
};
const run = (more: Record<string, string> = {}): RunContext => readContext({ ...env, ...more });
const name = (template: string, context: RunContext = run()) => sessionName(parseSessionName(template), context);

describe("sessionName", () => {
  it.each([
    ["{repo}-{run_id}-{attempt}", "payments-api-19233771205-1"],
    ["{owner}.{sha7}", "acme.0123456"],
    ["{job}@{actor}", "deploy@octocat-bot-"],
    ["{workflow}", "Release---deploy"],
    ["fixed-name", "fixed-name"],
  ])("makes of %s: %s", (template, expected) => {
    expect(name(template)).toBe(expected);
  });

  it("keeps run and attempt when the repository is too long, and tells such repositories apart", () => {
    const long = (end: string) =>
      name("{repo}-{run_id}-{attempt}", run({ GITHUB_REPOSITORY: `acme/${"x".repeat(99)}${end}` }));
    expect(long("a")).toMatch(/^x+-[0-9a-f]{6}-19233771205-1$/);
    expect(long("a")).toHaveLength(64);
    expect(long("a")).not.toBe(long("b"));
  });

  it("is always a name that STS takes", () => {
    const field = fc.constantFrom(
      "{repo}",
      "{owner}",
      "{run_id}",
      "{attempt}",
      "{job}",
      "{workflow}",
      "{actor}",
      "{sha7}",
    );
    const literal = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{0,80}$/);
    const template = fc
      .tuple(field, fc.array(fc.oneof(field, literal), { maxLength: 9 }))
      .map(([first, rest]) => [first, ...rest].join(""));
    const value = fc.string({ maxLength: 200 });
    fc.assert(
      fc.property(template, value, value, value, (text, repo, job, actor) => {
        const context = run({ GITHUB_REPOSITORY: `o/${repo}`, GITHUB_JOB: job, GITHUB_ACTOR: actor });
        expect(name(text, context)).toMatch(/^[A-Za-z0-9_+=,.@-]{2,64}$/);
      }),
    );
  });
});
