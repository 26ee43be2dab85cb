import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { type CachedSession, parseCached } from "@eks-actions/aws";

// The renewal's own budget is 20 s; a process that is still there after it hangs.
const LIMIT_MS = 25_000;

/** Renews a session in the main bundle. `program` is the credential program's own path. Throws with the inner code. */
export async function renewInChild(
  program: string,
  sessionFile: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CachedSession> {
  const main = join(dirname(program), "..", "index.js");
  const stdout = await new Promise<string>((resolve, reject) => {
    const options = { env: { ...env }, timeout: LIMIT_MS, maxBuffer: 1024 * 1024 };
    execFile(process.execPath, [main, "renew", sessionFile], options, (error, out) => {
      if (error === null) resolve(out);
      else reject(new Error(`the renewal ended with ${error.signal ?? `exit code ${error.code ?? "?"}`}`));
    });
  });
  const answer: unknown = JSON.parse(stdout);
  if (!isRecord(answer)) throw new Error("the renewal gave no answer");
  const { error } = answer;
  if (isRecord(error)) throw new Error(`${String(error["code"])}: ${String(error["message"])}`);
  const session = parseCached(answer["session"]);
  if (session === undefined) throw new Error("the renewal gave no session");
  return session;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
