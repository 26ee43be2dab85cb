import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cluster/binaries.ts";
import { Skipped } from "./section.ts";

const HELM = "v4.2.4";

/** Installs helm into the cache of the control plane, once. @throws Skipped with the reason */
export function provideHelm(print: (line: string) => void): string {
  const folder = join(cacheFolder(process.env), "peers", `helm-${HELM}`);
  const program = join(folder, "helm");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  print(`building helm ${HELM} once into ${folder}; 3 to 5 minutes`);
  const built = spawnSync("go", ["install", "-trimpath", "-ldflags", "-s -w", `helm.sh/helm/v4/cmd/helm@${HELM}`], {
    cwd: folder,
    env: { ...process.env, GOBIN: folder, GOTOOLCHAIN: "local", CGO_ENABLED: "0" },
    encoding: "utf8",
  });
  if (built.status === 0) return program;
  const last = built.stderr?.trim().split("\n").at(-1);
  throw new Skipped(`helm ${HELM} cannot be built: ${built.error?.message ?? last ?? "no reason given"}`);
}
