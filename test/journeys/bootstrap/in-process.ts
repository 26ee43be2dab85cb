import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, readContext, runAction, systemClock } from "@eks-actions/action";
import { createAws, createClusterApi, createSkewMeter } from "@eks-actions/aws";
import { bootstrap } from "@eks-actions/bootstrap-action/src/action.ts";
import { readInputs } from "@eks-actions/bootstrap-action/src/inputs.ts";
import { observe } from "@eks-actions/bootstrap-action/src/observe.ts";
import { plan } from "@eks-actions/bootstrap-action/src/plan.ts";
import type { Ports } from "@eks-actions/bootstrap-action/src/ports.ts";
import { parseClusterConfig } from "@eks-actions/cluster-config";
import {
  type Aws,
  type AwsOptions,
  type AwsRequest,
  type SessionCredentials,
  startAws,
} from "../../fakes/aws/index.ts";
import { type VirtualClock, virtualClock } from "../../fakes/clock.ts";
import { recordingConsole, silentLog } from "../../fakes/log.ts";

/** A ClusterConfig, or one with the ClusterExtension that extends it. */
export type LabConfig = string | { readonly config: string; readonly extension: string };

/** What every path of a public key holds here. */
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0bX5nq3r5uV1l0p9m8t7s6r5q4p3o2n1m0l9k8j7h6 test";

