import { ActionError, systemClock } from "@eks-actions/action";
import {
  type AwsKeys,
  type CachedSession,
  CLUSTER_NAME_PATTERN,
  createEksToken,
  REGION_PATTERN,
  readRecipe,
  renewSession,
  sessionKeys,
} from "@eks-actions/aws";
import { isoSeconds } from "./utc.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The program that AWS tools and kubectl start on demand. Answers on stdout; on failure one line on stderr, exit code 1
 * and an empty stdout.
 */
export async function runCredentialProgram(args: readonly string[], env: Env): Promise<number> {
  try {
    const [command, ...rest] = args;
    const options = readOptions(rest);
    if (command === "credential-process") process.stdout.write(`${await credentialProcess(options, env)}\n`);
    else if (command === "eks-token") process.stdout.write(`${await eksToken(options, env)}\n`);
    else throw usage(`unknown command ${JSON.stringify(command ?? "")}`);
    return 0;
  } catch (error) {
    process.stderr.write(`eks-actions auth: ${oneLine(error)}\n`);
    return 1;
  }
}

async function credentialProcess(options: Options, env: Env): Promise<string> {
  const session = await keysOf(need(options, "session"), env);
  return JSON.stringify({
    Version: 1,
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: isoSeconds(session.expiresAt),
  });
}

async function eksToken(options: Options, env: Env): Promise<string> {
  const cluster = need(options, "cluster");
  const region = need(options, "region");
  if (!CLUSTER_NAME_PATTERN.test(cluster)) throw usage(`--cluster ${JSON.stringify(cluster)} is no cluster name`);
  if (!REGION_PATTERN.test(region)) throw usage(`--region ${JSON.stringify(region)} is no region`);
  const session = options["session"];
  const keys = session === undefined ? envKeys(env) : await sessionToKeys(session, env);
  const offset = offsetSeconds(options) ?? (session === undefined ? 0 : readRecipe(session).clockOffsetSeconds);
  const { token, expiresAt } = await createEksToken({
    cluster,
    region,
    keys,
    nowMs: systemClock.now() + offset * 1000,
  });
  // kubectl compares with this machine's clock, so the correction is taken back.
  const expirationTimestamp = isoSeconds(expiresAt - offset * 1000);
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: execApiVersion(env),
    spec: {},
    status: { expirationTimestamp, token },
  });
}

async function sessionToKeys(path: string, env: Env): Promise<AwsKeys> {
  const session = await keysOf(path, env);
  return { ...session, expiration: new Date(session.expiresAt) };
}

function keysOf(path: string, env: Env): Promise<CachedSession> {
  return sessionKeys(path, {
    clock: systemClock,
    renew: (recipe) => renewSession(recipe, env, systemClock),
    note: (text) => process.stderr.write(`eks-actions auth: ${oneLine(text)}\n`),
  });
}

function envKeys(env: Env): AwsKeys {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"] ?? "";
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"] ?? "";
  const sessionToken = env["AWS_SESSION_TOKEN"] ?? "";
  if (accessKeyId === "" || secretAccessKey === "") {
    throw new ActionError("SESSION_FILE_INVALID", {
      message: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set in this process",
      hint: "the kubeconfig of `credentials: env` takes the keys of the calling step; the job's post step has run, or sudo dropped them",
    });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
}

type Options = Readonly<Record<string, string>>;

const KNOWN = ["session", "cluster", "region", "clock-offset"];

function readOptions(args: readonly string[]): Options {
  const options: Record<string, string> = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = /^--(.+)$/.exec(args[i] ?? "")?.[1];
    const value = args[i + 1];
    if (name === undefined || !KNOWN.includes(name) || value === undefined)
      throw usage(`cannot read ${JSON.stringify(args[i])}`);
    options[name] = value;
  }
  return options;
}

function need(options: Options, name: string): string {
  const value = options[name];
  if (value === undefined || value === "") throw usage(`--${name} is missing`);
  return value;
}

function offsetSeconds(options: Options): number | undefined {
  const text = options["clock-offset"];
  if (text === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw usage(`--clock-offset ${JSON.stringify(text)} is no number of seconds`);
  return Number(text);
}

function execApiVersion(env: Env): string {
  const info = /"apiVersion"\s*:\s*"client\.authentication\.k8s\.io\/(v1|v1beta1)"/.exec(
    env["KUBERNETES_EXEC_INFO"] ?? "",
  );
  return `client.authentication.k8s.io/${info?.[1] ?? "v1"}`;
}

function usage(why: string): ActionError {
  return new ActionError("INPUT_INVALID", {
    message: why,
    hint: "credential-process --session FILE, or eks-token --cluster NAME --region REGION [--session FILE] [--clock-offset SECONDS]",
  });
}

function oneLine(error: unknown): string {
  const text =
    error instanceof ActionError
      ? `${error.code}: ${error.message}${error.hint === undefined ? "" : ` · ${error.hint}`}`
      : error instanceof Error
        ? `INTERNAL: ${error.message}`
        : String(error);
  return text.replace(/\s+/g, " ");
}
