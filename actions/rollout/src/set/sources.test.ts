import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { afterAll, describe, expect, it } from "vitest";
import { readSources } from "./sources.ts";

const root = mkdtempSync(join(tmpdir(), "sources-"));
afterAll(() => rmSync(root, { recursive: true }));
const places = { workspace: join(root, "work"), temp: join(root, "temp") };
const text = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

write("work/k8s/a.yaml", text("a"));
write("work/k8s/b.yml", text("b"));
write("work/k8s/notes.txt", "no manifest");
write("work/k8s/deep/c.json", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}');
write("work/empty/readme.md", "");
write("work/comments/a.yaml", "# nothing\n---\n");
write("work/latin.yaml", Buffer.from([0x6b, 0x3a, 0xe9, 0x0a]));
write("work/big.yaml", `a: ${"x".repeat(21 * 1024 * 1024)}`);
write("temp/rendered.yaml", text("rendered"));
write("outside/secret.yaml", text("secret"));
symlinkSync(join(root, "outside/secret.yaml"), join(root, "work/link.yaml"));
symlinkSync(join(root, "outside"), join(root, "work/linked"));
symlinkSync(join(root, "work/loop"), join(root, "work/loop"));

write("work/half/a.yaml", text("a"));
symlinkSync("gone/b.yaml", join(root, "work/half/b.yaml"));
symlinkSync("c.yaml", join(root, "work/half/c.yaml"));
symlinkSync("a.yaml", join(root, "work/half/again.yaml"));
symlinkSync("gone.txt", join(root, "work/half/notes.txt"));

const names = (entries: readonly string[], recursive = false) =>
  readSources({ entries, recursive }, places).map(({ object, source }) => `${object.metadata.name} ${source.file}`);

describe("readSources", () => {
  it.each([
    [["k8s"], false, ["a k8s/a.yaml", "b k8s/b.yml"]],
    [["k8s"], true, ["a k8s/a.yaml", "b k8s/b.yml", "c k8s/deep/c.json"]],
    [["k8s/*.yaml"], false, ["a k8s/a.yaml"]],
    [["k8s/**/*.json"], false, ["c k8s/deep/c.json"]],
    [["k8s/b.yml", "k8s/a.yaml", "k8s"], false, ["b k8s/b.yml", "a k8s/a.yaml"]],
  ])("reads %j, recursive %s", (entries, recursive, found) => {
    expect(names(entries, recursive)).toEqual(found);
  });

  it("reads what an earlier step has rendered into RUNNER_TEMP", () => {
    expect(names([join(root, "temp/rendered.yaml")])[0]).toMatch(/^rendered .*rendered\.yaml$/);
  });

  it.each([
    ["nowhere.yaml", "SOURCE_EMPTY"],
    ["empty", "SOURCE_EMPTY"],
    ["comments", "SOURCE_EMPTY"],
    ["k8s/*.nothing", "SOURCE_EMPTY"],
    ["loop", "SOURCE_UNREADABLE"],
    ["../outside/secret.yaml", "PATH_OUTSIDE"],
    ["link.yaml", "PATH_OUTSIDE"],
    ["linked", "PATH_OUTSIDE"],
    ["linked/*.yaml", "PATH_OUTSIDE"],
    ["../*/secret.yaml", "PATH_OUTSIDE"],
    ["https://example.com/a.yaml", "PATH_OUTSIDE"],
    ["latin.yaml", "YAML_INVALID"],
    ["big.yaml", "YAML_INVALID"],
  ])("refuses %s with %s in less than a second", (entry, code) => {
    const before = performance.now();
    try {
      readSources({ entries: [entry], recursive: false }, places);
      expect.unreachable();
    } catch (error) {
      expect(error instanceof ActionError ? error.code : error).toBe(code);
    }
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it.each([["half"], ["half/*.yaml"], ["half/*"]])(
    "names every link of %s that leads nowhere, and reads nothing",
    (entry) => {
      try {
        readSources({ entries: [entry], recursive: false }, places);
        expect.unreachable();
      } catch (error) {
        expect(
          error instanceof ActionError
            ? error.all().map(({ code, message, file }) => ({ code, message, file }))
            : error,
        ).toEqual([
          {
            code: "SOURCE_UNREADABLE",
            message: "link `half/b.yaml` → `gone/b.yaml` cannot be followed: no such file or directory",
            file: "half/b.yaml",
          },
          {
            code: "SOURCE_UNREADABLE",
            message: "link `half/c.yaml` → `c.yaml` cannot be followed: links form a circle",
            file: "half/c.yaml",
          },
        ]);
      }
    },
  );
});
