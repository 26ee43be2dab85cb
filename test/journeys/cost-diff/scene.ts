import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type GitHub, type GitHubOptions, startGitHub } from "../../fakes/github/index.ts";
import { createMachine, type Machine, runStep, type StepOptions, type StepResult } from "../../runner/index.ts";

/** The built action; another tree lets the journeys run while this one is being bundled. */
const ACTION = join(process.env["ACTIONS_TREE"] ?? ".", "actions/cost-diff");
export const MARKER = "<!-- eks-actions/cost-diff v1 key=default -->";
export const BOT = "github-actions[bot]";

export type Files = Readonly<Record<string, string | undefined>>;

/** A pull request as the runner checks it out: base, the branch on top, and GitHub's merge commit as HEAD. */
export interface Scene extends AsyncDisposable {
  readonly github: GitHub;
  readonly machine: Machine;
  write(files: Files): void;
  link(path: string, target: string): void;
  git(...args: readonly string[]): string;
  /** Another push to the branch: other files, another head commit in the event. */
  push(files: Files): void;
  cost(inputs?: Readonly<Record<string, string>>, options?: Partial<StepOptions>): Promise<StepResult>;
}

export interface SceneOptions {
  readonly base: Files;
  readonly head: Files;
  readonly github?: Partial<GitHubOptions> | undefined;
  readonly labels?: readonly string[] | undefined;
}

export async function createScene({ base, head, github: more, labels }: SceneOptions): Promise<Scene> {
  const machine = createMachine();
  const root = machine.workspace;
  const git = (...args: readonly string[]) =>
    execFileSync("git", [...args], {
      cwd: root,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: machine.home, GIT_CONFIG_GLOBAL: "/dev/null" },
    }).trim();
  const write = (files: Files) => {
    for (const [path, text] of Object.entries(files)) {
      const full = join(root, path);
      if (text === undefined) rmSync(full, { force: true });
      else {
        mkdirSync(dirname(full), { recursive: true });
        writeFileSync(full, text);
      }
    }
  };
  const commit = (message: string) => {
    git("add", "-A");
    git("-c", "user.name=octocat", "-c", "user.email=o@example.com", "commit", "-q", "--allow-empty", "-m", message);
  };
  const merge = () =>
    git("-c", "user.name=GitHub", "-c", "user.email=g@example.com", "merge", "-q", "--no-ff", "-m", "Merge", "change");
  git("init", "-q", "-b", "main");
  write(base);
  commit("base");
  git("checkout", "-q", "-b", "change");
  write(head);
  commit("change");
  git("checkout", "-q", "main");
  merge();
  const github = await startGitHub({
    event: "pull_request",
    permissions: { contents: "read", "pull-requests": "write" },
    prepare: (repository) => {
      repository.commit({ branch: "change", message: "Change", files: { "change.txt": "one" } });
      repository.pull({ branch: "change" });
    },
    ...more,
  });
  let job: Pick<GitHub, "env" | "context"> = github;
  let headSha = git("rev-parse", "change");
  /** The event with the branch's commit of this checkout, and the labels. */
  const context = () => {
    const event = structuredClone(job.context["event"]) as { pull_request?: Record<string, unknown> };
    const pull = event.pull_request;
    if (pull !== undefined) {
      pull["head"] = { ...(pull["head"] as object), sha: headSha };
      if (labels !== undefined) pull["labels"] = labels.map((name) => ({ name }));
    }
    return { ...job.context, event };
  };
  return {
    github,
    machine,
    write,
    git,
    link(path, target) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      symlinkSync(target, join(root, path));
    },
    push(files) {
      git("checkout", "-q", "change");
      write(files);
      commit("more");
      headSha = git("rev-parse", "change");
      git("checkout", "-q", "main");
      git("reset", "-q", "--hard", "HEAD^1");
      merge();
      job = github.job({
        event: { name: "pull_request", number: 1 },
        permissions: { contents: "read", "pull-requests": "write" },
      });
    },
    cost: (inputs = {}, options = {}) =>
      runStep({
        action: ACTION,
        machine,
        with: { manifests: "deploy", "as-of": "2026-11-23", ...inputs },
        env: job.env,
        github: context(),
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      machine.dispose();
    },
  };
}

/** The report file that a run left. */
export function reportOf(result: StepResult): { readonly report: Record<string, unknown> } & Record<string, unknown> {
  return JSON.parse(readFileSync(result.outputs["report-json"] ?? "", "utf8"));
}

export const clusterYaml = (more = ""): string => `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: prod, region: us-east-1, version: "1.34" }
${more}`;

export const nodePool = (types = "[m5.large]"): string => `apiVersion: karpenter.sh/v1
kind: NodePool
metadata: { name: general }
spec:
  template:
    spec:
      nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default }
      requirements:
        - { key: node.kubernetes.io/instance-type, operator: In, values: ${types} }
`;

export const deployment = (
  replicas: number | string,
  more: { cpu?: string; name?: string } = {},
): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${more.name ?? "web"}, namespace: default }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: example.com/web:1
          resources: { requests: { cpu: ${more.cpu ?? "500m"}, memory: 512Mi } }
`;

/** The change of the README: web from two to four replicas on a NodePool of m5.large. */
export const webGrows: SceneOptions = {
  base: { "infra/prod.yaml": clusterYaml(), "deploy/nodes.yaml": nodePool(), "deploy/web.yaml": deployment(2) },
  head: { "deploy/web.yaml": deployment(4) },
};

export const withCluster = { "cluster-config": "infra/prod.yaml" };
