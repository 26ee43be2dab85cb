import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuiltIn, BuiltInCall } from "./built-in.ts";

/** Artifacts of a workflow run: name → path in it → content. */
export type Artifacts = Map<string, ReadonlyMap<string, Buffer>>;

/** Stand-ins for the actions of GitHub's own that our workflows use. */
export function githubBuiltIns(checkoutFrom: string | undefined, artifacts: Artifacts): Record<string, BuiltIn> {
  return {
    "actions/checkout": (call) => checkout(call, checkoutFrom),
    "actions/upload-artifact": (call) => upload(call, artifacts),
    "actions/download-artifact": (call) => download(call, artifacts),
    // Nothing was ever saved: what every first run sees.
    "actions/cache": () => ({ outputs: { "cache-hit": "" }, lines: ["Cache not found"] }),
  };
}

// By fetch and not by clone, because the depth counts and a merge commit is on no branch.
function checkout(call: BuiltInCall, source: string | undefined) {
  if (source === undefined) return { error: "no repository to check out was given (checkoutFrom)" };
  const { session } = call;
  const folder = resolve(session.machine.workspace, call.with["path"] ?? "");
  const wanted = call.with["ref"] || String(session.contexts.github["sha"] ?? "") || "HEAD";
  const depth = Number(call.with["fetch-depth"] ?? 1);
  for (const entry of list(folder)) rmSync(join(folder, entry), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: gitEnv(session.machine.home),
    });
  try {
    git("init", "--quiet", "--initial-branch=main");
    git("remote", "add", "origin", pathToFileURL(source).href);
    const uploadPack = "git -c uploadpack.allowAnySHA1InWant=true upload-pack";
    const limit = depth > 0 ? [`--depth=${depth}`] : [];
    git("fetch", "--quiet", "--no-tags", ...limit, `--upload-pack=${uploadPack}`, "origin", wanted);
    git("checkout", "--quiet", "--detach", "FETCH_HEAD");
    const commit = git("rev-parse", "HEAD").trim();
    return { outputs: { ref: wanted, commit }, lines: [`HEAD is now at ${commit.slice(0, 7)}`] };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    return { error: `The process '/usr/bin/git' failed: ${said}` };
  }
}

function gitEnv(home: string): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
}

function upload(call: BuiltInCall, artifacts: Artifacts) {
  const name = call.with["name"] || "artifact";
  const { workspace } = call.session.machine;
  const patterns = (call.with["path"] ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const withHidden = call.with["include-hidden-files"] === "true";
  const found = patterns.map((pattern) => filesOf(pattern, workspace, withHidden));
  const files = [...new Set(found.flatMap((one) => one.files))];
  const fault = nameFault("artifact name", name, /["/\\:<>|*?\r\n]/);
  if (fault !== undefined) return { error: fault };
  if (files.length === 0) {
    const message = `No files were found with the provided path: ${patterns.join(", ")}. No artifacts will be uploaded.`;
    const mode = call.with["if-no-files-found"] ?? "warn";
    if (mode === "error") return { error: message };
    return { lines: mode === "ignore" ? [] : [`##[warning]${message}`] };
  }
  if (artifacts.has(name) && call.with["overwrite"] !== "true") {
    return {
      error: `Failed to CreateArtifact: an artifact with this name already exists on the workflow run: ${name}`,
    };
  }
  const root = rootOf(files, found);
  const content = new Map(files.map((file) => [relative(root, file), readFileSync(file)]));
  const badPath = [...content.keys()].map((path) =>
    nameFault("path for one of the files in artifact", path, /["\\:<>|*?\r\n]/),
  );
  const bad = badPath.find((text) => text !== undefined);
  if (bad !== undefined) return { error: bad };
  artifacts.set(name, content);
  return {
    outputs: { "artifact-id": String(artifacts.size) },
    lines: [`Artifact ${name} has been successfully uploaded! ${files.length} file(s)`],
  };
}

function download(call: BuiltInCall, artifacts: Artifacts) {
  const folder = resolve(call.session.machine.workspace, call.with["path"] ?? "");
  const name = call.with["name"] ?? "";
  const names = name === "" ? [...artifacts.keys()].filter((key) => matches(key, call.with["pattern"])) : [name];
  for (const wanted of names) {
    const files = artifacts.get(wanted);
    if (files === undefined) {
      return { error: `Unable to download artifact(s): Artifact not found for name: ${wanted}` };
    }
    // Without a name each artifact gets a folder of its own, unless they are to be merged.
    const target = name === "" && call.with["merge-multiple"] !== "true" ? join(folder, basename(wanted)) : folder;
    for (const [path, content] of files) {
      const file = join(target, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }
  return { outputs: { "download-path": folder }, lines: [`Total of ${names.length} artifact(s) downloaded`] };
}

interface Found {
  /** The part of the pattern before its first wildcard. */
  readonly from: string;
  readonly files: readonly string[];
}

function filesOf(pattern: string, workspace: string, withHidden: boolean): Found {
  const path = isAbsolute(pattern) ? pattern : join(workspace, pattern);
  const wildcard = path.split("/").findIndex((part) => /[*?[]/.test(part));
  const from = wildcard < 0 ? path : path.split("/").slice(0, wildcard).join("/");
  const isDirectory = wildcard < 0 && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const below = isDirectory ? readdirSync(path, { recursive: true, encoding: "utf8" }) : [];
  const files = (isDirectory ? below.map((file) => join(path, file)) : globSync(path)).filter(isFile);
  return { from, files: withHidden ? files : files.filter((file) => !isHidden(file, from)) };
}

// Since upload-artifact v4.4: what begins with a dot, and all below it, stays behind; the folders above the search not.
function isHidden(file: string, from: string): boolean {
  return [basename(from), ...relative(from, file).split("/")].some((part) => part.startsWith("."));
}

function nameFault(what: string, name: string, forbidden: RegExp): string | undefined {
  const bad = forbidden.exec(name)?.[0];
  if (bad === undefined) return undefined;
  return `The ${what} is not valid: ${name}. Contains the following character: ${JSON.stringify(bad)}`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

// A single file that was named loses its folders; what a folder or wildcard holds keeps its place below that.
function rootOf(files: readonly string[], found: readonly Found[]): string {
  const [first = ""] = files;
  const searched = found.map((one) => one.from);
  if (files.length === 1 && searched.includes(first)) return dirname(first);
  return searched.length === 1 ? (searched[0] ?? "") : commonFolder(searched);
}

function commonFolder(paths: readonly string[]): string {
  let [folder = ""] = paths;
  while (!paths.every((path) => path === folder || path.startsWith(`${folder}/`))) folder = dirname(folder);
  return folder;
}

function matches(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined || pattern === "") return true;
  const source = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(name);
}

function list(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
}
