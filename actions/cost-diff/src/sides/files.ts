import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { ActionError } from "@eks-actions/action";

const MAX_FILE_BYTES = 20 * 1024 * 1024;

/** A folder that nothing may lead out of: a checkout, an exported commit. */
export interface Tree {
  readonly root: string;
  /** The real path of an entry, or `undefined` when it is not there. @throws ActionError `PATH_OUTSIDE` */
  find(path: string): string | undefined;
  isFolder(path: string): boolean;
  /** @throws ActionError `PATH_OUTSIDE`, `YAML_LIMIT` */
  read(path: string): string;
  /** Files under a folder, relative to the root, in code unit order. @throws ActionError `PATH_OUTSIDE` */
  list(folder: string, isRecursive: boolean): readonly string[];
  /** Files that a glob names. */
  glob(pattern: string): readonly string[];
}

export function openTree(folder: string): Tree {
  const root = realpathSync(folder);
  const inside = (path: string): string => {
    if (isAbsolute(path) || path.split(/[\\/]/).includes("..")) throw outside(path, path);
    return join(root, path);
  };
  const find = (path: string): string | undefined => {
    const full = inside(path);
    let real: string;
    try {
      real = realpathSync(full);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      const aim = linkAim(full);
      if (aim !== undefined) throw dangling(path, aim);
      return undefined;
    }
    if (real !== root && !real.startsWith(root + sep)) throw outside(path, real);
    return real;
  };
  const list = (path: string, isRecursive: boolean): readonly string[] => {
    const full = find(path);
    if (full === undefined) return [];
    return readdirSync(full, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        if (entry.name === ".git") return [];
        const child = path === "" || path === "." ? entry.name : join(path, entry.name);
        if (entry.isSymbolicLink()) {
          const real = find(child);
          return real === undefined || lstatSync(real).isDirectory() ? [] : [child];
        }
        if (entry.isDirectory()) return isRecursive ? list(child, true) : [];
        return entry.isFile() ? [child] : [];
      });
  };
  return {
    root,
    find,
    list,
    isFolder(path) {
      const real = find(path);
      return real !== undefined && statSync(real).isDirectory();
    },
    read(path) {
      const real = find(path);
      if (real === undefined) throw new Error(`${path} is not there`);
      const { size } = statSync(real);
      if (size > MAX_FILE_BYTES) {
        throw new ActionError("YAML_LIMIT", {
          message: `${path} is ${(size / 2 ** 20).toFixed(1)} MiB, more than 20 MiB`,
          hint: "name the manifests more narrowly",
          file: path,
        });
      }
      return readFileSync(real, "utf8");
    },
    glob(pattern) {
      const expression = globExpression(pattern);
      const start = pattern.split("/").slice(0, -1);
      const fixed = start.slice(0, start.findIndex((part) => /[*?[{]/.test(part)) >>> 0).join("/");
      inside(fixed);
      return list(fixed, true).filter((file) => expression.test(file));
    },
  };
}

export function isGlob(path: string): boolean {
  return /[*?{]/.test(path);
}

/** `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is either. */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|[*?{},]|[^*?{},]+/g, (part) => {
    switch (part) {
      case "**/":
        return "(?:[^/]+/)*";
      case "**":
        return ".*";
      case "*":
        return "[^/]*";
      case "?":
        return "[^/]";
      case "{":
        return "(?:";
      case "}":
        return ")";
      case ",":
        return "|";
      default:
        return part.replace(/[\\^$.|+()[\]]/g, "\\$&");
    }
  });
  return new RegExp(`^${source}$`);
}

/** Relative to the workspace where the path lies in it, for people. */
export function shownPath(root: string, path: string): string {
  const shown = relative(root, path);
  return shown.startsWith("..") ? path : shown;
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}

function linkAim(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // No link, or nothing at all: the caller knows that it cannot be read.
    return undefined;
  }
}

/** What a link leads to is part of the manifests: without it the price would be of something else. */
function dangling(path: string, aim: string): ActionError {
  return new ActionError("PATH_OUTSIDE", {
    message: `${path} is a link to ${aim}, which is not there`,
    hint: "put the file itself into the repository, or remove the link",
    file: path,
  });
}

function outside(path: string, real: string): ActionError {
  return new ActionError("PATH_OUTSIDE", {
    message: `${path} leads out of the repository, to ${real}`,
    hint: "name files of the repository, by paths relative to its root",
  });
}
