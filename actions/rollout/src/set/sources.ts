import { globSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { ActionError, collect, show } from "@eks-actions/action";
import { parseManifests, type SourcedObject } from "@eks-actions/manifest";

/** Limits of all sources together; more is refused before it is read. */
export const SOURCE_LIMITS = { bytes: 20 * 1024 * 1024, objects: 5_000 } as const;

/** Where sources may lie. */
export interface Places {
  readonly workspace: string;
  /** RUNNER_TEMP: an earlier step may have rendered there. Empty when absent. */
  readonly temp: string;
}

export interface SourceOptions {
  /** Files, directories and patterns, relative to the workspace. */
  readonly entries: readonly string[];
  readonly recursive: boolean;
}

const MANIFEST = /\.(ya?ml|json)$/i;

/**
 * Reads manifests from files, directories and patterns, sorted by path within each entry.
 * @throws ActionError `SOURCE_EMPTY`, `SOURCE_UNREADABLE`, `PATH_OUTSIDE`, `YAML_INVALID`, `OBJECT_INVALID`
 */
export function readSources(options: SourceOptions, places: Places): readonly SourcedObject[] {
  const files = new Set<string>();
  for (const entry of options.entries) for (const file of filesOf(entry, options.recursive, places)) files.add(file);
  let bytes = 0;
  const faults: ActionError[] = [];
  const objects: SourcedObject[] = [];
  for (const path of files) {
    const name = nameOf(path, places);
    bytes += statSync(path).size;
    if (bytes > SOURCE_LIMITS.bytes) throw tooMuch(name, "the manifests are larger than 20 MiB in all");
    try {
      objects.push(...parseManifests(decode(readFileSync(path), name), name));
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      faults.push(error);
    }
    if (objects.length > SOURCE_LIMITS.objects) throw tooMuch(name, "the manifests hold more than 5,000 objects");
  }
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  if (objects.length === 0) throw empty(`\`${options.entries.join("`, `")}\` holds no objects`);
  return objects;
}

/** Throws unless the path, with all links resolved, lies under the workspace or RUNNER_TEMP. Returns the real path. */
export function insidePath(entry: string, places: Places): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) {
    throw new ActionError("PATH_OUTSIDE", {
      message: `\`${show(entry)}\` is a URL, not a path`,
      hint: "download and pin it first, and give the file's path",
    });
  }
  const path = resolve(places.workspace, entry);
  const real = realPath(path, entry);
  const roots = [places.workspace, places.temp].filter((root) => root !== "").map((root) => realPath(root, root));
  if (!roots.some((root) => real === root || real.startsWith(root + sep))) {
    throw new ActionError("PATH_OUTSIDE", {
      message: `\`${show(entry)}\` leads out of the workspace${real === path ? "" : " by a link"}`,
      hint: "put the file into the workspace or RUNNER_TEMP",
    });
  }
  return real;
}

function filesOf(entry: string, recursive: boolean, places: Places): readonly string[] {
  if (/[*?[{]/.test(entry)) {
    insidePath(entry.replace(/[*?[{].*$/s, "").replace(/[^/]*$/, "") || ".", places);
    const found = globSync(entry, { cwd: places.workspace }).sort();
    const files = readable(
      found.filter((one) => MANIFEST.test(one)),
      places,
    );
    if (files.length === 0) throw empty(`\`${show(entry)}\` matches no manifest`);
    return files;
  }
  const path = insidePath(entry, places);
  const stat = statSync(path);
  if (stat.isFile()) return [path];
  if (!stat.isDirectory()) throw empty(`\`${show(entry)}\` is neither a file nor a directory`);
  const names = readdirSync(path, { recursive, withFileTypes: true })
    .filter((one) => MANIFEST.test(one.name) && !one.isDirectory())
    .map((one) => nameOf(join(one.parentPath, one.name), places))
    .sort();
  const files = readable(names, places);
  if (files.length === 0) {
    throw empty(
      `directory \`${show(entry)}\` holds no .yaml, .yml or .json file`,
      recursive ? undefined : "`recursive: true` descends into its folders",
    );
  }
  return files;
}

/** Of what a directory or a pattern holds, the regular files. All faults are reported at once. */
function readable(paths: readonly string[], places: Places): readonly string[] {
  const faults: ActionError[] = [];
  const files = paths.flatMap((one) => {
    try {
      const real = insidePath(one, places);
      return statSync(real).isFile() ? [real] : [];
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      faults.push(error);
      return [];
    }
  });
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  return files;
}

function realPath(path: string, entry: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const target = linkTarget(path);
    if (target !== undefined) {
      const file = show(entry);
      throw new ActionError("SOURCE_UNREADABLE", {
        message: `link \`${file}\` → \`${show(target)}\` cannot be followed: ${reasonOf(cause)}`,
        hint: "restore what it points to, or remove the link; it is not left out, because that could prune its objects",
        file,
        cause,
      });
    }
    throw new ActionError("SOURCE_EMPTY", {
      message: `\`${show(entry)}\` cannot be read: ${reasonOf(cause)}`,
      hint: "check the path; it is relative to the workspace, and actions/checkout must run first",
      cause,
    });
  }
}

/** Where a link points, as it is written; absent for anything else. */
function linkTarget(path: string): string | undefined {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? readlinkSync(path) : undefined;
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return (
    { ENOENT: "no such file or directory", EACCES: "permission denied", ELOOP: "links form a circle" }[code] ?? code
  );
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ActionError("YAML_INVALID", {
      message: `${file}:1:1: not UTF-8 text`,
      hint: "save it as UTF-8",
      file,
      line: 1,
      column: 1,
      cause,
    });
  }
}

function nameOf(path: string, places: Places): string {
  const name = relative(realpathSync(places.workspace), path);
  return name.startsWith("..") ? path : name.split(sep).join("/");
}

function tooMuch(file: string, message: string): ActionError {
  return new ActionError("YAML_INVALID", { message: `${file}: ${message}`, hint: "split the app into several", file });
}

function empty(message: string, hint?: string): ActionError {
  return new ActionError("SOURCE_EMPTY", {
    message,
    hint: hint ?? "check the path; an empty set is refused, because it would prune everything",
  });
}
