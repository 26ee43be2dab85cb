import { createHash } from "node:crypto";
import { isRecord } from "../json.ts";

/** What post needs to take everything back; main saves it in the step's state. */
export interface RestoreState {
  readonly schemaVersion: 1;
  readonly onPost: "restore" | "keep" | "clear";
  readonly variables: Readonly<Record<string, SavedVariable>>;
  readonly folder: string | undefined;
  readonly kubeconfig: SavedKubeconfig | undefined;
}

/** A kubeconfig outside the private folder. */
export interface SavedKubeconfig {
  readonly path: string;
  /** Of the text that we wrote. */
  readonly sha256: string;
  /** What an earlier auth step had written there; it holds no credentials. */
  readonly former: string | undefined;
}

export interface SavedVariable {
  /** Undefined: it was not set. */
  readonly former: string | undefined;
  /** Of the value that we exported. */
  readonly sha256: string;
}

/** The variables that hold an AWS session. */
export const KEY_VARIABLES: readonly string[] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** Variables whose former value is a secret. */
export const SECRET_VARIABLES: readonly string[] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Remembers what the exports replace. */
export function savedVariables(
  exports: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, SavedVariable>> {
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [name, { former: env[name], sha256: sha256(value) }]),
  );
}

/**
 * Values for GITHUB_ENV that bring back what was there. A variable that somebody changed after us stays; the runner
 * cannot unset one, so what was absent becomes empty. Posts run in reverse, so several auth steps unwind like a stack.
 */
export function restoredVariables(
  state: RestoreState,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  if (state.onPost === "keep") return {};
  const values: Record<string, string> = {};
  for (const [name, { former, sha256: ours }] of Object.entries(state.variables)) {
    if (sha256(env[name] ?? "") !== ours) continue;
    values[name] = state.onPost === "clear" ? "" : (former ?? "");
  }
  return values;
}

/** The saved state, or `undefined` when main saved none. Throws on anything that this version did not write. */
export function parseRestoreState(text: string | undefined): RestoreState | undefined {
  if (text === undefined || text === "") return undefined;
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value["schemaVersion"] !== 1) throw new Error("the saved state is of another version");
  const onPost = value["onPost"];
  if (onPost !== "restore" && onPost !== "keep" && onPost !== "clear") throw new Error("the saved state is damaged");
  const variables: Record<string, SavedVariable> = {};
  for (const [name, saved] of Object.entries(isRecord(value["variables"]) ? value["variables"] : {})) {
    if (!isRecord(saved) || typeof saved["sha256"] !== "string") throw new Error("the saved state is damaged");
    variables[name] = {
      former: typeof saved["former"] === "string" ? saved["former"] : undefined,
      sha256: saved["sha256"],
    };
  }
  const file = value["kubeconfig"];
  return {
    schemaVersion: 1,
    onPost,
    variables,
    folder: typeof value["folder"] === "string" ? value["folder"] : undefined,
    kubeconfig:
      isRecord(file) && typeof file["path"] === "string" && typeof file["sha256"] === "string"
        ? {
            path: file["path"],
            sha256: file["sha256"],
            former: typeof file["former"] === "string" ? file["former"] : undefined,
          }
        : undefined,
  };
}
