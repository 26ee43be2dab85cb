import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACTION, createWorld, REGION } from "../journeys/auth/world.ts";

export interface LoginTime {
  readonly what: string;
  readonly median: number;
  readonly min: number;
  readonly overEmpty: number;
}

// What a login costs at least: two requests by Node alone, answers read, nothing checked.
const FLOOR = `
const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer, AWS_ENDPOINT_URL_STS: sts, ROLE } = process.env;
const http = require("node:http");
const ask = (url, options, body) => new Promise((resolve, reject) => http.request(url, options, (response) => {
  let text = ""; response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text));
}).on("error", reject).end(body));
const main = async () => {
  const { value } = JSON.parse(await ask(url + "&audience=sts.amazonaws.com", { headers: { authorization: "Bearer " + bearer } }));
  const form = new URLSearchParams({ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15", RoleArn: ROLE, RoleSessionName: "floor", WebIdentityToken: value }).toString();
  const answer = await ask(sts, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } }, form);
  process.exit(answer.includes("<AccessKeyId>") ? 0 : 1);
};
main();
`;

/** Wall time of a login, interleaved with an empty process and with the floor, so that noise hits all alike. */
export async function loginTimes({ rounds }: { readonly rounds: number }): Promise<readonly LoginTime[]> {
  await using world = await createWorld();
  const folder = mkdtempSync(join(tmpdir(), "bench-login-"));
  const file = (name: string, text = "") => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    RUNNER_TEMP: folder,
    GITHUB_OUTPUT: file("output"),
    GITHUB_ENV: file("env"),
    GITHUB_STATE: file("state"),
    GITHUB_STEP_SUMMARY: file("summary"),
    ...world.aws.env,
    ...world.github.env,
    ROLE: world.role,
    "INPUT_AWS-REGION": REGION,
    "INPUT_ROLE-TO-ASSUME": world.role,
  };
  const programs: readonly (readonly [string, string])[] = [
    ["empty Node", file("empty.cjs")],
    ["floor: two requests, no library", file("floor.cjs", FLOOR)],
    ["auth login", join(ACTION, "dist/index.js")],
  ];
  const times = new Map<string, number[]>(programs.map(([what]) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [what, program] of programs) times.get(what)?.push(await run(program, env));
  }
  rmSync(folder, { recursive: true, force: true });
  const empty = median(times.get("empty Node") ?? []);
  return programs.map(([what]) => {
    const taken = times.get(what) ?? [];
    return { what, median: median(taken), min: Math.min(...taken), overEmpty: median(taken) - empty };
  });
}

function run(program: string, env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], { env, stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
