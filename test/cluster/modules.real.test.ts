import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KUBERNETES_MODULE, KUBERNETES_VERSION } from "./go.ts";

/** The go.mod of the release itself, as Go keeps it; absent where the programs came as KUBEBUILDER_ASSETS. */
function upstream(): string | undefined {
  const cache = goEnv("GOMODCACHE");
  const file = join(cache, "cache", "download", "k8s.io", "kubernetes", "@v", `${KUBERNETES_VERSION}.mod`);
  return cache !== "" && existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function goEnv(name: string): string {
  try {
    return execFileSync("go", ["env", name], { encoding: "utf8" }).trim();
  } catch {
    return ""; // No Go on this machine.
  }
}

const theirs = upstream();

describe.runIf(theirs !== undefined)("the replace list", () => {
  it("lacks no staging module that k8s.io/kubernetes asks for, and has none to spare", () => {
    const wanted = new Set([...(theirs ?? "").matchAll(/^\s*(k8s\.io\/[\w-]+) v0\.0\.0$/gm)].map((match) => match[1]));
    const own = readFileSync(join(KUBERNETES_MODULE, "go.mod"), "utf8");
    const replaced = new Set([...own.matchAll(/^\t(k8s\.io\/[\w-]+) => /gm)].map((match) => match[1]));
    // Samples are staged and versioned with the rest, but no program asks for them.
    const samples = ["k8s.io/sample-apiserver", "k8s.io/sample-cli-plugin", "k8s.io/sample-controller"];
    expect([...replaced].filter((name) => !wanted.has(name) && !samples.includes(name ?? ""))).toEqual([]);
    expect([...wanted].filter((name) => !replaced.has(name))).toEqual([]);
    expect(wanted.size).toBeGreaterThan(25);
  });
});
