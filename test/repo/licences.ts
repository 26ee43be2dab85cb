/** Licences that a bundle may carry: they ask for their text to be kept, and for no more. */
export const ALLOWED_LICENCES: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "PSF-2.0",
  "Unlicense",
]);

export interface LockEntry {
  readonly license?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Path in the lockfile → entry, as npm writes it. */
export type Lockfile = Readonly<Record<string, LockEntry>>;

/** Packages that the given workspaces need at run time, by npm's own resolution: the nearest folder upwards wins. */
export function dependenciesOf(lock: Lockfile, workspaces: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const queue = [...workspaces];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    for (const name of Object.keys(lock[path]?.dependencies ?? {})) {
      const target = resolve(lock, path, name);
      if (found.has(target)) continue;
      found.add(target);
      queue.push(target);
    }
  }
  return [...found].sort();
}

function resolve(lock: Lockfile, from: string, name: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    const entry = lock[path];
    if (entry !== undefined) return entry.link === true ? (entry.resolved ?? path) : path;
    if (folder === "") throw new Error(`the lockfile has no ${name} for ${from}`);
  }
}
