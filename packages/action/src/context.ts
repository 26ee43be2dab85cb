import { readFileSync, statSync } from "node:fs";

/** What the runner says about this run. Absent variables are empty strings, so that tests need not set all of them. */
export interface RunContext {
  readonly repository: string;
  readonly sha: string;
  readonly ref: string;
  readonly eventName: string;
  readonly runId: string;
  readonly runAttempt: string;
  readonly job: string;
  readonly workflow: string;
  readonly actor: string;
  readonly serverUrl: string;
  readonly apiUrl: string;
  readonly workspace: string;
  readonly tempDir: string;
  /** `https://github.com/o/r/actions/runs/1/attempts/2` */
  readonly runUrl: string;
  /** The event payload, unparsed shape; `undefined` when absent, above 4 MiB, or not JSON. */
  readonly event: unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const EVENT_LIMIT_BYTES = 4 * 1024 * 1024;

export function readContext(env: Readonly<Record<string, string | undefined>>): RunContext {
  const get = (name: string) => env[name] ?? "";
  const serverUrl = get("GITHUB_SERVER_URL") || "https://github.com";
  const attempt = get("GITHUB_RUN_ATTEMPT") || "1";
  return {
    repository: get("GITHUB_REPOSITORY"),
    sha: get("GITHUB_SHA"),
    ref: get("GITHUB_REF"),
    eventName: get("GITHUB_EVENT_NAME"),
    runId: get("GITHUB_RUN_ID"),
    runAttempt: attempt,
    job: get("GITHUB_JOB"),
    workflow: get("GITHUB_WORKFLOW"),
    actor: get("GITHUB_ACTOR"),
    serverUrl,
    apiUrl: get("GITHUB_API_URL") || "https://api.github.com",
    workspace: get("GITHUB_WORKSPACE") || process.cwd(),
    tempDir: get("RUNNER_TEMP"),
    runUrl: `${serverUrl}/${get("GITHUB_REPOSITORY")}/actions/runs/${get("GITHUB_RUN_ID")}/attempts/${attempt}`,
    event: readEvent(get("GITHUB_EVENT_PATH")),
    env,
  };
}

function readEvent(path: string): unknown {
  if (path === "") return undefined;
  try {
    if (statSync(path).size > EVENT_LIMIT_BYTES) return undefined;
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // An absent or broken payload is a state that callers must handle anyway: not every event has one.
    return undefined;
  }
}
