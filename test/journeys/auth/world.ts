import { resolve } from "node:path";
import { type Aws, type AwsOptions, startAws } from "../../fakes/aws/index.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "../../fakes/github/index.ts";
import { createMachine, type JobResult, type Machine, runJob, runStep, type StepResult } from "../../runner/index.ts";

export const REGION = "eu-west-1";
export const ACCOUNT = "111122223333";
/** The built actions; another tree lets the journeys run while this one is being bundled. */
const TREE = resolve(process.env["ACTIONS_TREE"] ?? ".");
export const ACTION = resolve(TREE, "actions/auth");
export const ISSUER = "token.actions.githubusercontent.com";

type Values = Readonly<Record<string, string>>;

export interface World extends AsyncDisposable {
  readonly aws: Aws;
  readonly github: GitHub;
  readonly machine: Machine;
  /** ARN of role `deploy`. */
  readonly role: string;
  /** The subject that the job presents. */
  readonly sub: string;
  /** The main stage alone. Inputs are for role `deploy` unless given. */
  login(inputs?: Values, env?: Values): Promise<StepResult>;
  /** The post stage of a login. */
  post(of: StepResult): Promise<StepResult>;
  /** Whole jobs, posts included; each item is one auth step or a shell script. */
  job(steps: readonly (Values | string)[], env?: Values): Promise<JobResult>;
}

export interface WorldOptions {
  readonly github?: GitHubOptions;
  readonly aws?: AwsOptions;
  /** Subject that the role trusts; default the job's own. */
  readonly trusts?: string;
  /** Role name; default `deploy`. */
  readonly role?: string;
  readonly permissions?: GitHubOptions["permissions"];
  readonly provider?: boolean;
}

/** GitHub with a job that may ask for tokens, and an AWS account whose role trusts exactly this job. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const github = await startGitHub({
    repo: "acme/payments-api",
    permissions: options.permissions ?? { "id-token": "write", contents: "read" },
    ...options.github,
  });
  const aws = await startAws({ region: REGION, iamPropagation: false, latency: false, ...options.aws });
  if (options.provider === false) aws.knowIssuer(github.issuer.url, github.issuer.jwksUrl);
  else aws.trustIssuer(github.issuer.url, github.issuer.jwksUrl);
  const sub = String(github.issuer.claims("sts.amazonaws.com")["sub"]);
  const role = aws.addRole({
    name: options.role ?? "deploy",
    trust: trustFor(options.trusts ?? sub, github.issuer.url),
    inline: { describe: allow("eks:DescribeCluster") },
    maxSessionDuration: 7200,
  });
  const machine = createMachine();
  const env = { ...aws.env, ...github.env };
  const { jobWorkflowRef } = options.github ?? {};
  return {
    aws,
    github,
    machine,
    role,
    sub,
    login: (inputs = {}, extra = {}) =>
      runStep({
        action: ACTION,
        machine,
        with: inputsOf({ role }, inputs),
        env: { ...env, ...extra },
        github: github.context,
        jobWorkflowRef,
      }),
    post: (of) =>
      runStep({
        action: ACTION,
        stage: "post",
        machine,
        env: { ...env, ...of.env },
        state: of.state,
        github: github.context,
      }),
    job: (steps, extra = {}) =>
      runJob(
        steps.map((step, i) =>
          typeof step === "string"
            ? { run: step }
            : { id: `auth${i}`, uses: "acme/eks-actions/actions/auth@v1", with: inputsOf({ role }, step) },
        ),
        {
          machine,
          trees: { "acme/eks-actions@v1": TREE },
          env: { ...env, ...extra },
          github: github.context,
          jobWorkflowRef,
        },
      ),
    async [Symbol.asyncDispose]() {
      machine.dispose();
      await github[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}

/** Region and role where a test says nothing else of them. */
export function inputsOf({ role }: Pick<World, "role">, inputs: Values): Values {
  const names = ["role-to-assume", "role-name", "roles", "mode"];
  const hasRole = names.some((name) => inputs[name] !== undefined);
  return { "aws-region": REGION, ...(hasRole ? {} : { "role-to-assume": role }), ...inputs };
}

export function trustFor(sub: string, issuer: string = `https://${ISSUER}`, keys: Values = {}) {
  const provider = issuer.replace("https://", "").replace("http://", "");
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${provider}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${provider}:aud`]: "sts.amazonaws.com", [`${provider}:sub`]: sub, ...keys } },
      },
    ],
  };
}

function allow(action: string) {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] };
}

/** Codes of the error annotations, in order. */
export function errorCodes(result: {
  readonly annotations: readonly { readonly level: string; readonly title?: string | undefined }[];
}): readonly string[] {
  return result.annotations.filter((note) => note.level === "error").map((note) => note.title ?? "");
}

/** Calls that reached a service: `sts`, `eks`. */
export function calls(world: Pick<World, "aws">, service: string): readonly string[] {
  return world.aws.requests.filter((request) => request.service === service).map((request) => request.operation);
}

/** Requests for an OIDC token. */
export function tokenRequests(world: Pick<World, "github">): number {
  return world.github.requests.filter((request) => request.path.includes("/idtoken/")).length;
}

/** A cluster of the account whose API server answers nowhere: enough for what auth itself does. */
export function addCluster(world: Pick<World, "aws">, name: string, endpoint = "https://127.0.0.1:1"): string {
  const arn = world.aws.addCluster({ name });
  const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  world.aws.connect(name, { endpoint, caData: Buffer.from(pem).toString("base64") });
  return arn;
}

export interface AuthReport {
  readonly verdict: string;
  readonly code?: string;
  readonly requests: { readonly oidc: number; readonly sts: number; readonly eks: number };
  readonly retries: readonly { readonly api: string; readonly code: string }[];
  readonly clockSkewSeconds: number;
  readonly sessions: readonly { readonly profile: string; readonly roleArn: string }[];
  readonly trust?: { readonly verdict: string; readonly failing: readonly { readonly key: string }[] };
}

export function reportOf(result: { readonly outputs: StepResult["outputs"] }): AuthReport {
  return JSON.parse(result.outputs["report"] ?? "{}") as AuthReport;
}
