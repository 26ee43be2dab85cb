import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "@eks-actions/manifest";
import type { Program } from "../sides/program.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The variables that hold a session's keys. */
export type JobKeys = Readonly<Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN", string>>;

/**
 * The keys that the job has: from its environment, else from the profile that `AWS_PROFILE` names, as written there or
 * from its `credential_process`. `undefined`: it has none, or of a kind that only the AWS CLI can use.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function jobKeys(env: Env, program: Program, signal: AbortSignal): Promise<JobKeys | undefined> {
  const own = keysOf(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]);
  const profile = env["AWS_PROFILE"] ?? "";
  if (own !== undefined || profile === "") return own;
  const folder = join(env["HOME"] ?? "", ".aws");
  const section = new Map([
    ...readSection(env["AWS_CONFIG_FILE"] || join(folder, "config"), [`profile ${profile}`, profile]),
    ...readSection(env["AWS_SHARED_CREDENTIALS_FILE"] || join(folder, "credentials"), [profile]),
  ]);
  const written = keysOf(
    section.get("aws_access_key_id"),
    section.get("aws_secret_access_key"),
    section.get("aws_session_token"),
  );
  const command = section.get("credential_process");
  return written ?? (command === undefined ? undefined : fromProcess(command, env, program, signal));
}

function keysOf(id: unknown, secret: unknown, token: unknown): JobKeys | undefined {
  if (typeof id !== "string" || typeof secret !== "string" || id === "" || secret === "") return undefined;
  return {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: typeof token === "string" ? token : "",
  };
}

function readSection(file: string, names: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let isInside = false;
  for (const line of readOrEmpty(file).split(/\r?\n/)) {
    const title = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (title !== undefined) isInside = names.includes(title.trim().replace(/\s+/g, " "));
    const match = /^([\w-]+)\s*=\s*(.*)$/.exec(line);
    if (isInside && match !== null) found.set(match[1] ?? "", (match[2] ?? "").trim());
  }
  return found;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // A profile may stand in either file; that it is in none is said as "no credentials".
    return "";
  }
}

async function fromProcess(
  command: string,
  env: Env,
  program: Program,
  signal: AbortSignal,
): Promise<JobKeys | undefined> {
  const [name = "", ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
  const given = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  const { code, stdout } = await program(name, args, {
    cwd: env["HOME"] || "/",
    env: Object.fromEntries(given),
    maxBytes: 64 * 1024,
    signal,
  });
  if (code !== 0) return undefined;
  const answer = parse(stdout);
  return isRecord(answer)
    ? keysOf(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
    : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever the program says instead of keys, it gives none.
    return undefined;
  }
}
