import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog, maskParts, stripControl } from "./log.ts";

describe("log.info", () => {
  it("never prints a line that the runner reads as a command, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("::error::", "##[", "\n", "\r", " ", "x", "\u001b[31m", "\u2028")),
        (parts) => {
          const { console, lines } = recordingConsole();
          createLog(console).info(parts.join(""));
          for (const line of lines) {
            expect(line.trimStart().startsWith("::")).toBe(false);
            expect(line).not.toContain("##[");
            expect(line).not.toMatch(/[\r\n\u001b]/);
          }
        },
      ),
    );
  });

  it("keeps ordinary text as it is", () => {
    const { console, lines } = recordingConsole();
    createLog(console).info("Deployment web  3/5 ready");
    expect(lines).toEqual(["Deployment web  3/5 ready"]);
  });
});

describe("log.untrusted", () => {
  it("prints foreign lines between stop-commands and its token, which the lines cannot know", () => {
    const { console, lines } = recordingConsole();
    createLog(console).untrusted(["::add-mask::x", "plain"]);
    const token = /^::stop-commands::(.+)$/.exec(lines[0] ?? "")?.[1];
    expect(token).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines.slice(1)).toEqual(["::add-mask::x", "plain", `::${token}::`]);
  });
});

describe("log.group", () => {
  const end = "::endgroup::";

  it("is closed once: by its body's end, a throw, or the end of the run before either", async () => {
    const { console, lines } = recordingConsole();
    const log = createLog(console);
    await log.group("a", async () => log.info("x"));
    const failing = async () => {
      log.info("y");
      throw new Error("no");
    };
    await expect(log.group("b", failing)).rejects.toThrow("no");
    const left = Promise.withResolvers<void>();
    const group = log.group("c", () => {
      log.info("z");
      return left.promise;
    });
    log.endGroups();
    left.resolve();
    await group;
    log.endGroups();
    expect(lines).toEqual(["::group::a", "x", end, "::group::b", "y", end, "::group::c", "z", end]);
  });

  it("opens at its first line, so that work without anything to tell leaves no empty group", async () => {
    const clock = virtualClock();
    const { console, lines } = recordingConsole();
    const log = createLog(console, clock);
    await log.group("Observe", async () => log.mask("a secret"));
    await expect(log.group("Apply", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(lines).toEqual(["::add-mask::a secret"]);
    await log.group("Wait", async () => {
      using wait = log.wait();
      wait.update({ what: "web", progress: "1/3 ready" });
    });
    await log.group("Apply", async () => log.untrusted(["a line of a pod"]));
    expect(lines.slice(1, 5)).toEqual(["::group::Wait", "web 1/3 ready · 0 ms", end, "::group::Apply"]);
    expect(lines.at(-1)).toBe(end);
  });
});

describe("log.mask", () => {
  it("masks a secret of several lines as a whole and line by line", () => {
    expect(maskParts("one\ntwo\r\nthree")).toEqual(["one\ntwo\r\nthree", "one", "two", "three"]);
  });

  it("leaves out parts too short to be masked without making the log unreadable", () => {
    expect(maskParts("a\n{\nlong")).toEqual(["a\n{\nlong", "long"]);
  });
});

describe("log.wait", () => {
  it("prints each change at once, and is never silent for more than 10 s", async () => {
    const clock = virtualClock();
    const { console, lines } = recordingConsole();
    using wait = createLog(console, clock).wait();
    wait.update({ what: "web", progress: "1/3 ready", typicalMs: 31_000, waiting: "web-7d9 ContainerCreating" });
    wait.update({ what: "web", progress: "1/3 ready", typicalMs: 31_000, waiting: "web-7d9 ContainerCreating" });
    await clock.advance(4_000);
    wait.update({ what: "web", progress: "2/3 ready", typicalMs: 31_000 });
    await clock.advance(21_000);
    expect(lines).toEqual([
      "web 1/3 ready · 0 ms (usually 31 s) · waiting: web-7d9 ContainerCreating",
      "web 2/3 ready · 4 s (usually 31 s)",
      "web 2/3 ready · 14 s (usually 31 s)",
      "web 2/3 ready · 24 s (usually 31 s)",
    ]);
  });

  it("prints nothing before there is something to tell, and no more often for it", async () => {
    const clock = virtualClock();
    const { console, lines } = recordingConsole();
    using wait = createLog(console, clock).wait();
    await clock.advance(25_000);
    expect(lines).toEqual([]);
    wait.update({ what: "web", progress: "1/3 ready" });
    await clock.advance(10_000);
    expect(lines).toEqual(["web 1/3 ready · 25 s", "web 1/3 ready · 35 s"]);
  });

  it("prints nothing after it has ended", async () => {
    const clock = virtualClock();
    const { console, lines } = recordingConsole();
    const wait = createLog(console, clock).wait();
    wait.update({ what: "web", progress: "1/3 ready" });
    wait[Symbol.dispose]();
    await clock.advance(60_000);
    expect(lines).toHaveLength(1);
  });
});

describe("stripControl", () => {
  it("removes ANSI colours, titles and control characters", () => {
    expect(stripControl("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\u0008y")).toBe("red x y");
  });
});
