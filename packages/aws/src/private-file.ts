import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Text of a file that only its owner can read or write and that is no symlink.
 * @throws Error that says what is wrong with it
 */
export function readPrivate(path: string, maxBytes: number): string {
  // Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
  const handle = openSync(path, constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new Error("not a regular file");
    if (stat.size > maxBytes) throw new Error(`${stat.size} bytes, at most ${maxBytes}`);
    if (process.getuid !== undefined && stat.uid !== process.getuid()) throw new Error("another user owns it");
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) throw new Error("others can read or write it");
    return readFileSync(handle, "utf8");
  } finally {
    closeSync(handle);
  }
}

/** Makes a new file of mode 0600. Fails when anything is there already, a symlink included. */
export function createPrivate(path: string, content: string | Buffer): void {
  const handle = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    let written = 0;
    while (written < bytes.length) {
      const count = writeSync(handle, bytes, written);
      if (count <= 0) throw new Error("no space left");
      written += count;
    }
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(handle);
  }
}

/** Replaces a file in one step: a reader sees the old text or the new one. */
export function replacePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}`;
  createPrivate(temporary, text);
  try {
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}
