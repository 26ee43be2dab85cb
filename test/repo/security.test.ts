import { execFileSync } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ALLOWED_LICENCES, dependenciesOf, type Lockfile } from "./licences.ts";

const lock = (JSON.parse(readFileSync("package-lock.json", "utf8")) as { readonly packages: Lockfile }).packages;
const workflows = readdirSync(".github/workflows").map((name) => ({
  name,
  text: readFileSync(`.github/workflows/${name}`, "utf8"),
}));

describe("what a bundle can hold", () => {
  it("carries no licence beyond the closed list", () => {
    const needed = dependenciesOf(lock, globSync("actions/*")).filter((path) => path.startsWith("node_modules/"));
    expect(needed.length).toBeGreaterThan(50);
    const others = needed.filter((path) => !ALLOWED_LICENCES.has(lock[path]?.license ?? "none stated"));
    expect(others.map((path) => `${path}: ${lock[path]?.license ?? "none stated"}`)).toEqual([]);
  });

  it("is found through nested folders, and a copyleft licence would be seen", () => {
    const small: Lockfile = {
      "actions/a": { dependencies: { "@x/b": "1.0.0", c: "1.0.0" } },
      "node_modules/@x/b": { link: true, resolved: "packages/b" },
      "packages/b": { dependencies: { c: "2.0.0" } },
      "packages/b/node_modules/c": { license: "GPL-3.0-only" },
      "node_modules/c": { license: "MIT" },
    };
    expect(dependenciesOf(small, ["actions/a"])).toEqual(["node_modules/c", "packages/b", "packages/b/node_modules/c"]);
    expect(ALLOWED_LICENCES.has("GPL-3.0-only")).toBe(false);
    expect(() => dependenciesOf({ "actions/a": { dependencies: { gone: "1.0.0" } } }, ["actions/a"])).toThrow(
      "no gone",
    );
  });
});

describe("dependabot", () => {
  const { updates } = parse(readFileSync(".github/dependabot.yml", "utf8")) as {
    readonly updates: readonly {
      readonly "package-ecosystem": string;
      readonly directory?: string;
      readonly directories?: readonly string[];
      readonly cooldown?: { readonly "default-days": number };
    }[];
  };
  const covered = (ecosystem: string) =>
    updates
      .filter((update) => update["package-ecosystem"] === ecosystem)
      .flatMap((update) => update.directories ?? [update.directory ?? ""])
      .sort();

  it("looks after every lockfile, Go module and folder of workflows", () => {
    const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).trim().split("\n");
    const folders = (pattern: RegExp, up = 0) =>
      [...new Set(tracked.filter((file) => pattern.test(file)).map((file) => `/${climb(dirname(file), up)}`))].sort();
    expect(covered("npm")).toEqual(folders(/(^|\/)package-lock\.json$/));
    expect(covered("gomod")).toEqual(folders(/\/go\.mod$/));
    expect(covered("github-actions")).toEqual(folders(/(^|\/)\.github\/workflows\/[^/]+\.yml$/, 2));
  });

  it("waits a week before a new release is taken", () => {
    expect(updates.map((update) => update.cooldown?.["default-days"])).toEqual(updates.map(() => 7));
  });
});

describe("zizmor", () => {
  it("is told to overlook a trigger only in the workflows that are for it", () => {
    const { rules } = parse(readFileSync("zizmor.yml", "utf8")) as {
      readonly rules: Readonly<Record<string, { readonly ignore?: readonly string[] }>>;
    };
    const overlooked = Object.values(rules).flatMap((rule) => rule.ignore ?? []);
    const examples = globSync("test/story/repository/.github/workflows/*.yml");
    const triggered = examples.filter((file) => /^ {2}workflow_run:/m.test(readFileSync(file, "utf8")));
    expect([...overlooked].sort()).toEqual(triggered.map((file) => file.split(/[\\/]/).at(-1)).sort());
  });

  it("runs in CI", () => {
    expect(workflows.find(({ name }) => name === "ci.yml")?.text).toContain("uses: zizmorcore/zizmor-action@");
  });
});

describe("the workflows", () => {
  it("use one commit of each action", () => {
    const used = new Map<string, Set<string>>();
    for (const { text } of workflows) {
      for (const [, action = "", commit = ""] of text.matchAll(/uses: ([\w-]+\/[\w./-]+)@([0-9a-f]{40})/g)) {
        used.set(action, (used.get(action) ?? new Set()).add(commit));
      }
    }
    expect([...used].filter(([, commits]) => commits.size > 1)).toEqual([]);
  });

  it("never cache or run install scripts where something is released", () => {
    const release = workflows.find(({ name }) => name === "release.yml")?.text ?? "";
    expect(release).not.toMatch(/actions\/cache@|cache: (true|npm)/);
    expect(release.match(/npm ci.*/g)?.every((line) => line.includes("--ignore-scripts"))).toBe(true);
    expect(release.match(/actions\/setup-node@[\s\S]*?package-manager-cache: false/g)).toHaveLength(
      release.match(/actions\/setup-node@/g)?.length ?? 0,
    );
  });
});

function climb(folder: string, levels: number): string {
  return levels === 0 ? (folder === "." ? "" : folder) : climb(dirname(folder), levels - 1);
}
