import { execFile } from "node:child_process";
import { basename } from "node:path";
import { ActionError, type Log } from "@eks-actions/action";
import { parseManifests, type SourcedObject } from "@eks-actions/manifest";
import type { Inputs } from "../inputs.ts";
import { refuseRemoteBases } from "./remote-bases.ts";
import { insidePath, type Places, SOURCE_LIMITS } from "./sources.ts";

const TIME_LIMIT_MS = 60_000;

export interface Renderer {
  readonly places: Places;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Objects of a kustomization or a helm chart, rendered by the real tools. @throws ActionError `RENDER_FAILED` */
export async function renderSources(
  inputs: Inputs,
  renderer: Renderer,
  signal: AbortSignal,
): Promise<readonly SourcedObject[]> {
  return [
    ...(inputs.kustomize === undefined ? [] : await kustomize(inputs.kustomize, inputs, renderer, signal)),
    ...(inputs.chart === undefined ? [] : await helm(inputs.chart, inputs, renderer, signal)),
  ];
}

async function kustomize(
  directory: string,
  inputs: Inputs,
  renderer: Renderer,
  signal: AbortSignal,
): Promise<readonly SourcedObject[]> {
  const path = insidePath(directory, renderer.places);
  if (!inputs.allowRemote) refuseRemoteBases(directory, renderer.places);
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ["kustomize", ["build", path]],
    ["kubectl", ["kustomize", path]],
  ];
  const text = await firstInstalled(
    commands,
    renderer,
    signal,
    "install kustomize or kubectl in a step before this one",
  );
  return rendered(text, directory);
}

async function helm(
  chart: string,
  inputs: Inputs,
  renderer: Renderer,
  signal: AbortSignal,
): Promise<readonly SourcedObject[]> {
  const path = insidePath(chart, renderer.places);
  const values = inputs.values.flatMap((file) => ["--values", insidePath(file, renderer.places)]);
  const sets = inputs.set.flatMap((pair) => ["--set", pair]);
  const name = inputs.releaseName ?? inputs.app;
  const namespace = inputs.namespace === undefined ? [] : ["--namespace", inputs.namespace];
  const args = ["template", name, path, "--include-crds", "--skip-tests", ...namespace, ...values, ...sets];
  const text = await firstInstalled([["helm", args]], renderer, signal, "install helm in a step before this one");
  return rendered(text, chart);
}

function rendered(text: string, source: string): readonly SourcedObject[] {
  const objects = parseManifests(text, source);
  if (objects.length === 0) {
    throw new ActionError("SOURCE_EMPTY", {
      message: `\`${source}\` renders to nothing`,
      hint: "an empty set is refused, because it would prune everything",
    });
  }
  // Lines of rendered text mean nothing to a reader: annotations point to the overlay or chart itself.
  return objects.map(({ object }) => ({ object, source: { file: source, line: 1, lineOf: () => undefined } }));
}

async function firstInstalled(
  commands: readonly (readonly [string, readonly string[]])[],
  renderer: Renderer,
  signal: AbortSignal,
  hint: string,
): Promise<string> {
  for (const [command, args] of commands) {
    const text = await run(command, args, renderer, signal);
    if (text !== undefined) return text;
  }
  const names = commands.map(([command]) => command).join(" or ");
  throw new ActionError("RENDER_FAILED", { message: `${names} is not installed`, hint });
}

/** Output of a program; `undefined` when it is not installed. */
function run(
  command: string,
  args: readonly string[],
  { env, places, log }: Renderer,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: places.workspace,
      env: { ...env },
      timeout: TIME_LIMIT_MS,
      maxBuffer: SOURCE_LIMITS.bytes,
      signal,
      encoding: "utf8" as const,
    };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      if (error.code === "ENOENT") {
        resolve(undefined);
        return;
      }
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const lines = stderr.trim().split("\n").slice(-20);
      log.untrusted(lines);
      const reason =
        error.killed === true ? "took longer than 60 s, or wrote more than 20 MB" : (lines.at(-1) ?? error.message);
      reject(
        new ActionError("RENDER_FAILED", {
          message: `${basename(command)} ${args[0] ?? ""} failed: ${reason.slice(0, 300)}`,
          hint: "its last lines stand in the log",
          cause: error,
        }),
      );
    });
  });
}
