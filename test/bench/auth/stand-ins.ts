import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Little actions to measure beside the real one, in the very same harness. */
export interface StandIns {
  readonly empty: string;
  /** The two requests of a login by Node alone: answers read, nothing checked. */
  readonly floor: string;
  /**
   * What configure-aws-credentials 6.2.3 was recorded to do on the happy path: 3.09 MB of JavaScript read, a token, the
   * session, GetCallerIdentity. Not the peer itself: it initialises no SDK, so the peer is slower than this.
   */
  readonly recorded: string;
}

const RECORDED_BYTES = 3_090_000;

const REQUESTS = `
import http from "node:http";
const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, ROLE } = process.env;
const sts = AWS_ENDPOINT_URL_STS || AWS_ENDPOINT_URL;
const agent = new http.Agent({ keepAlive: true });
const ask = (url, options, body) => new Promise((resolve, reject) => http.request(url, { agent, ...options }, (response) => {
  let text = ""; response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text));
}).on("error", reject).end(body));
const form = { "content-type": "application/x-www-form-urlencoded" };
const post = (fields, headers = {}) => ask(sts, { method: "POST", headers: { ...form, ...headers } }, new URLSearchParams({ Version: "2011-06-15", ...fields }).toString());
const { value } = JSON.parse(await ask(url + "&audience=sts.amazonaws.com", { headers: { authorization: "Bearer " + bearer } }));
const answer = await post({ Action: "AssumeRoleWithWebIdentity", RoleArn: ROLE, RoleSessionName: "bench", WebIdentityToken: value });
if (!answer.includes("<AccessKeyId>")) throw new Error(answer);
`;
// The signature is left out: the stand-in refuses it, after the same way there and back.
const IDENTITY = `await post({ Action: "GetCallerIdentity" });\n`;
const END = "process.exit(0);\n";

/** @param bundles folder with chunks that fill the recorded peer up to its size */
export function writeStandIns(folder: string, bundles: string): StandIns {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(
      join(path, "action.yml"),
      `name: ${name}\nruns: { using: node24, main: index.mjs, post: index.mjs }\n`,
    );
    writeFileSync(join(path, "index.mjs"), text);
    return path;
  };
  return {
    empty: write("empty", ""),
    floor: write("floor", REQUESTS + END),
    recorded: write("recorded", `${ballast(bundles)}${REQUESTS}${IDENTITY}${END}`),
  };
}

// Real code of SDKs in functions that nobody calls: the engine reads it once, as it reads the unused part of any bundle.
function ballast(bundles: string): string {
  const code = readdirSync(bundles)
    .filter((name) => /^\d+\.index\.js$/.test(name))
    .map((name) => readFileSync(join(bundles, name), "utf8"))
    .map((text) => text.replaceAll(/^import .*$/gm, "").replaceAll(/^export\s*\{[^}]*\};?/gm, ""))
    .map((text) => text.replaceAll(/^export (?=const|let|var|function|class|async)/gm, ""));
  const parts: string[] = [];
  for (let bytes = 0, index = 0; bytes < RECORDED_BYTES && code.length > 0; index++) {
    const text = code[index % code.length] ?? "";
    parts.push(`(() => async function unused${index}() {\n${text}\n});\n`);
    bytes += Buffer.byteLength(text);
  }
  return parts.join("");
}
