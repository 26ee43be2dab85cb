import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { globExpression, openTree } from "./files.ts";

describe("files", () => {
  it.each([
    ["deploy/*.yaml", "deploy/a.yaml", true],
    ["deploy/*.yaml", "deploy/x/a.yaml", false],
    ["deploy/**/*.yaml", "deploy/x/y/a.yaml", true],
    ["deploy/**/*.yaml", "deploy/a.yaml", true],
    ["deploy/{a,b}.yaml", "deploy/b.yaml", true],
    ["m7i.*", "m7ixlarge", false],
    ["a+b?.yaml", "a+bc.yaml", true],
  ])("%s on %s: %s", (glob, path, isMatch) => expect(globExpression(glob).test(path)).toBe(isMatch));

  it("nothing leads out of a tree", () => {
    const root = mkdtempSync(join(tmpdir(), "tree-"));
    mkdirSync(join(root, "in"));
    writeFileSync(join(root, "in/a.yaml"), "a: 1");
    symlinkSync("/etc/passwd", join(root, "in/out.yaml"));
    symlinkSync("a.yaml", join(root, "in/same.yaml"));
    symlinkSync("/nowhere", join(root, "in/dead.yaml"));
    const tree = openTree(root);
    expect(tree.read("in/same.yaml")).toBe("a: 1");
    expect(() => tree.find("in/dead.yaml")).toThrow("in/dead.yaml is a link to /nowhere, which is not there");
    expect(tree.find("in/absent.yaml")).toBeUndefined();
    for (const path of ["../x", "/etc/passwd", "in/out.yaml", "in/../../x"])
      expect(() => tree.find(path)).toThrow(/leads out of the repository/);
    expect(() => tree.list("in", false)).toThrow("dead.yaml is a link");
    rmSync(join(root, "in/dead.yaml"));
    expect(() => tree.list("in", false)).toThrow("leads out");
  });
});
