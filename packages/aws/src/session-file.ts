import { ActionError } from "@eks-actions/action";
import { parseRoleArn, type RoleArn } from "./arn.ts";
import { checkEndpoint } from "./endpoint.ts";
import { REGION_PATTERN } from "./partition.ts";
import { createPrivate, readPrivate, replacePrivate } from "./private-file.ts";
import type { Session } from "./session.ts";

/** How a session is renewed. No secret, unless the proxy's URL holds one. */
export interface SessionRecipe {
  readonly role: RoleArn;
  readonly region: string;
  readonly stsEndpoint: string | undefined;
  readonly sessionName: string;
  readonly durationSeconds: number;
  readonly audience: string;
  readonly policy: string | undefined;
  readonly policyArns: readonly string[];
  readonly httpProxy: string | undefined;
  readonly noProxy: string | undefined;
  readonly refresh: boolean;
  /** Server time − this machine's, as measured at login. */
  readonly clockOffsetSeconds: number;
}

/** A session's keys as they lie in the cache. */
export interface CachedSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly obtainedAt: number;
}

const MAX_BYTES = 64 * 1024;

export interface SessionFiles {
  readonly recipe: string;
  readonly cache: string;
  readonly lock: string;
}

/** `session-x.json`, `session-x.cache`, `session-x.lock` */
export function sessionFiles(recipe: string): SessionFiles {
  const base = recipe.replace(/\.json$/, "");
  return { recipe, cache: `${base}.cache`, lock: `${base}.lock` };
}

export function createSessionFiles(recipePath: string, recipe: SessionRecipe, session: CachedSession): void {
  const { role, refresh, ...rest } = recipe;
  createPrivate(recipePath, `${JSON.stringify({ schemaVersion: 1, roleArn: role.arn, ...rest, refresh })}\n`);
  createPrivate(sessionFiles(recipePath).cache, cacheText(session));
}

export function cached(session: Session, obtainedAt: number): CachedSession {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = session;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, obtainedAt };
}

export function writeCache(path: string, session: CachedSession): void {
  replacePrivate(path, cacheText(session));
}

function cacheText({ expiresAt, obtainedAt, ...keys }: CachedSession): string {
  const at = (ms: number) => new Date(ms).toISOString();
  return `${JSON.stringify({ schemaVersion: 1, ...keys, expiration: at(expiresAt), obtainedAt: at(obtainedAt) })}\n`;
}

/** @throws ActionError `SESSION_FILE_INVALID` */
export function readRecipe(path: string): SessionRecipe {
  const record = readRecord(path);
  const optional = (name: string) => (typeof record[name] === "string" ? record[name] : undefined);
  const role = parseRoleArn(optional("roleArn") ?? "");
  const region = optional("region") ?? "";
  const { durationSeconds, policyArns, clockOffsetSeconds } = record;
  if (role === undefined || !REGION_PATTERN.test(region) || typeof durationSeconds !== "number") {
    throw invalid(path, "it holds no role, region or duration");
  }
  const endpoint = optional("stsEndpoint");
  return {
    role,
    region,
    stsEndpoint: endpoint === undefined ? undefined : checkEndpoint(endpoint, `session file ${path}`),
    sessionName: optional("sessionName") ?? "",
    durationSeconds,
    audience: optional("audience") ?? "",
    policy: optional("policy"),
    policyArns: Array.isArray(policyArns) ? policyArns.filter((arn) => typeof arn === "string") : [],
    httpProxy: optional("httpProxy"),
    noProxy: optional("noProxy"),
    refresh: record["refresh"] === true,
    clockOffsetSeconds: typeof clockOffsetSeconds === "number" ? clockOffsetSeconds : 0,
  };
}

/** @throws ActionError `SESSION_FILE_INVALID` */
export function readCache(path: string): CachedSession {
  const record = readRecord(path);
  const time = (name: string) => (typeof record[name] === "string" ? Date.parse(record[name]) : Number.NaN);
  const session = parseCached({ ...record, expiresAt: time("expiration"), obtainedAt: time("obtainedAt") });
  if (session === undefined) throw invalid(path, "a key or a date is missing");
  return session;
}

/** Keys and times of any record; `undefined` when one is missing or holds a space or control character. */
function parseCached(value: unknown): CachedSession | undefined {
  if (!isRecord(value)) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, obtainedAt } = value;
  if (!isWord(accessKeyId) || !isWord(secretAccessKey) || !isWord(sessionToken)) return undefined;
  if (!isTime(expiresAt) || !isTime(obtainedAt)) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, obtainedAt };
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function readRecord(path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(readPrivate(path, MAX_BYTES));
  } catch (cause) {
    const reason =
      cause instanceof SyntaxError ? "it is not JSON" : cause instanceof Error ? cause.message : String(cause);
    throw invalid(path, reason, cause);
  }
  if (!isRecord(value) || value["schemaVersion"] !== 1) throw invalid(path, "it is not of this version");
  return value;
}

function invalid(path: string, why: string, cause?: unknown): ActionError {
  return new ActionError("SESSION_FILE_INVALID", {
    message: `session file ${path} cannot be used: ${why}`,
    hint: "the job's post step has run, or the file is of another job: log in again",
    cause,
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
