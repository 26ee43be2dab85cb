import type { Aws } from "../fakes/aws/index.ts";
import { type EventSpec, type GitHub, type Permissions, type Repository, startGitHub } from "../fakes/github/index.ts";
import { createMachine, type JobResult, type JobStep, type RanStep, runJob } from "../runner/index.ts";
import type { AppRepository } from "./repository.ts";

/** Where the story plays. The same story is told on the embedded and on the real Kubernetes. */
export interface Stage {
  readonly aws: Aws;
  readonly app: AppRepository;
  /** The tree of a release of this repository: `acme/eks-actions@v1`. */
  readonly releaseTree: string;
  readonly onLine?: (line: string) => void;
  readonly onChapter?: (title: string, trigger: string) => void;
}

/** One job of the story, and what it left. */
export interface Told {
  readonly title: string;
  readonly trigger: string;
  readonly job: JobResult;
  readonly comments: readonly { readonly author: string; readonly body: string; readonly edited: boolean }[];
  readonly deploymentStates: readonly string[];
}

export const ROLES = {
  cluster: "arn:aws:iam::111122223333:role/shop-cluster",
  deploy: "arn:aws:iam::111122223333:role/shop-deploy",
} as const;

const ISSUER = "https://token.actions.githubusercontent.com";
const RUN_AS = { "aws-region": "us-east-1" };

/** The account before the story: an OIDC provider and two roles; no cluster, no network. */
export function seedAccount(aws: Aws): void {
  aws.trustIssuer(ISSUER, `${aws.url}/unused`);
  const trust = (subject: string) => ({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subject,
          },
        },
      },
    ],
  });
  aws.addRole({
    name: "shop-cluster",
    trust: trust("repo:acme/shop:environment:infrastructure"),
    managed: ["AdministratorAccess"],
  });
  aws.addRole({
    name: "shop-deploy",
    trust: trust("repo:acme/shop:environment:production"),
    inline: {
      describe: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "eks:DescribeCluster", Resource: "*" }],
      },
    },
  });
}

interface Scene {
  readonly title: string;
  readonly trigger: string;
  readonly event: EventSpec;
  readonly permissions: Permissions;
  readonly environment?: string;
  readonly prepare?: (repository: Repository) => void;
  readonly ref: string;
  readonly steps: readonly JobStep[];
}

/** A pull request that doubles the web pods, and its cost comment. */
export async function pullRequestGetsItsCost(stage: Stage): Promise<Told> {
  const ref = stage.app.pullRequest(1, (read, write) => {
    write("k8s/web.yaml", read("k8s/web.yaml").replace("replicas: 2", "replicas: 6"));
  });
  return play(stage, {
    title: "A pull request gets its cost",
    trigger: "octocat opened pull request #1: six web pods in place of two",
    event: { name: "pull_request", number: 1, action: "opened" },
    permissions: { contents: "read", "pull-requests": "write" },
    prepare: (repository) => {
      repository.commit({ branch: "change-1", message: "Six web pods", files: { "k8s/web.yaml": "changed\n" } });
      repository.pull({ branch: "change-1" });
    },
    ref,
    steps: [
      {
        id: "cost",
        name: "Cost of the change",
        uses: "acme/eks-actions/actions/cost-diff@v1",
        with: { manifests: "k8s", "cluster-config": "cluster.yaml", "as-of": "2026-11-23" },
      },
    ],
  });
}

/** The cluster of `cluster.yaml`, from an account that has none. */
export async function clusterIsBuilt(stage: Stage): Promise<Told> {
  return play(stage, {
    title: "The cluster is built from an empty account",
    trigger: "octocat pushed cluster.yaml to main",
    event: { name: "push" },
    permissions: { contents: "read", "id-token": "write" },
    environment: "infrastructure",
    ref: "main",
    steps: [
      {
        name: "AWS credentials",
        uses: "acme/eks-actions/actions/auth@v1",
        with: { ...RUN_AS, "role-to-assume": ROLES.cluster },
      },
      {
        id: "bootstrap",
        name: "Cluster",
        uses: "acme/eks-actions/actions/bootstrap@v1",
        with: { mode: "apply", config: "cluster.yaml" },
      },
    ],
  });
}

/** A release that goes live. */
export async function releaseIsDeployed(stage: Stage): Promise<Told> {
  return play(stage, release("A release is deployed", "v1.1.0", "1.1.0"));
}

/** A release whose image nobody pushed: caught, and the version before it put back. */
export async function badReleaseIsReverted(stage: Stage): Promise<Told> {
  return play(stage, release("A bad release is caught and reverted", "v1.2.0", "1.2.0-missing"));
}

function release(title: string, tag: string, image: string): Scene {
  return {
    title,
    trigger: `octocat published release ${tag}`,
    event: { name: "release", tag },
    permissions: { contents: "read", "id-token": "write", deployments: "write" },
    environment: "production",
    prepare: (repository) => repository.tag(tag, repository.state.refs.get("refs/heads/main") ?? ""),
    ref: "main",
    steps: [
      {
        name: "AWS credentials and kubeconfig",
        uses: "acme/eks-actions/actions/auth@v1",
        with: { ...RUN_AS, "role-to-assume": ROLES.deploy, "eks-cluster": "shop" },
      },
      {
        id: "rollout",
        name: `Rollout of ${tag}`,
        uses: "acme/eks-actions/actions/rollout@v1",
        with: {
          app: "shop",
          namespace: "shop",
          manifests: "k8s",
          images: `registry.example/shop/web=registry.example/shop/web:${image}`,
          environment: "production",
        },
      },
    ],
  };
}

async function play(stage: Stage, scene: Scene): Promise<Told> {
  stage.onChapter?.(scene.title, scene.trigger);
  await using github = await startGitHub({
    repo: "acme/shop",
    event: scene.event,
    permissions: scene.permissions,
    environment: scene.environment,
    prepare: scene.prepare,
  });
  stage.aws.knowIssuer(ISSUER, github.issuer.jwksUrl);
  using machine = createMachine(stage.app.checkout(scene.ref));
  const job = await runJob(scene.steps, {
    machine,
    env: { ...github.env, ...stage.aws.env },
    github: github.context,
    trees: { "acme/eks-actions@v1": stage.releaseTree },
    onLine: stage.onLine,
  });
  return { title: scene.title, trigger: scene.trigger, job, ...left(github) };
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

/** The main stages and posts of a job, as a log shows them. */
export function stepsOf(job: JobResult): readonly RanStep[] {
  return [...job.steps, ...job.posts];
}
