import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { createMachine, RunnerFault, runStep, type StepOptions } from "./index.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000 });

const probe = fileURLToPath(new URL("./fixtures/probe", import.meta.url));

function run(script: string, options: Partial<StepOptions> = {}) {
  return runStep({ action: probe, ...options, with: { script, ...options.with } });
}

describe.concurrent("what only a harness sees", () => {
  it("leaves no folders of earlier, killed test runs behind", async () => {
    const dead = spawnSync(process.execPath, ["--eval", ""]).pid;
    const stale = join(tmpdir(), `eks-actions-runner-${dead}-x`);
    mkdirSync(stale);
    const url = new URL("./machine.ts", import.meta.url).href;
    const code = `import(${JSON.stringify(url)}).then(({ createMachine }) => console.log(createMachine().workspace))`;
    const { stdout } = spawnSync(process.execPath, ["--eval", code], { encoding: "utf8" });
    expect(existsSync(stale)).toBe(false);
    expect(stdout).toContain("eks-actions-runner-");
    expect(existsSync(stdout.trim())).toBe(false);
  });

  it("lists files left outside the workspace", async () => {
    using machine = createMachine();
    const result = await run(
      `fs.writeFileSync(env.RUNNER_TEMP + "/creds", "x"); fs.writeFileSync(env.TMPDIR + "/t", "x"); fs.writeFileSync("report.json", "{}")`,
      { machine },
    );
    expect([...result.filesLeft].sort()).toEqual([join(machine.temp, "creds"), join(machine.systemTemp, "t")].sort());
    expect(readFileSync(join(machine.workspace, "report.json"), "utf8")).toBe("{}");
  });

  it("ends and reports processes that outlive the step", async () => {
    const script = `childProcess.spawn("sleep", ["300"], { detached: true, stdio: "ignore" }).unref()`;
    await expect(run(script)).rejects.toThrow(/LEFTOVERS: process \d+ still runs: sleep 300/);
  });

  it.each([
    ["fetch", `await fetch("http://192.0.2.7/").catch((error) => print(error.cause.code))`, "192.0.2.7"],
    ["a name", `await fetch("https://sts.amazonaws.com/").catch(() => 0)`, "sts.amazonaws.com"],
    ["a socket", `await new Promise((done) => net.connect(443, "198.51.100.1").on("error", done))`, "198.51.100.1"],
  ])("refuses and reports a connection off the machine: %s", async (_, script, host) => {
    const fault = await run(script).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(RunnerFault);
    expect(String(fault)).toContain(`NON_LOOPBACK_REQUEST: the action tried to reach ${host}`);
  });

  it("lets loopback connections through", async () => {
    const result = await run(`
      const server = net.createServer((socket) => socket.end("hi")).listen(0, "127.0.0.1");
      await new Promise((done) => server.once("listening", done));
      for (const host of ["127.0.0.1", "localhost"]) {
        await new Promise((done) => net.connect(server.address().port, host).on("data", (data) => print("got " + data)).on("close", done));
      }
      server.close();
    `);
    expect(result.log).toContain("got hi\ngot hi");
  });

  it.each([
    ["the log", `print("key " + "AKIA-very-secret")`],
    ["the job summary", `append("GITHUB_STEP_SUMMARY", "AKIA-very-secret")`],
    ["output a", `append("GITHUB_OUTPUT", "a=AKIA-very-secret\\n")`],
    ["variable A", `append("GITHUB_ENV", "A=AKIA-very-secret\\n")`],
    ["state s", `append("GITHUB_STATE", "s=" + Buffer.from("AKIA-very-secret").toString("base64") + "\\n")`],
    ["file", `fs.writeFileSync(env.RUNNER_TEMP + "/f", "AKIA-very-secret")`],
    ["file", `fs.writeFileSync("in-workspace", "AKIA-very-secret")`],
  ])("finds a secret in %s and never repeats it", async (place, script) => {
    const fault = await run(script, { secrets: { "secret key": "AKIA-very-secret" }, with: { script } }).catch(String);
    expect(fault).toContain(`SECRET_LEAKED: secret key is in ${place}`);
  });

  it("accepts a secret where it may be, and one that is masked in the log", async () => {
    const result = await run(
      `print("::add-mask::AKIA-" + "very-secret"); print("key AKIA-" + "very-secret"); append("GITHUB_ENV", "A=AKIA-" + "very-secret\\n")`,
      { secrets: { key: "AKIA-very-secret" }, allowSecretsIn: ["env"] },
    );
    expect(result.log).toContain("key ***");
    expect(result.env["A"]).toBe("AKIA-very-secret");
  });
});
