/** A word for a POSIX shell: a command that a person pastes must not mean more than it says. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9:/._@+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
