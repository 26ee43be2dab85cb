import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProgram } from "../sides/program.ts";
import { jobKeys } from "./job-keys.ts";

const home = mkdtempSync(join(tmpdir(), "home-"));
mkdirSync(join(home, ".aws"));
const answer = JSON.stringify({ Version: 1, AccessKeyId: "AKIAPROCESS", SecretAccessKey: "p", SessionToken: "t" });
writeFileSync(join(home, "keys.sh"), `#!/bin/sh\n[ "$1" = "a b" ] && echo '${answer}'\n`, { mode: 0o755 });
writeFileSync(
  join(home, ".aws/config"),
  `# ours
[default]
region = us-east-1
[profile deploy]
region = eu-west-1
credential_process = "${home}/keys.sh" "a b"
[profile broken]
credential_process = ${home}/keys.sh
[profile sso]
sso_session = x
`,
);
writeFileSync(
  join(home, ".aws/credentials"),
  "[written]\naws_access_key_id = AKIAWRITTEN\naws_secret_access_key = w\n\n[other]\naws_access_key_id=AKIAOTHER\n",
);

describe("the job's keys", () => {
  it.each([
    [{}, undefined],
    [{ AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "e", AWS_PROFILE: "written" }, "AKIAENV"],
    [{ AWS_PROFILE: "written" }, "AKIAWRITTEN"],
    [{ AWS_PROFILE: "deploy" }, "AKIAPROCESS"],
    [{ AWS_PROFILE: "broken" }, undefined],
    [{ AWS_PROFILE: "sso" }, undefined],
    [{ AWS_PROFILE: "other" }, undefined],
    [{ AWS_PROFILE: "nobody" }, undefined],
  ])("with %j are those of %s", async (env, id) => {
    const signal = new AbortController().signal;
    const keys = await jobKeys({ HOME: home, PATH: process.env["PATH"], ...env }, runProgram, signal);
    expect(keys?.AWS_ACCESS_KEY_ID).toBe(id);
    if (id === "AKIAPROCESS") expect(keys?.AWS_SESSION_TOKEN).toBe("t");
  });
});
