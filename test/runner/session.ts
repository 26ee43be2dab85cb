import { randomUUID } from "node:crypto";
import type { ActionFile } from "./action-file.ts";
import { contextVariables, createContexts, type GithubContext, type RunContexts } from "./context.ts";
import type { Finding, FindingCode } from "./findings.ts";
import type { SecretPlace } from "./leaks.ts";
import { createMachine, type Machine } from "./machine.ts";
import { createMasks, type Masks } from "./masks.ts";
import { type CancelGrace, runnerGrace } from "./process.ts";

/** What one step or job is run with; all of it optional. */
export interface SessionOptions {
  /** Folders to work in. By default fresh ones, removed when the test process ends. */
  readonly machine?: Machine | undefined;
  /** Variables of the workflow, such as a stand-in hands out. `GITHUB_*` among them become part of the context. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Variables of the machine itself, as a self-hosted runner's: every process has them, no log or expression shows them. */
  readonly machineEnv?: Readonly<Record<string, string | undefined>> | undefined;
  /** Keys of the `github` context: `event`, `event_name`, `sha`, `token`… */
  readonly github?: GithubContext | undefined;
  /** The called workflow that defines the job, `owner/repo/.github/workflows/deploy.yml@v1`. */
  readonly jobWorkflowRef?: string | undefined;
  /** Values masked from the start, as the secrets of a workflow are. */
  readonly masks?: readonly string[] | undefined;
  /** Values by name that must not turn up anywhere. They are not masked: that is the action's duty. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly allowSecretsIn?: readonly SecretPlace[] | undefined;
  /** `any` lifts the refusal of connections beyond loopback. */
  readonly network?: "loopback" | "any" | undefined;
  /** As in a rerun with debug logging: RUNNER_DEBUG=1, `::debug::` shown, commands echoed. */
  readonly debug?: boolean | undefined;
  /** Cancels from outside. */
  readonly signal?: AbortSignal | undefined;
  /** Shorter only in tests of the harness itself. */
  readonly grace?: CancelGrace | undefined;
  /** Findings to get as data instead of as a thrown `RunnerFault`. */
  readonly tolerate?: readonly FindingCode[] | undefined;
  /** Each masked line of the log the moment it is shown. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** A job in progress: what its steps share. */
export interface Session {
  readonly machine: Machine;
  readonly contexts: RunContexts;
  readonly masks: Masks;
  readonly options: SessionOptions;
  readonly grace: CancelGrace;
  readonly trackingId: string;
  readonly cancel: AbortController;
  readonly findings: Finding[];
  /** What every process gets beside the `env` context: the machine's variables and those of the runner's services. */
  readonly machineEnv: Readonly<Record<string, string>>;
  /** Workflow and job variables, and what steps added through GITHUB_ENV. */
  readonly env: Record<string, string>;
  /** Folders from GITHUB_PATH, the latest last. */
  readonly path: string[];
}

export function createSession(options: SessionOptions): Session {
  const machine = options.machine ?? createMachine();
  const contexts = createContexts(machine, options.github, options.env, options);
  const fixed = contextVariables(contexts);
  const env: Record<string, string> = {};
  const machineEnv: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.machineEnv ?? {}))
    if (value !== undefined) machineEnv[name] = value;
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined || name in fixed) continue;
    // The addresses and tokens of the runner's services are no part of the `env` context.
    if (/^ACTIONS_(ID_TOKEN_REQUEST|RUNTIME|RESULTS|CACHE)_/.test(name)) machineEnv[name] = value;
    else env[name] = value;
  }
  const session: Session = {
    machine,
    contexts,
    masks: createMasks([...tokensOf(contexts, machineEnv), ...(options.masks ?? [])]),
    options,
    grace: options.grace ?? runnerGrace,
    trackingId: `github_${randomUUID()}`,
    cancel: new AbortController(),
    findings: [],
    machineEnv,
    env,
    path: [],
  };
  const signal = options.signal;
  if (signal?.aborted === true) session.cancel.abort();
  signal?.addEventListener("abort", () => session.cancel.abort(), { once: true });
  return session;
}

// The runner masks the job's own tokens before the first step, and the header that git sends with the first of them.
function tokensOf(contexts: RunContexts, env: Readonly<Record<string, string>>): readonly string[] {
  const token = contexts.github["token"];
  const header = Buffer.from(`x-access-token:${String(token)}`).toString("base64");
  const tokens = [token, env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], env["ACTIONS_RUNTIME_TOKEN"]];
  const given = tokens.filter((value) => typeof value === "string" && value !== "").map(String);
  return typeof token === "string" && token !== "" ? [...given, header] : given;
}

/** Where an action came from, for the log and for GITHUB_ACTION_*. */
export interface ActionOrigin {
  readonly file: ActionFile;
  /** As written in `uses:`. */
  readonly uses: string;
  readonly repository?: string | undefined;
  readonly ref?: string | undefined;
}
