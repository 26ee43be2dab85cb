import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Aws, type AwsOptions, startAws } from "../../fakes/aws/index.ts";
import { createMachine, type Machine, runStep, type StepOptions, type StepResult } from "../../runner/index.ts";

export const REGION = "eu-west-1";
/** The built action; another tree lets the journeys run while this one is being bundled. */
const ACTION = join(process.env["ACTIONS_TREE"] ?? ".", "actions/bootstrap");

/** A workspace with a config, an AWS account, and the built action between them. */
export interface Scene extends AsyncDisposable {
  readonly aws: Aws;
  readonly machine: Machine;
  /** Writes a file into the workspace. */
  write(path: string, text: string): void;
  bootstrap(inputs?: Readonly<Record<string, string>>, options?: Partial<StepOptions>): Promise<StepResult>;
  /** Mutating requests since the last call: `eks:CreateCluster`. */
  writes(): readonly string[];
}

/** Time passes 6,000 times faster than in AWS, because the action's own waits are real. */
export async function createScene(options: AwsOptions = {}): Promise<Scene> {
  const aws = await startAws({
    region: REGION,
    scale: 1 / 6_000,
    durations: "bench",
    iamPropagation: true,
    ...options,
  });
  const keys = aws.issueSession();
  const machine = createMachine();
  const env = {
    ...aws.env,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_REGION: REGION,
  };
  let seen = 0;
  return {
    aws,
    machine,
    write(path, text) {
      mkdirSync(dirname(join(machine.workspace, path)), { recursive: true });
      writeFileSync(join(machine.workspace, path), text);
    },
    bootstrap: (inputs = {}, more = {}) =>
      runStep({
        action: ACTION,
        machine,
        with: { config: "cluster.yaml", mode: "apply", ...inputs },
        masks: [keys.secretAccessKey, keys.sessionToken],
        ...more,
        env: { ...env, ...more.env },
      }),
    writes() {
      const fresh = aws.requests.slice(seen);
      seen = aws.requests.length;
      return fresh.filter((request) => request.mutating).map((request) => `${request.service}:${request.operation}`);
    },
    async [Symbol.asyncDispose]() {
      machine[Symbol.dispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}

/** `code file:line:column message` of each error annotation. */
export function errorsOf(result: StepResult): readonly string[] {
  return result.annotations
    .filter((note) => note.level === "error")
    .map((note) => `${note.title ?? ""} ${note.file ?? ""}:${note.line ?? ""}:${note.column ?? ""} ${note.message}`);
}
