import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";

const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).trim().split("\n");

describe("main", () => {
  it("holds no bundle: dist belongs to the release tag", () => {
    expect(tracked.filter((file) => /(^|\/)(dist|lib|\.release|\.demo)\//.test(file))).toEqual([]);
  });

  it("holds no file above 600 kB", () => {
    const heavy = tracked.filter((file) => existsSync(file) && statSync(file).size > 600_000);
    expect(heavy).toEqual([]);
  });

  it("pins every dependency exactly", () => {
    const loose = globSync("{package.json,packages/*/package.json,actions/*/package.json,test/package.json}").flatMap(
      (file) => {
        const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string> | undefined>;
        return [...Object.entries(manifest["dependencies"] ?? {}), ...Object.entries(manifest["devDependencies"] ?? {})]
          .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
          .map(([name, version]) => `${file}: ${name}@${version}`);
      },
    );
    expect(loose).toEqual([]);
  });

  it("has one version: of every package, and of what footers say", () => {
    const versions = globSync("{packages,actions}/*/package.json").map(
      (file) => (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version,
    );
    const said = /version = "([^"]+)"/.exec(readFileSync("packages/markdown/src/version.ts", "utf8"))?.[1];
    expect([...new Set(versions)]).toEqual([said]);
  });

  it("has a lockfile that knows every platform's optional packages", () => {
    const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter((name) => {
        let folder = path;
        while (true) {
          if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in lock.packages) return false;
          if (folder === "") return true;
          folder = folder.includes("/node_modules/") ? folder.slice(0, folder.lastIndexOf("/node_modules/")) : "";
        }
      }),
    );
    expect(missing).toEqual([]);
  });

  it("has a README in every package that says what it is", () => {
    const without = globSync("packages/*").filter((folder) => !existsSync(`${folder}/README.md`));
    expect(without).toEqual([]);
  });

  it("has an index in every package that lists its public API and nothing else", () => {
    const faults = globSync("packages/*/src/index.ts").filter((file) =>
      readFileSync(file, "utf8")
        .replaceAll(/export\s+(type\s+)?(\{[^}]*\}|\*)\s+from\s+"[^"]+";/g, "")
        .replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, "")
        .trim(),
    );
    expect(faults).toEqual([]);
  });
});
