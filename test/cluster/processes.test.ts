import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isSameProcess, processStart } from "./pids.ts";
import { endLeftovers, processGroup } from "./processes.ts";

let root = "";
let work = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "processes-"));
  work = join(root, "eks-actions-cluster-x");
  mkdirSync(work);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const registry = () => join(root, "registry");
const sleeper = ["-e", "setInterval(() => {}, 1000)"];

function writePidFile(owner: object, processes: readonly object[]): void {
  mkdirSync(registry(), { recursive: true });
  writeFileSync(join(registry(), "1-x.json"), JSON.stringify({ owner, workFolder: work, processes }));
}

describe("leftovers of a killed run", () => {
  it("are ended by pid and start time, and their folder goes", async () => {
    const child = spawn(process.execPath, sleeper);
    const pid = child.pid ?? 0;
    const start = processStart(pid);
    writePidFile({ name: "launcher", pid, start: "gone" }, [{ name: "etcd", pid, start }]);
    expect(await endLeftovers(registry())).toEqual([`etcd (${pid})`]);
    expect(isSameProcess(pid, start)).toBe(false);
    expect([existsSync(work), readdirSync(registry())]).toEqual([false, []]);
  });

  it("spare a process that has got the same pid since", async () => {
    const child = spawn(process.execPath, sleeper);
    const pid = child.pid ?? 0;
    writePidFile({ name: "launcher", pid, start: "gone" }, [{ name: "etcd", pid, start: "earlier" }]);
    expect(await endLeftovers(registry())).toEqual([]);
    expect(isSameProcess(pid, processStart(pid))).toBe(true);
    child.kill("SIGKILL");
  });

  it("are not touched while their launcher lives", async () => {
    const child = spawn(process.execPath, sleeper);
    const pid = child.pid ?? 0;
    const owner = { name: "launcher", pid: process.pid, start: processStart(process.pid) };
    writePidFile(owner, [{ name: "etcd", pid, start: processStart(pid) }]);
    expect(await endLeftovers(registry())).toEqual([]);
    expect([isSameProcess(pid, processStart(pid)), existsSync(work)]).toEqual([true, true]);
    child.kill("SIGKILL");
  });

  it("never name a folder of somebody else", async () => {
    const other = join(root, "home");
    mkdirSync(other);
    mkdirSync(registry());
    const owner = { name: "launcher", pid: 1, start: "gone" };
    writeFileSync(join(registry(), "1-x.json"), JSON.stringify({ owner, workFolder: other, processes: [] }));
    writeFileSync(join(registry(), "2-x.json"), "{cut o");
    await endLeftovers(registry());
    expect([existsSync(other), readdirSync(registry())]).toEqual([true, []]);
  });
});

describe("a group", () => {
  it("writes down what runs, and forgets it when all have stopped", async () => {
    const group = processGroup(work, registry());
    const launched = group.launch("node", process.execPath, sleeper);
    const [name = ""] = readdirSync(registry());
    expect(JSON.parse(readFileSync(join(registry(), name), "utf8"))).toMatchObject({
      workFolder: work,
      processes: [{ name: "node", pid: launched.pid, start: processStart(launched.pid) }],
    });
    await group.stopAll();
    expect([launched.exit(), readdirSync(registry())]).toEqual(["signal SIGTERM", []]);
  });

  it("stops a process that is paused", async () => {
    const group = processGroup(work, registry());
    const launched = group.launch("node", process.execPath, sleeper);
    launched.signal("SIGSTOP");
    await group.stopAll();
    expect(launched.exit()).toBe("signal SIGTERM");
  });

  it("keeps a log per process and says how it ended", async () => {
    const group = processGroup(work, registry());
    const launched = group.launch("hello", process.execPath, [
      "-e",
      "console.log('out'); console.error('err'); process.exit(3)",
    ]);
    await expect.poll(() => launched.exit(), { timeout: 10_000 }).toBe("exit code 3");
    expect(readFileSync(launched.logFile, "utf8")).toBe("out\nerr\n");
    await group.stopAll();
  });
});
