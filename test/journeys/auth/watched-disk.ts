import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** One call of this process that changes a disk. */
export interface DiskCall {
  readonly name: "mkdtempSync" | "openSync" | "writeSync" | "renameSync";
  readonly path: string;
}

const WRITING = fs.constants.O_WRONLY | fs.constants.O_RDWR;

/** Tells of every change below `root` right before it is made; `before` may throw in its place, as a full disk does. */
export function watchDisk(root: string, before: (call: DiskCall) => void): Disposable {
  const { mkdtempSync, openSync, writeSync, renameSync } = fs;
  const paths = new Map<number, string>();
  const tell = (name: DiskCall["name"], path: string) => {
    if (path.startsWith(root)) before({ name, path });
  };
  const isWriting = (flags: unknown) =>
    typeof flags === "number" ? (flags & WRITING) !== 0 : /[wa+]/.test(String(flags ?? "r"));
  const patched = {
    mkdtempSync(prefix: string) {
      tell("mkdtempSync", prefix);
      return mkdtempSync(prefix);
    },
    openSync(path: fs.PathLike, flags: fs.OpenMode, mode?: fs.Mode) {
      if (isWriting(flags)) tell("openSync", String(path));
      const handle = openSync(path, flags, mode);
      paths.set(handle, String(path));
      return handle;
    },
    writeSync(handle: number, ...rest: [NodeJS.ArrayBufferView, number?, number?]) {
      tell("writeSync", paths.get(handle) ?? "");
      return writeSync(handle, ...rest);
    },
    renameSync(from: fs.PathLike, to: fs.PathLike) {
      tell("renameSync", String(to));
      renameSync(from, to);
    },
  };
  Object.assign(fs, patched);
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      Object.assign(fs, { mkdtempSync, openSync, writeSync, renameSync });
      syncBuiltinESMExports();
    },
  };
}

/** What a full disk says. */
export function diskFull({ name, path }: DiskCall): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`ENOSPC: no space left on device, ${name} '${path}'`);
  error.code = "ENOSPC";
  return error;
}
