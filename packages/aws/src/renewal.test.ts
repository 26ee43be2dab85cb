import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRoleArn } from "./arn.ts";
import { sessionKeys } from "./renewal.ts";
import {
  type CachedSession,
  createSessionFiles,
  readRecipe,
  type SessionRecipe,
  sessionFiles,
} from "./session-file.ts";

const role = parseRoleArn("arn:aws:iam::111122223333:role/deploy");
if (role === undefined) throw new Error("not a role");

const clock = virtualClock();
const keys = { accessKeyId: "ASIAOLD", secretAccessKey: "secret", sessionToken: "token" };
const recipe: SessionRecipe = {
  role,
  region: "eu-west-1",
  stsEndpoint: undefined,
  sessionName: "app-1-1",
  durationSeconds: 3600,
  audience: "sts.amazonaws.com",
  policy: undefined,
  policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
  httpProxy: undefined,
  noProxy: undefined,
  refresh: true,
  clockOffsetSeconds: 0,
};

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "session-"));
  path = join(folder, "session-x.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lay(leftSeconds: number, more: Partial<SessionRecipe> = {}): void {
  const expiresAt = clock.now() + leftSeconds * 1000;
  createSessionFiles(path, { ...recipe, ...more }, { ...keys, expiresAt, obtainedAt: expiresAt - 3_600_000 });
}

async function ask(renew?: () => Promise<CachedSession>) {
  const notes: string[] = [];
  let renewals = 0;
  const fresh = async () => ({
    ...keys,
    accessKeyId: "ASIANEW",
    obtainedAt: clock.now(),
    expiresAt: clock.now() + 3_600_000,
  });
  const ports = {
    clock,
    note: (text: string) => void notes.push(text),
    renew: () => {
      renewals++;
      return (renew ?? fresh)();
    },
  };
  const result = await sessionKeys(path, ports).catch((error: unknown) => error);
  return { result, notes, renewals };
}

const fails = () => Promise.reject(new Error("AWS is away"));

describe("sessionKeys", () => {
  it.each([
    ["fresh", 3000, "ASIAOLD", 0],
    ["at six minutes, a tenth of an hour", 361, "ASIAOLD", 0],
    ["just below six minutes", 359, "ASIANEW", 1],
    ["nearly over", 30, "ASIANEW", 1],
    ["over", -30, "ASIANEW", 1],
  ])("hands out a session that is %s", async (_, left, key, renewals) => {
    lay(left);
    expect(await ask()).toMatchObject({ result: { accessKeyId: key }, renewals, notes: [] });
    expect((await ask()).result).toMatchObject({ accessKeyId: key });
    expect(existsSync(sessionFiles(path).lock)).toBe(false);
  });

  it("uses a session with a minute left when it cannot be renewed, and says so", async () => {
    lay(180);
    const { result, notes } = await ask(fails);
    expect(result).toMatchObject({ accessKeyId: "ASIAOLD" });
    expect(notes.join()).toContain("AWS is away");
  });

  it("fails with the inner reason when nothing usable is left", async () => {
    lay(10);
    expect((await ask(fails)).result).toMatchObject({
      code: "SESSION_RENEW_FAILED",
      message: expect.stringContaining("AWS is away"),
    });
  });

  it("never renews what was not made to, and says when it ended", async () => {
    lay(120, { refresh: false });
    expect(await ask()).toMatchObject({ result: { accessKeyId: "ASIAOLD" }, renewals: 0 });
    rmSync(path);
    rmSync(sessionFiles(path).cache);
    lay(10, { refresh: false });
    expect((await ask()).result).toMatchObject({ code: "SESSION_EXPIRED" });
  });

  it("reckons by the corrected clock", async () => {
    lay(700, { clockOffsetSeconds: 600 });
    expect((await ask()).result).toMatchObject({ accessKeyId: "ASIANEW" });
  });

  it("breaks the lock of a process that was killed", async () => {
    lay(10);
    const { lock } = sessionFiles(path);
    writeFileSync(lock, "");
    utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    using _ = clock.autoAdvance();
    expect((await ask()).result).toMatchObject({ accessKeyId: "ASIANEW" });
  });

  it("waits no longer than ten seconds for another process", async () => {
    lay(180);
    writeFileSync(sessionFiles(path).lock, "");
    using _ = clock.autoAdvance();
    const { result, notes } = await ask();
    expect(result).toMatchObject({ accessKeyId: "ASIAOLD" });
    expect(notes.join()).toContain("has held");
  });
});

describe("session files", () => {
  it("come back as they were written", () => {
    lay(3000, { stsEndpoint: "https://sts.test", policy: "{}", httpProxy: "http://p:1" });
    expect(readRecipe(path)).toEqual({
      ...recipe,
      stsEndpoint: "https://sts.test",
      policy: "{}",
      httpProxy: "http://p:1",
    });
  });

  it.each<[string, () => void]>([
    ["absent", () => undefined],
    [
      "open to others",
      () => {
        lay(3000);
        chmodSync(path, 0o640);
      },
    ],
    [
      "a symbolic link",
      () => {
        lay(3000);
        const link = `${path}.real`;
        rmSync(path);
        writeFileSync(link, "{}", { mode: 0o600 });
        symlinkSync(link, path);
      },
    ],
    ["of another version", () => writeFileSync(path, '{"schemaVersion":2}', { mode: 0o600 })],
    ["no JSON", () => writeFileSync(path, "{", { mode: 0o600 })],
    ["without a role", () => writeFileSync(path, '{"schemaVersion":1}', { mode: 0o600 })],
    ["too large", () => writeFileSync(path, " ".repeat(70_000), { mode: 0o600 })],
    ["a folder", () => void mkdirSync(path)],
  ])("are refused when they are %s", async (_, prepare) => {
    prepare();
    expect((await ask()).result).toMatchObject({ code: "SESSION_FILE_INVALID" });
  });

  it("are refused with a key that holds a line break", async () => {
    lay(3000);
    const { cache } = sessionFiles(path);
    rmSync(cache);
    const at = new Date(clock.now() + 3_600_000).toISOString();
    const text = JSON.stringify({ schemaVersion: 1, ...keys, accessKeyId: "A\nX=1", expiration: at, obtainedAt: at });
    writeFileSync(cache, text, { mode: 0o600 });
    expect((await ask()).result).toMatchObject({ code: "SESSION_FILE_INVALID" });
  });

  it("name no endpoint that a token may not travel to", async () => {
    lay(3000, { stsEndpoint: "http://10.0.0.1" });
    expect((await ask()).result).toMatchObject({ code: "ENDPOINT_REFUSED" });
  });
});
