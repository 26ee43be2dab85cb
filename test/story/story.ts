import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Aws } from "../fakes/aws/index.ts";
import { type EventSpec, type GitHub, type Permissions, type Repository, startGitHub } from "../fakes/github/index.ts";
import { type RanStep, runWorkflow, type WorkflowResult } from "../runner/index.ts";
import type { AppRepository } from "./app-repository.ts";

/** Where the story plays. The same story is told on the embedded and on the real Kubernetes. */
export interface Stage {
  readonly aws: Aws;
  readonly app: AppRepository;
  /** The tree of a release of this repository: `acme/eks-actions@v1`. */
  readonly releaseTree: string;
  /** How the simulated nodes know an image that nobody pushed: by its name, or by a label of its pods. */
  readonly missingImages: "by name" | "by label";
  readonly onLine?: (line: string) => void;
  readonly onChapter?: (title: string, trigger: string) => void;
}

/** One workflow run of the story, and what it left. */
export interface Told {
  readonly title: string;
  readonly trigger: string;
  readonly workflow: WorkflowResult;
  readonly durationMs: number;
  readonly comments: readonly { readonly author: string; readonly body: string; readonly edited: boolean }[];
  readonly deploymentStates: readonly string[];
}

export const ROLES = {
  cluster: "arn:aws:iam::111122223333:role/shop-cluster",
  deploy: "arn:aws:iam::111122223333:role/shop-deploy",
} as const;

const SHOP = "arn:aws:eks:us-east-1:111122223333:cluster/shop";
const ISSUER = "https://token.actions.githubusercontent.com";

/** The account before the story: an OIDC provider and three roles; no cluster, no network. */
export function seedAccount(aws: Aws): void {
  aws.trustIssuer(ISSUER);
  aws.addRole({
    name: "shop-cluster",
    trust: trust("repo:acme/shop:environment:infrastructure"),
    inline: { apply: policyOf("bootstrap/iam/apply.json"), destroy: policyOf("bootstrap/iam/destroy.json") },
  });
  // Reads only, so that pull requests and the schedule may take it.
  aws.addRole({
    name: "shop-plan",
    trust: trust("repo:acme/shop:pull_request", "repo:acme/shop:ref:refs/heads/main"),
    inline: { plan: policyOf("bootstrap/iam/plan.json") },
  });
  aws.addRole({
    name: "shop-deploy",
    trust: trust("repo:acme/shop:environment:production"),
    inline: { kubeconfig: policyOf("auth/iam/role-kubeconfig.json", SHOP) },
  });
}

/** A policy file as its README tells a platform team to use it: with the cluster's own ARN in place of the example's. */
function policyOf(file: string, cluster?: string): unknown {
  const text = readFileSync(`actions/${file}`, "utf8");
  return JSON.parse(cluster === undefined ? text : text.replace(/arn:aws:eks:[^"]*:cluster\/[^"]*/, cluster));
}

function trust(...subjects: readonly string[]): unknown {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subjects,
          },
        },
      },
    ],
  };
}

/** A pull request that triples the web pods, and its cost comment. */
export async function pullRequestGetsItsCost(stage: Stage): Promise<Told> {
  const { head, merge } = stage.app.pullRequest(1, (file) => {
    file.write("k8s/web.yaml", file.read("k8s/web.yaml").replace("replicas: 2", "replicas: 6"));
  });
  return play(stage, {
    title: "A pull request gets its cost",
    trigger: "octocat opened pull request #1: six web pods in place of two",
    file: "cost.yml",
    event: { name: "pull_request", number: 1, action: "opened" },
    permissions: { contents: "read", "pull-requests": "write" },
    sha: merge,
    prepare: (repository) => {
      const files = { "k8s/web.yaml": "replicas: 6\n" };
      repository.commit({ branch: "change-1", message: "Six web pods", files, sha: head });
      repository.pull({ branch: "change-1", title: "Six web pods" });
    },
  });
}

