import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BasePorts, createLog, runAction } from "@eks-actions/action";
import { auth } from "@eks-actions/auth-action/src/action.ts";
import type { Inputs } from "@eks-actions/auth-action/src/inputs.ts";
import type { Ports } from "@eks-actions/auth-action/src/ports.ts";
import { type HurriedClock, hurriedClock } from "../../fakes/hurried-clock.ts";
import { recordingConsole } from "../../fakes/log.ts";
import { createStepFiles, type FileResults, readStepFiles } from "../../runner/file-commands.ts";
import { filesOutsideWorkspace } from "../../runner/machine.ts";
import { createMasks } from "../../runner/masks.ts";
import { inputsOf, type World } from "./world.ts";

export interface InProcess extends FileResults {
  readonly exitCode: number;
  readonly annotations: readonly { readonly level: string; readonly title: string; readonly message: string }[];
  readonly lines: readonly string[];
  readonly filesLeft: readonly string[];
  readonly clock: HurriedClock;
  /** Virtual milliseconds that the run took. */
  readonly tookMs: number;
}

export interface InProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Ports in place of the real ones. */
  readonly ports?: (real: Ports) => Ports;
}

/** The whole action in this process, from inputs to the runner's files, on real sockets with waits that pass at once. */
export async function loginHere(
  world: World,
  inputs: Readonly<Record<string, string>> = {},
  { env = {}, signal = new AbortController().signal, ports = (real) => real }: InProcessOptions = {},
): Promise<InProcess> {
  const { machine, github, aws } = world;
  const files = createStepFiles(machine.temp);
  const event = join(machine.toolCache, "event.json");
  writeFileSync(event, JSON.stringify(github.context["event"] ?? {}));
  const before = filesOutsideWorkspace(machine);
  const clock = hurriedClock(signal);
  const { console, lines, annotations, masks } = recordingConsole();
  const action = {
    ...auth,
    ports: async (base: BasePorts, read: Inputs) => ports(await auth.ports(base, read)),
  };
  const startedAt = clock.now();
  const exitCode = await runAction(action, {
    env: {
      ...aws.env,
      ...github.env,
      GITHUB_EVENT_PATH: event,
      GITHUB_WORKSPACE: machine.workspace,
      GITHUB_OUTPUT: files.output,
      GITHUB_STATE: files.state,
      GITHUB_ENV: files.env,
      GITHUB_PATH: files.path,
      GITHUB_STEP_SUMMARY: files.summary,
      RUNNER_TEMP: machine.temp,
      HOME: machine.home,
      ...env,
      ...Object.fromEntries(
        Object.entries(inputsOf(world, inputs)).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
    },
    clock,
    log: createLog(console, clock),
    signal,
    graceMs: 100,
  });
  const left = filesOutsideWorkspace(machine);
  return {
    ...readStepFiles(files, createMasks(masks)),
    exitCode,
    annotations,
    lines,
    clock,
    tookMs: clock.now() - startedAt,
    filesLeft: [...left].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path),
  };
}
