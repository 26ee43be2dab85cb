import { readFileSync } from "node:fs";
import type { Finding } from "./findings.ts";
import { type Machine, walk } from "./machine.ts";
import type { Annotation } from "./step-log.ts";

/** Places where a secret may lie on purpose. */
export type SecretPlace = "outputs" | "env" | "state" | "files";

export interface Traces {
  readonly log: string;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
}

// Reading more than this for one step would cost more than the rest of the test.
const FILES = 5_000;
const FILE_BYTES = 4 * 1024 * 1024;

/** Looks for secret values in all that a step leaves behind. Findings name the secret, never its value. */
export function findLeaks(
  secrets: Readonly<Record<string, string>>,
  traces: Traces,
  machine: Machine,
  allowed: readonly SecretPlace[],
): readonly Finding[] {
  const wanted = Object.entries(secrets).filter(([, value]) => value.length >= 4);
  if (wanted.length === 0) return [];
  const places: (readonly [place: string, text: string, kind?: SecretPlace])[] = [
    ["the log", traces.log],
    ["the job summary", traces.summary],
    ...traces.annotations.map((annotation) => ["an annotation", JSON.stringify(annotation)] as const),
    ...named("output", traces.outputs, "outputs"),
    ...named("variable", traces.env, "env"),
    ...named("state", traces.state, "state"),
  ];
  const found: Finding[] = [];
  const scan = (place: string, text: string) => {
    for (const [name, value] of wanted) {
      if (forms(value).some((form) => text.includes(form))) {
        found.push({ code: "SECRET_LEAKED", message: `${name} is in ${place}` });
      }
    }
  };
  for (const [place, text, kind] of places) if (kind === undefined || !allowed.includes(kind)) scan(place, text);
  if (!allowed.includes("files")) {
    for (const file of writtenFiles(machine)) scan(`file ${file.path}`, readFileSync(file.path, "latin1"));
  }
  return found;
}

function named(what: string, values: Readonly<Record<string, string>>, kind: SecretPlace) {
  return Object.entries(values).map(([name, value]) => [`${what} ${name}`, value, kind] as const);
}

function forms(value: string): readonly string[] {
  const lines = value.split(/[\r\n]+/).filter((line) => line.trim().length >= 8);
  return [value, ...lines, Buffer.from(value).toString("base64").replace(/.?=+$/, "")].filter(
    (form) => form.length >= 4,
  );
}

const skipped: ReadonlySet<string> = new Set(["node_modules", ".git", "_runner_file_commands", "_harness"]);

function* writtenFiles(machine: Machine) {
  for (const root of [machine.workspace, machine.temp, machine.home, machine.systemTemp]) {
    for (const file of walk(root, FILES, skipped)) if (file.size <= FILE_BYTES) yield file;
  }
}