/** The cluster of `cluster.yaml`, from an account that has none. */
export async function clusterIsBuilt(stage: Stage): Promise<Told> {
  return play(stage, {
    title: "The cluster is built from an empty account",
    trigger: "octocat pushed cluster.yaml to main",
    file: "cluster.yml",
    event: { name: "push" },
    permissions: { contents: "read", "id-token": "write", "pull-requests": "write" },
    sha: stage.app.head(),
  });
}

/** A release that goes live. */
export async function releaseIsDeployed(stage: Stage): Promise<Told> {
  return play(stage, release("A release is deployed", "v1.1.0", stage.app.head()));
}

/** A release whose image nobody pushed: caught, and the version before it put back. */
export async function badReleaseIsReverted(stage: Stage): Promise<Told> {
  const sha = stage.app.commit("Greet louder", (file) => {
    const text = file.read("k8s/web.yaml").replace("GREETING: hello", "GREETING: HELLO");
    const marked = text.replace(
      "      labels:\n        app: web\n",
      "      labels:\n        app: web\n        sim.test/behaviour: imagepull\n",
    );
    file.write("k8s/web.yaml", stage.missingImages === "by label" ? marked : text);
  });
  return play(stage, release("A bad release is caught and reverted", "v1.2.0-missing", sha));
}

interface Scene {
  readonly title: string;
  readonly trigger: string;
  readonly file: string;
  readonly event: EventSpec;
  readonly permissions: Permissions;
  readonly sha: string;
  readonly prepare?: (repository: Repository) => void;
}

function release(title: string, tag: string, sha: string): Scene {
  return {
    title,
    trigger: `octocat published release ${tag}`,
    file: "release.yml",
    event: { name: "release", tag },
    permissions: { contents: "read", "id-token": "write", deployments: "write" },
    sha,
    prepare: (repository) => {
      repository.commit({ branch: "main", message: tag, files: { VERSION: tag }, sha });
      repository.tag(tag, sha);
    },
  };
}

async function play(stage: Stage, scene: Scene): Promise<Told> {
  stage.onChapter?.(scene.title, scene.trigger);
  const startedAt = performance.now();
  await using github = await startGitHub({
    repo: "acme/shop",
    event: scene.event,
    permissions: scene.permissions,
    prepare: scene.prepare,
  });
  stage.aws.knowIssuer(ISSUER, github.issuer.jwksUrl);
  const workflow = await runWorkflow({
    file: join(stage.app.folder, ".github/workflows", scene.file),
    github: { ...github.context, sha: scene.sha },
    machineEnv: stage.aws.env,
    checkoutFrom: stage.app.folder,
    trees: { "acme/eks-actions@v1": stage.releaseTree },
    ...(stage.onLine === undefined ? {} : { onLine: stage.onLine }),
    identity: ({ permissions, environment, jobWorkflowRef }) => {
      const job = github.job({
        event: scene.event,
        permissions: permissions as Permissions,
        environment,
        jobWorkflowRef,
        sameRunAs: github,
      });
      return { env: { ...job.env, GITHUB_SHA: scene.sha }, github: { token: job.token } };
    },
  });
  const durationMs = performance.now() - startedAt;
  return { title: scene.title, trigger: scene.trigger, workflow, durationMs, ...left(github) };
}

function left(github: GitHub): Pick<Told, "comments" | "deploymentStates"> {
  return {
    comments: github.repo.comments.map((comment) => ({
      author: comment.author,
      body: comment.body,
      edited: comment.updatedAt !== comment.createdAt,
    })),
    deploymentStates: github.repo.deploymentStatuses.map((status) => status.state),
  };
}

/** Steps of all jobs in the order in which they ran, posts included, as a run's page lists them. */
export function stepsOf(workflow: WorkflowResult): readonly RanStep[] {
  return Object.values(workflow.jobs).flatMap((job) => [
    ...job.runs.flatMap((run) => [...run.steps, ...run.posts]),
    ...(job.called === undefined ? [] : stepsOf(job.called)),
  ]);
}
