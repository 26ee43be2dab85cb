import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ActionError } from "./error.ts";
import { heredoc, writeFileCommands, writeSummary } from "./files.ts";

function runnerFiles() {
  const folder = mkdtempSync(join(tmpdir(), "files-"));
  const env: Record<string, string> = {};
  for (const name of ["GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV"]) {
    env[name] = join(folder, name);
    writeFileSync(join(folder, name), "before=1\n");
  }
  return { env, read: (name: string) => readFileSync(env[name] ?? "", "utf8") };
}

describe("writeFileCommands", () => {
  it("writes a value with newlines and an equals sign so that it is read back exactly", () => {
    const { env, read } = runnerFiles();
    writeFileCommands(env, { outputs: { report: "a=b\n<<x\nlast" } });
    const [, delimiter] = /report<<(\S+)\n/.exec(read("GITHUB_OUTPUT")) ?? [];
    expect(read("GITHUB_OUTPUT")).toBe(`before=1\nreport<<${delimiter}\na=b\n<<x\nlast\n${delimiter}\n`);
  });

  it("gives every file its former content back when a later one cannot be written", () => {
    const { env, read } = runnerFiles();
    const broken = { ...env, GITHUB_ENV: join(env["GITHUB_ENV"] ?? "", "not-a-folder") };
    const write = () => writeFileCommands(broken, { state: { a: "1" }, outputs: { b: "2" }, env: { C: "3" } });
    expect(write).toThrow(ActionError);
    expect(read("GITHUB_STATE")).toBe("before=1\n");
    expect(read("GITHUB_OUTPUT")).toBe("before=1\n");
  });

  it("does so too when the folder of a later one is gone", () => {
    const { env, read } = runnerFiles();
    const broken = { ...env, GITHUB_ENV: join(tmpdir(), "no-such-folder", "env") };
    const write = () => writeFileCommands(broken, { outputs: { b: "2" }, env: { C: "3" } });
    expect(write).toThrow(/^GITHUB_ENV \(.*no-such-folder.*\) could not be written/);
    expect(write).toThrow(expect.objectContaining({ hint: expect.stringMatching(/^nothing was exported;/) }));
    expect(read("GITHUB_OUTPUT")).toBe("before=1\n");
  });

  it("refuses a folder that would become two", () => {
    const { env, read } = runnerFiles();
    expect(() => writeFileCommands(env, { path: ["/opt/a\n/tmp/evil"] })).toThrow("not a folder");
    expect(read("GITHUB_PATH")).toBe("before=1\n");
  });

  it("names the variable that is not set, and writes nothing", () => {
    const { env, read } = runnerFiles();
    const { GITHUB_ENV: _, ...without } = env;
    expect(() => writeFileCommands(without, { outputs: { b: "2" }, env: { C: "3" } })).toThrow("GITHUB_ENV is not set");
    expect(read("GITHUB_OUTPUT")).toBe("before=1\n");
  });

  it("does not touch files it has nothing for", () => {
    const { env } = runnerFiles();
    const { GITHUB_ENV: _, ...without } = env;
    writeFileCommands(without, { outputs: { b: "2" } });
  });
});

describe("heredoc", () => {
  it.each(["", "a\nb", "a=b", "a<<b"])("refuses the name %j, which the runner would read otherwise", (name) => {
    expect(() => heredoc(name, "x")).toThrow("not a name");
  });

  it("takes a new delimiter for each value", () => {
    expect(heredoc("a", "x")).not.toBe(heredoc("a", "x"));
  });
});

describe("writeSummary", () => {
  it("says that there is no summary file in place of throwing", () => {
    expect(writeSummary({}, "# x")).toBe(false);
  });
});
