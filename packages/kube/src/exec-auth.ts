import { spawn } from "node:child_process";
import { ActionError } from "@eks-actions/action/error";
import { isRecord } from "./error.ts";

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string;
  /** Set with `provideClusterInfo`. */
  readonly cluster: Readonly<Record<string, unknown>> | undefined;
}

export interface ExecCredential {
  readonly token?: string | undefined;
  /** PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Milliseconds since the epoch; absent: good for as long as the server takes it. */
  readonly expiresAt?: number | undefined;
}

// `aws eks get-token` needs a second or two; a plugin that asks a person for input would hang for ever.
const TIMEOUT_MS = 60_000;

/** Runs the plugin once. @throws ActionError `UNAUTHENTICATED` with the plugin's last line on stderr. */
export async function runExecPlugin(plugin: ExecPlugin, signal: AbortSignal): Promise<ExecCredential> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false, ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }) },
  };
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const { code, stdout, stderr } = await runToEnd(
    plugin,
    env,
    AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  );
  if (code !== 0) throw failed(plugin, `ended with ${code}: ${lastLine(stderr) || "no message on stderr"}`);
  return parseCredential(plugin, stdout);
}

function runToEnd(plugin: ExecPlugin, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  return new Promise<{ code: string | number; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, { env, signal, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", (cause) => {
      const isMissing = "code" in cause && cause.code === "ENOENT";
      if (isMissing) reject(failed(plugin, "is not installed", cause));
      else if (signal.aborted && signal.reason instanceof ActionError) reject(signal.reason);
      else reject(failed(plugin, signal.aborted ? `gave no answer in ${TIMEOUT_MS / 1000} s` : cause.message, cause));
    });
    child.once("close", (code, killed) => resolve({ code: code ?? String(killed), stdout, stderr }));
  });
}

function parseCredential(plugin: ExecPlugin, stdout: string): ExecCredential {
  let parsed: unknown;
  try {
    parsed = JSON.parse(stdout);
  } catch (cause) {
    throw failed(plugin, "printed no JSON", cause);
  }
  const status = isRecord(parsed) && parsed["kind"] === "ExecCredential" ? parsed["status"] : undefined;
  if (!isRecord(status)) throw failed(plugin, "printed no ExecCredential with a status");
  const text = (name: string) => (typeof status[name] === "string" && status[name] !== "" ? status[name] : undefined);
  const expiry = text("expirationTimestamp");
  const credential = {
    token: text("token"),
    cert: text("clientCertificateData"),
    key: text("clientKeyData"),
    expiresAt: expiry === undefined ? undefined : Date.parse(expiry),
  };
  if (credential.token === undefined && credential.cert === undefined) {
    throw failed(plugin, "printed an ExecCredential with neither a token nor a certificate");
  }
  return credential;
}

function failed(plugin: ExecPlugin, what: string, cause?: unknown): ActionError {
  return new ActionError("UNAUTHENTICATED", {
    message: `the kubeconfig's credential plugin \`${plugin.command}\` ${what}`,
    hint:
      plugin.installHint.trim() ||
      "run actions/auth with `eks-cluster:` before this step; its kubeconfig needs no plugin",
    cause,
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim().slice(0, 300) ?? "";
}