/** The action in this process on the AWS stand-in, with time that jumps from one event to the next. */
export interface Lab {
  readonly aws: Aws;
  readonly clock: VirtualClock;
  /** Runs from now on with exactly this policy. */
  restrict(policy: unknown): void;
  /** Runs the action once. `onWrite` sees each write before it is sent, counted from 1 over the lab's life. */
  run(config: LabConfig, inputs?: Readonly<Record<string, string>>, options?: LabRun): Promise<Ran>;
  /** The plan that the action would make now. */
  look(config: LabConfig, inputs?: Readonly<Record<string, string>>): Promise<ReturnType<typeof plan>>;
  /** What the action would be given in a run that says nothing. */
  ports(config: LabConfig, inputs?: Readonly<Record<string, string>>): Ports;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What had happened in another lab of the same options up to a moment. */
export interface Past {
  /** Writes that AWS carried out, in order. */
  readonly writes: readonly AwsRequest[];
  /** Virtual time of the moment. */
  readonly at: number;
}

export interface LabRun {
  readonly runId?: string;
  /** Called around each write; throwing or aborting ends the run there. */
  readonly before?: (count: number, operation: string, abort: () => void) => void;
  readonly after?: (count: number, operation: string, abort: () => void) => void;
}

export interface Ran {
  readonly code: number;
  readonly log: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly annotations: readonly { readonly level: string; readonly title: string; readonly message: string }[];
  /** Mutating requests of this run, as the stand-in saw them. */
  readonly writes: readonly string[];
  /** Virtual seconds. */
  readonly seconds: number;
}

export interface LabOptions extends AwsOptions {
  /** The only policy of the role that runs; without it an administrator's. */
  readonly policy?: unknown;
  /** Sessions live four minutes, so the SDK asks for keys again and again, and former ones end. */
  readonly renewing?: boolean | undefined;
  /** What the account holds before anything runs. */
  readonly prepare?: ((aws: Aws) => void) | undefined;
  /** The account begins where another one was. */
  readonly past?: Past | undefined;
}

const IN_FLIGHT = 40;
const QUIET = { GITHUB_REPOSITORY: "acme/infra" };

export async function startLab({ policy, renewing, prepare, past, ...options }: LabOptions = {}): Promise<Lab> {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench", latency: true, region: "eu-west-1", ...options });
  const role = policy === undefined ? undefined : aws.addRole({ name: "runner", inline: { policy } });
  const keys = aws.issueSession(role);
  const folder = mkdtempSync(join(tmpdir(), "bootstrap-lab-"));
  prepare?.(aws);
  if (past !== undefined) await relive(aws, clock, past);
  const ticking = clock.autoAdvance(aws.isBusy);

  function portsOf(
    config: LabConfig,
    raw: Readonly<Record<string, string>>,
    run: LabRun,
    abort: () => void,
    log: Ports["log"],
    env: Record<string, string>,
  ): Ports {
    const context = readContext(env);
    const inputs = readInputs({ config: "cluster.yaml", ...raw }, context);
    const parsed = parseClusterConfig(typeof config === "string" ? config : config.config, {
      file: "cluster.yaml",
      extension: typeof config === "string" ? undefined : { text: config.extension, file: "extension.yaml" },
      convertSelfManaged: inputs.nodegroupsSelfmanaged === "convert",
    });
    const connection = createAws({
      region: parsed.metadata.region,
      clock,
      run: context,
      action: "bootstrap",
      // Signatures carry the machine's time; only states and waits are virtual.
      skew: createSkewMeter(systemClock),
      credentials:
        renewing === true
          ? async () => renewed(aws)
          : {
              accessKeyId: keys.accessKeyId,
              secretAccessKey: keys.secretAccessKey,
              sessionToken: keys.sessionToken,
            },
    });
    const api = createClusterApi(connection, { requestHandler: aws.requestHandler });
    let count = 0;
    return {
      clock,
      log,
      run: context,
      saveState: () => undefined,
      config: parsed,
      random: () => 0.5,
      readText: (path) => readFileSync(path, "utf8"),
      readPublicKey: (path) => (path.endsWith(".pub") ? PUBLIC_KEY : undefined),
      writeReport(name, text) {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
      },
      comment: async () => "no comment",
      driftIssue: async () => "no issue",
      aws: {
        ...api,
        async write(call, signal) {
          count += 1;
          const mine = count;
          run.before?.(mine, call.operation, abort);
          signal.throwIfAborted();
          const answer = await api.write(call, signal);
          run.after?.(mine, call.operation, abort);
          signal.throwIfAborted();
          return answer;
        },
      },
    };
  }

  const ports: Lab["ports"] = (config, raw = {}) =>
    portsOf(config, { mode: "apply", ...raw }, {}, () => undefined, silentLog(clock), QUIET);

  return {
    aws,
    clock,
    restrict(next) {
      const live = [...aws.account.roles.values()].find((candidate) => candidate.arn === role);
      live?.inline.set("policy", JSON.stringify(next));
    },
    async run(config, raw = {}, run = {}) {
      const { console, lines, annotations } = recordingConsole();
      const log = createLog(console, clock);
      const controller = new AbortController();
      const outputFile = join(folder, `output-${Math.random()}`);
      const summaryFile = join(folder, `summary-${Math.random()}`);
      writeFileSync(outputFile, "");
      writeFileSync(summaryFile, "");
      const env: Record<string, string> = {
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        GITHUB_REPOSITORY: "acme/infra",
        GITHUB_RUN_ID: run.runId ?? "100",
        GITHUB_RUN_ATTEMPT: "1",
        GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
        INPUT_CONFIG: "cluster.yaml",
        ...Object.fromEntries(
          Object.entries({ mode: "apply", ...raw }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
      };
      const first = aws.requests.length;
      const startedAt = clock.now();
      const action = {
        ...bootstrap,
        ports: () =>
          portsOf(config, { mode: "apply", ...raw }, run, () => controller.abort(new Error("killed")), log, env),
      };
      const options = { env, clock, log, signal: controller.signal };
      const code = await runAction(action, options);
      return {
        code,
        log: lines,
        outputs: readOutputs(readFileSync(outputFile, "utf8")),
        summary: readFileSync(summaryFile, "utf8"),
        annotations,
        writes: aws.requests
          .slice(first)
          .filter((request) => request.mutating)
          .map(
            (request) =>
              `${request.service}:${request.operation}${request.error === undefined ? "" : ` ${request.error}`}`,
          ),
        seconds: (clock.now() - startedAt) / 1000,
      };
    },
    async look(config, raw = {}) {
      const inputs = readInputs({ config: "cluster.yaml", mode: "apply", ...raw }, readContext(QUIET));
      return plan(inputs, await observe(inputs, ports(config, raw), new AbortController().signal));
    },
    ports,
    async [Symbol.asyncDispose]() {
      ticking[Symbol.dispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}

function renewed(aws: Aws): SessionCredentials {
  // Requests under way still hold the keys before these.
  for (const session of [...aws.account.sessions.values()].slice(0, -IN_FLIGHT)) session.expiresAt = 0;
  return aws.issueSession(undefined, { durationSeconds: 240 });
}

async function relive(aws: Aws, clock: VirtualClock, { writes, at }: Past): Promise<void> {
  for (const write of writes) {
    await clock.advance(write.at - clock.now());
    await aws.repeat(write);
  }
  await clock.advance(at - clock.now());
}

/**
 * Every moment at which a run can have been killed: after each write, answered or not, and before the next one if time
 * passed in between. `since`: requests of the lab that went before the run.
 */
export function momentsOf(aws: Aws, since = 0): readonly Past[] {
  const isWrite = (request: AwsRequest) => request.mutating && request.error === undefined;
  const before = aws.requests.slice(0, since).filter(isWrite);
  const run = aws.requests.slice(since).filter(isWrite);
  return run.flatMap((write, index): readonly Past[] => {
    const writes = [...before, ...run.slice(0, index + 1)];
    const next = run[index + 1];
    const waited = next !== undefined && next.at - write.at >= 1000;
    return [{ writes, at: write.at }, ...(waited ? [{ writes, at: next.at }] : [])];
  });
}

function readOutputs(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [, name, , value] of text.matchAll(/^([^\n<]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)) {
    if (name !== undefined) found[name] = value ?? "";
  }
  return found;
}
