import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseRestoreState } from "@eks-actions/auth-action/src/post/restore.ts";
import { describe, expect, it } from "vitest";
import { keyValuePairs } from "../../runner/file-commands.ts";
import { loginHere } from "./in-process.ts";
import { diskFull, watchDisk } from "./watched-disk.ts";
import { addCluster, createWorld, errorCodes, type World } from "./world.ts";

/** A login that writes everything there is: session files, a config file, a kubeconfig at a path of the user's. */
const everything = { refresh: "true", "eks-cluster": "payments", kubeconfig: "kube.yaml" };

async function worldWithCluster(): Promise<World> {
  const world = await createWorld();
  addCluster(world, "payments");
  return world;
}

describe("a full disk", () => {
  it("at any single write leaves variables, outputs and files as they were", async () => {
    await using world = await worldWithCluster();
    const kubeconfig = join(world.machine.workspace, "kube.yaml");
    const failed: string[] = [];
    for (let at = 1; ; at++) {
      let count = 0;
      const disk = watchDisk(join(world.machine.workspace, ".."), (call) => {
        if (++count !== at) return;
        failed.push(
          `${call.name} ${call.path.replace(/^.*[\\/]/, "").replace(/(_|-)[A-Za-z0-9]{6}$|_[0-9a-f-]{36}$/, "")}`,
        );
        throw diskFull(call);
      });
      const result = await loginHere(world, everything);
      disk[Symbol.dispose]();
      if (count < at) {
        expect(result.exitCode).toBe(0);
        break;
      }
      // The summary comes last, when everything else is safe: without it the step is still good.
      if (failed.at(-1)?.includes("step_summary") === true) {
        expect(result.annotations.map((note) => note.title)).toEqual(["SUMMARY_IN_LOG"]);
        expect(result.exitCode).toBe(0);
        break;
      }
      expect(errorCodes(result), failed.at(-1)).toEqual(["WRITE_FAILED"]);
      expect([result.env, result.state, result.path, result.filesLeft], failed.at(-1)).toEqual([{}, {}, [], []]);
      expect(Object.keys(result.outputs), failed.at(-1)).toEqual(["report"]);
      expect(existsSync(kubeconfig), failed.at(-1)).toBe(false);
    }
    for (const file of [
      "mkdtempSync eks-actions-auth-",
      "writeSync session-eks-actions.json",
      "writeSync session-eks-actions.cache",
      "writeSync config",
      "writeSync kube.yaml",
      "writeSync save_state",
      "writeSync set_output",
      "writeSync set_env",
    ]) {
      expect(failed).toContain(file);
    }
  });

  it("brings an earlier step's kubeconfig back", async () => {
    await using world = await worldWithCluster();
    const kubeconfig = join(world.machine.workspace, "kube.yaml");
    await loginHere(world, everything);
    const earlier = readFileSync(kubeconfig, "utf8");
    using _disk = watchDisk(world.machine.temp, (call) => {
      if (call.name === "writeSync" && call.path.includes("set_env")) throw diskFull(call);
    });
    const result = await loginHere(world, { ...everything, namespace: "other" });
    expect(errorCodes(result)).toEqual(["WRITE_FAILED"]);
    expect(readFileSync(kubeconfig, "utf8")).toBe(earlier);
  });

  it.skipIf(!canMount())("of a real file system, one page larger each time, is survived until all fits", async () => {
    await using world = await worldWithCluster();
    const { temp } = world.machine;
    const reasons: string[] = [];
    for (let pages = 1; ; pages++) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${pages * 4}k`, "tmpfs", temp]);
      try {
        const result = await loginHere(world, { ...everything, kubeconfig: "auto" });
        if (result.exitCode === 0) break;
        expect(errorCodes(result), `${pages} pages`).toEqual(["WRITE_FAILED"]);
        expect([result.env, result.state], `${pages} pages`).toEqual([{}, {}]);
        expect(readdirSync(temp), `${pages} pages`).toEqual(["_runner_file_commands"]);
        reasons.push(result.annotations[0]?.message ?? "");
      } finally {
        execFileSync("umount", [temp]);
      }
    }
    expect(reasons.length).toBeGreaterThan(3);
    for (const reason of reasons) expect(reason).toContain("ENOSPC");
  });
});

describe("a run that is killed", () => {
  it("between any two writes has exported nothing that post cannot take back", async () => {
    await using world = await worldWithCluster();
    const { temp, workspace } = world.machine;
    let moments = 0;
    let exported = 0;
    const lookAround = () => {
      moments++;
      const env = Object.fromEntries(keyValuePairs(latest(temp, "set_env")));
      if (Object.keys(env).length === 0) return;
      exported++;
      const saved = parseRestoreState(Object.fromEntries(keyValuePairs(latest(temp, "save_state")))["restore"]);
      expect(Object.keys(saved?.variables ?? {}).sort()).toEqual(Object.keys(env).sort());
      expect(saved?.folder).toBeDefined();
      for (const file of [env["AWS_CONFIG_FILE"], env["KUBECONFIG"]]) expect(existsSync(file ?? "")).toBe(true);
    };
    using _disk = watchDisk(join(workspace, ".."), lookAround);
    const result = await loginHere(world, everything);
    lookAround();
    expect(result.exitCode).toBe(0);
    expect(moments).toBeGreaterThan(12);
    expect(exported).toBeGreaterThan(0);
  });

  it("by SIGKILL right before it exports is cleaned up by post", async () => {
    await using world = await worldWithCluster();
    const preload = join(world.machine.workspace, "..", "tools", "kill.mjs");
    writeFileSync(
      preload,
      `import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  if (String(path) === process.env.GITHUB_ENV) process.kill(process.pid, "SIGKILL");
  return openSync(path, ...rest);
};
syncBuiltinESMExports();
`,
    );
    const result = await world.login(everything, { NODE_OPTIONS: `--import ${pathToFileURL(resolve(preload)).href}` });
    expect(result.signal).toBe("SIGKILL");
    expect(result.env).toEqual({});
    expect(result.state["restore"]).toBeDefined();
    const post = await world.post(result);
    expect(post.outcome).toBe("success");
    expect(post.env).toEqual({});
    expect(readdirSync(world.machine.temp).filter((name) => name.startsWith("eks-actions-auth-"))).toEqual([]);
    expect(existsSync(join(world.machine.workspace, "kube.yaml"))).toBe(false);
  });
});

/** Text of the newest file of a kind among the runner's. */
function latest(temp: string, kind: string): string {
  const folder = join(temp, "_runner_file_commands");
  const name = readdirSync(folder).find((file) => file.startsWith(kind));
  return name === undefined ? "" : readFileSync(join(folder, name), "utf8");
}

/** A file system of its own needs root; elsewhere the test with a failing call stands alone. */
function canMount(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0 && mountsHere();
}

function mountsHere(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    // No such tool, or a container that may not mount.
    return false;
  }
}
