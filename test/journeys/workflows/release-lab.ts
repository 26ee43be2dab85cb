import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type GitHub, type Permissions, startGitHub } from "../../fakes/github/index.ts";
import { type Artifacts, type BuiltInCall, runWorkflow, type WorkflowResult } from "../../runner/index.ts";
import { RELEASE } from "./scene.ts";

/** What the release programs, their workflow and its smoke test read; the sources of the actions are not among it. */
const KEPT = [
  /^[^/]+$/,
  /^(\.changeset|\.github|docs|test\/story\/repository)\//,
  /^((actions|packages)\/[^/]+|test)\/package\.json$/,
  /^packages\/markdown\/src\/version\.ts$/,
  /^actions\/[^/]+\/(action\.yml|README\.md|(iam|rbac|schema)\/.*|src\/.*\.schema\.json)$/,
];

const IDENTITY = {
  GIT_AUTHOR_NAME: "octocat",
  GIT_AUTHOR_EMAIL: "octocat@users.noreply.github.com",
  GIT_COMMITTER_NAME: "octocat",
  GIT_COMMITTER_EMAIL: "octocat@users.noreply.github.com",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};

/** This repository as it stands on disk, in a git repository of its own, on a GitHub of its own. */
export interface ReleaseLab extends AsyncDisposable {
  readonly github: GitHub;
  /** Files that the attestations were asked for, in order: subjects, and the bill of materials if there is one. */
  readonly attested: readonly Readonly<Record<string, string>>[];
  git(...args: readonly string[]): string;
  /** Writes files on main and commits them. */
  commit(message: string, files: Readonly<Record<string, string>>): void;
  /** A push to main starts the release workflow. */
  push(): Promise<WorkflowResult>;
}

export async function releaseLab(): Promise<ReleaseLab> {
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-release-lab-"));
  const origin = join(folder, "eks-actions");
  copyTracked(origin);
  const env = { ...process.env, ...IDENTITY };
  const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: origin, encoding: "utf8", env }).trim();
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "-m", "Everything");
  // Pushes come from the workflow's clones; nobody works here.
  git("config", "receive.denyCurrentBranch", "updateInstead");
  const tools = programs(join(folder, "bin"));
  const github = await startGitHub({ repo: "acme/eks-actions" });
  const attested: Record<string, string>[] = [];
  return {
    github,
    attested,
    git,
    commit(message, files) {
      for (const [path, text] of Object.entries(files)) writeFileSync(join(origin, path), text);
      git("add", "--all");
      git("commit", "--quiet", "-m", message);
    },
    push: () => push({ origin, tools, github, attested, sha: git("rev-parse", "main") }),
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Push {
  readonly origin: string;
  readonly tools: string;
  readonly github: GitHub;
  readonly attested: Record<string, string>[];
  readonly sha: string;
}

function push({ origin, tools, github, attested, sha }: Push): Promise<WorkflowResult> {
  const artifacts: Artifacts = new Map();
  const event = { name: "push" } as const;
  const first = github.job({ event });
  return runWorkflow({
    file: join(origin, ".github/workflows/release.yml"),
    workflowTree: origin,
    github: { ...first.context, sha },
    artifacts,
    // npm's own cache of compiled code would count as files that a step left.
    machineEnv: { PATH: `${tools}:/usr/local/bin:/usr/bin:/bin`, NODE_DISABLE_COMPILE_CACHE: "1" },
    checkoutFrom: origin,
    builtIns: {
      "actions/setup-node": () => ({}),
      "actions/setup-go": () => ({}),
      "actions/attest": (call: BuiltInCall) => {
        attested.push({ ...call.with });
        return {};
      },
    },
    identity: ({ permissions, environment }) => {
      const job = github.job({ event, permissions: permissions as Permissions, environment, sameRunAs: first });
      return { env: { ...job.env, GITHUB_SHA: sha }, github: { token: job.token } };
    },
  });
}

function copyTracked(target: string): void {
  const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" });
  const files = tracked.trim().split("\n");
  for (const file of files.filter((path) => KEPT.some((pattern) => pattern.test(path)))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(file, join(target, file));
  }
}

/**
 * A runner's tools. What would take minutes or a registry is taken from this checkout: `npm ci` links its packages,
 * the tests are not run again inside a test, and bundling copies the bundles of the tree that is tried.
 */
function programs(folder: string): string {
  mkdirSync(folder);
  symlinkSync(process.execPath, join(folder, "node"));
  const root = resolve(".");
  const bundle = `for action in auth bootstrap cost-diff rollout; do cp -R "${RELEASE}/actions/$action/dist" "actions/$action/"; done`;
  const scripts = {
    npm: `case "$1 $2" in
  "ci "*) mkdir node_modules; ln -s "${root}"/node_modules/* "${root}/node_modules/.bin" node_modules/ ;;
  "test "*) ${bundle}; exec node .github/scripts/release-tree.ts ;;
  "run release:tree") exec node .github/scripts/release-tree.ts ;;
  "install --package-lock-only") exec ${npm()} "$@" ;;
  *) echo "npm $* is not stood in for" >&2; exit 64 ;;
esac`,
    npx: `case "$1 $2" in
  "turbo run") ${bundle} ;;
  "--no-install changeset") shift 2; exec node_modules/.bin/changeset "$@" ;;
  *) echo "npx $* is not stood in for" >&2; exit 64 ;;
esac`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nset -e\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** The npm that this process was started by, else the machine's. */
function npm(): string {
  const program = process.env["npm_execpath"];
  const isNpm = program !== undefined && /npm-cli\.js$/.test(program);
  return isNpm ? `node "${program}"` : execFileSync("which", ["npm"], { encoding: "utf8" }).trim();
}
