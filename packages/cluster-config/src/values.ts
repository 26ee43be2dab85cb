/** Access to data that the schema has already accepted; what it refused is absent. */
export type Raw = Readonly<Record<string, unknown>>;

export function record(value: unknown): Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

export function records(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.map(record) : [];
}

export function textOf(raw: Raw, key: string): string | undefined {
  const value = raw[key];
  return typeof value === "string" ? value : undefined;
}

/** One of the words that the schema has checked. */
export function wordOf<W extends string>(raw: Raw, key: string): W | undefined {
  return textOf(raw, key) as W | undefined;
}

export function textsOf(raw: Raw, key: string): readonly string[] {
  const value = raw[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function flagOf(raw: Raw, key: string): boolean | undefined {
  const value = raw[key];
  return typeof value === "boolean" ? value : undefined;
}

export function numberOf(raw: Raw, key: string): number | undefined {
  const value = raw[key];
  return typeof value === "number" ? value : undefined;
}

export function tagsOf(raw: Raw, key: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record(raw[key])).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Names of the members that are true, in the file's order. */
export function setFlags(value: unknown): readonly string[] {
  return Object.entries(record(value))
    .filter(([, on]) => on === true)
    .map(([name]) => name);
}

/** Takes one fault: where, what is wrong, what to write. */
export type Report = (path: string, message: string, hint: string) => void;

export function repeated(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
