import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Little actions to measure beside the real one, in the very same harness. */
export interface StandIns {
  readonly empty: string;
  /** The two requests of a login by Node alone: answers read, nothing checked. */
  readonly floor: string;
  /**
   * A model of configure-aws-credentials, which is no npm package: its libraries in this repository's versions, packed as
   * it is packed, and its three requests. It leaves out that action's own code, so the action itself is slower.
   */
  readonly peer: string;
  /** Of the model's program; the action itself has 3.09 MB. */
  readonly peerBytes: number;
}

const FLOOR = `
import http from "node:http";
const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, ROLE } = process.env;
const sts = AWS_ENDPOINT_URL_STS || AWS_ENDPOINT_URL;
const agent = new http.Agent({ keepAlive: true });
const ask = (url, options, body) => new Promise((resolve, reject) => http.request(url, { agent, ...options }, (response) => {
  let text = ""; response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text));
}).on("error", reject).end(body));
const headers = { "content-type": "application/x-www-form-urlencoded" };
const post = (fields) => ask(sts, { method: "POST", headers }, new URLSearchParams({ Version: "2011-06-15", ...fields }).toString());
const { value } = JSON.parse(await ask(url + "&audience=sts.amazonaws.com", { headers: { authorization: "Bearer " + bearer } }));
const answer = await post({ Action: "AssumeRoleWithWebIdentity", RoleArn: ROLE, RoleSessionName: "bench", WebIdentityToken: value });
if (!answer.includes("<AccessKeyId>")) throw new Error(answer);
process.exit(0);
`;

type Ncc = (input: string, options: Readonly<Record<string, unknown>>) => Promise<{ readonly code: string }>;

export async function writeStandIns(folder: string): Promise<StandIns> {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const inputs = "inputs: { aws-region: {}, role-to-assume: {} }";
    writeFileSync(
      join(path, "action.yml"),
      `name: ${name}\n${inputs}\nruns: { using: node24, main: index.mjs, post: index.mjs }\n`,
    );
    writeFileSync(join(path, "index.mjs"), text);
    return path;
  };
  const ncc = createRequire(import.meta.url)("@vercel/ncc") as Ncc;
  const model = fileURLToPath(new URL("./peer-model.mjs", import.meta.url));
  const { code } = await ncc(model, { cache: false, minify: false, quiet: true, target: "es2022" });
  return {
    empty: write("empty", ""),
    floor: write("floor", FLOOR),
    peer: write("peer", code),
    peerBytes: Buffer.byteLength(code),
  };
}
