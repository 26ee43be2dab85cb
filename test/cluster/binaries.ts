import { createHash, randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import {
  BUILD_RECIPE,
  buildPrograms,
  type Env,
  ETCD_MODULE,
  KUBERNETES_MINOR,
  KUBERNETES_MODULE,
  KUBERNETES_VERSION,
  requireGo,
  run,
} from "./go.ts";
import { lock } from "./lock.ts";
import { SetupError } from "./setup-error.ts";

const REQUIRED = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kwok"] as const;
const OPTIONAL = ["kubectl", "etcdctl", "toxiproxy-server"] as const;
export type Program = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** A folder with the programs of one control plane. */
export interface Binaries {
  readonly folder: string;
  /** @throws SetupError `CONTROLPLANE_BINARY_MISSING` for an optional program that the assets do not hold. */
  path(program: Program): string;
}

type Plan =
  | { readonly use: string }
  | { readonly build: { readonly cache: string; readonly stamp: string; readonly target: string } };

/**
 * The programs of the control plane: from KUBEBUILDER_ASSETS, else from the cache, else built once into the cache.
 * Two checkouts may call this at once: one builds, the other waits.
 */
export async function provideBinaries(
  env: Env = process.env,
  print: (line: string) => void = (line) => console.error(line),
): Promise<Binaries> {
  const plan = observe(env);
  if ("use" in plan) return binariesIn(plan.use);
  await requireGo(env);
  const { cache, stamp, target } = plan.build;
  mkdirSync(cache, { recursive: true });
  using _held = await lock(join(cache, `${stamp}.lock`), (holder, waitedMs) =>
    print(`waiting for process ${holder}, which builds the control plane · ${Math.round(waitedMs / 1000)} s`),
  );
  if (!isComplete(target)) await build(plan.build, env, print);
  return binariesIn(target);
}

/** `KUBEBUILDER_ASSETS` is checked for completeness and for its version; it is never mixed with the cache. */
export async function checkAssets(env: Env): Promise<void> {
  const assets = env["KUBEBUILDER_ASSETS"] ?? "";
  if (assets === "" || env["TEST_ALLOW_SKEW"] === "1") return;
  const version = await serverVersion(assets, env);
  if (version.startsWith(`v1.${KUBERNETES_MINOR}.`)) return;
  throw new SetupError(
    "CONTROLPLANE_VERSION_SKEW",
    `KUBEBUILDER_ASSETS (${assets}) holds Kubernetes ${version}, the tests are written for v1.${KUBERNETES_MINOR}; ` +
      "set TEST_ALLOW_SKEW=1 to run them all the same.",
  );
}

function observe(env: Env): Plan {
  const assets = env["KUBEBUILDER_ASSETS"] ?? "";
  if (assets !== "") {
    const missing = missingIn(assets);
    if (missing.length === 0) return { use: assets };
    throw new SetupError(
      "CONTROLPLANE_BINARY_MISSING",
      `KUBEBUILDER_ASSETS (${assets}) lacks ${missing.join(", ")}; envtest bundles hold no controller manager, ` +
        "scheduler or kwok. Add the files, or unset it to build them with Go.",
    );
  }
  const stamp = currentStamp();
  const cache = join(cacheFolder(env), "controlplane");
  const target = join(cache, stamp);
  return isComplete(target) ? { use: target } : { build: { cache, stamp, target } };
}

async function build(
  { cache, stamp, target }: { readonly cache: string; readonly stamp: string; readonly target: string },
  env: Env,
  print: (line: string) => void,
): Promise<void> {
  for (const name of readdirSync(cache)) {
    // We hold the lock, so a draft of this stamp is what a killed build left behind.
    if (name.startsWith(`${stamp}.draft-`)) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const draft = join(cache, `${stamp}.draft-${randomUUID().slice(0, 8)}`);
  mkdirSync(draft);
  print(
    `building the Kubernetes control plane once into ${target}; 7 minutes on 2 cores, seconds if Go built it before`,
  );
  await buildPrograms(draft, env, print);
  const version = await serverVersion(draft, env);
  if (version !== KUBERNETES_VERSION) {
    throw new SetupError("CONTROLPLANE_BUILD_FAILED", `built Kubernetes ${version}, wanted ${KUBERNETES_VERSION}`);
  }
  writeFileSync(join(draft, ".stamp"), stamp);
  rmSync(target, { recursive: true, force: true });
  renameSync(draft, target);
}

/** `v1.36.4-0123456789ab`: changes with the modules and with how they are built. */
export function currentStamp(): string {
  const hash = createHash("sha256");
  for (const folder of [KUBERNETES_MODULE, ETCD_MODULE]) hash.update(readFileSync(join(folder, "go.sum")));
  hash.update(BUILD_RECIPE);
  return `${KUBERNETES_VERSION}-${hash.digest("hex").slice(0, 12)}`;
}

/** `EKS_ACTIONS_CACHE`, else `$XDG_CACHE_HOME/eks-actions`, else `~/.cache/eks-actions`. */
export function cacheFolder(env: Env): string {
  const own = env["EKS_ACTIONS_CACHE"] ?? "";
  if (own !== "" && isAbsolute(own)) return own;
  const xdg = env["XDG_CACHE_HOME"] ?? "";
  return xdg === "" ? join(env["HOME"] || homedir(), ".cache", "eks-actions") : join(xdg, "eks-actions");
}

async function serverVersion(folder: string, env: Env): Promise<string> {
  const { output } = await run(join(folder, "kube-apiserver"), ["--version"], env, folder, () => undefined);
  return /v\d+\.\d+\.\S+/.exec(output)?.[0] ?? output.trim();
}

function isComplete(folder: string): boolean {
  return existsSync(join(folder, ".stamp")) && missingIn(folder).length === 0;
}

function missingIn(folder: string): readonly Program[] {
  return REQUIRED.filter((program) => !isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function binariesIn(folder: string): Binaries {
  return {
    folder,
    path(program) {
      const file = join(folder, program);
      if (isExecutable(file)) return file;
      throw new SetupError("CONTROLPLANE_BINARY_MISSING", `${folder} lacks ${program}, which this test needs.`);
    },
  };
}
