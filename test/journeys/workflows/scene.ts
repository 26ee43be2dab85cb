import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import {
  type EventSpec,
  type GitHub,
  type Permissions,
  type Repository,
  startGitHub,
} from "../../fakes/github/index.ts";
import {
  type Artifacts,
  type Concurrency,
  type RanStep,
  runWorkflow,
  type WorkflowResult,
} from "../../runner/index.ts";
import { type EmbeddedStage, embeddedStage } from "../../story/embedded-stage.ts";
import { stepsOf } from "../../story/story.ts";

/** Tree of the release that the consumer calls: this commit's, or another that is to be tried (a downloaded tag). */
export const RELEASE = resolve(process.env["EKS_ACTIONS_RELEASE"] ?? ".release");

export interface Call {
  /** Name of the consumer's workflow: `cluster` runs `.github/workflows/cluster.yml`. */
  readonly workflow: string;
  readonly event: EventSpec;
  /** Of `workflow_dispatch`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Commit in the consumer's git repository. Default: main. */
  readonly sha?: string | undefined;
  readonly artifacts?: Artifacts;
  readonly fork?: boolean;
  /** Something that happens while a job of the called workflow waits to start, such as for its reviewers. */
  readonly before?: Readonly<Record<string, () => void>>;
}

/** The consumer's repository on GitHub and on disk, an AWS account, and a Kubernetes. */
export interface Scene extends AsyncDisposable {
  readonly stage: EmbeddedStage;
  readonly github: GitHub;
  /** Starts the consumer's workflow by an event, with the grants that its file asks for. */
  run(call: Call): Promise<WorkflowResult>;
}

export async function createScene(prepare?: (repository: Repository, stage: EmbeddedStage) => void): Promise<Scene> {
  const stage = await embeddedStage(RELEASE);
  const github = await startGitHub({ repo: "acme/shop", prepare: (repository) => prepare?.(repository, stage) });
  stage.aws.knowIssuer("https://token.actions.githubusercontent.com", github.issuer.jwksUrl);
  return {
    stage,
    github,
    run: (call) => run(stage, github, call),
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

async function run(stage: EmbeddedStage, github: GitHub, call: Call): Promise<WorkflowResult> {
  const { event, sha = stage.app.head() } = call;
  const first = github.job({ event, fork: call.fork });
  return runWorkflow({
    file: join(stage.app.folder, ".github/workflows", `${call.workflow}.yml`),
    github: { ...first.context, sha },
    inputs: call.inputs,
    artifacts: call.artifacts,
    machineEnv: stage.aws.env,
    checkoutFrom: stage.app.folder,
    trees: { "acme/eks-actions@v1": stage.releaseTree },
    identity: ({ id, permissions, environment, jobWorkflowRef }) => {
      call.before?.[id]?.();
      const granted = permissions as Permissions;
      const job = github.job({ event, permissions: granted, environment, jobWorkflowRef, sameRunAs: first });
      return { env: { ...job.env, GITHUB_SHA: sha }, github: { token: job.token } };
    },
  });
}

/** `job: conclusion` of the called workflow, in the order of its file. */
export function conclusions(result: WorkflowResult): readonly string[] {
  return Object.values(result.jobs).flatMap((job) =>
    Object.entries(job.called?.jobs ?? {}).map(([id, called]) => `${id}: ${called.result}`),
  );
}

/** Where GitHub would have queued the called workflow of the run's only job. */
export function laneOf(result: WorkflowResult): Concurrency | undefined {
  return Object.values(result.jobs)[0]?.called?.concurrency;
}

/** Codes of the errors that the run's page shows. */
export function errorsOf(result: WorkflowResult): readonly string[] {
  return stepsOf(result).flatMap((step: RanStep) =>
    step.annotations.filter((entry) => entry.level === "error").map((entry) => entry.title ?? ""),
  );
}

/** Commit of a tag in the consumer's git repository. */
export function tagged(stage: EmbeddedStage, tag: string, sha: string): void {
  execFileSync("git", ["tag", tag, sha], { cwd: stage.app.folder });
}
