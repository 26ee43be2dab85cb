/** Writes plain data as TOML 1.0: tables, arrays of plain values, texts, numbers, booleans. What is null is left out. */
export function toml(root: Readonly<Record<string, unknown>>): string {
  return tableLines(root, []).join("\n").replace(/^\n/, "").concat("\n");
}

function tableLines(table: Readonly<Record<string, unknown>>, path: readonly string[]): readonly string[] {
  const entries = Object.entries(table).filter(([, value]) => value !== null && value !== undefined);
  const plain = entries.filter(([, value]) => !isTable(value));
  const inner = entries.flatMap(([key, value]) => (isTable(value) ? [[key, value] as const] : []));
  // A table that only holds tables is named by them.
  const head =
    path.length === 0 || (plain.length === 0 && inner.length > 0) ? [] : ["", `[${path.map(key).join(".")}]`];
  return [
    ...head,
    ...plain.map(([name, value]) => `${key(name)} = ${plainValue(value)}`),
    ...inner.flatMap(([name, value]) => tableLines(value, [...path, name])),
  ];
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function key(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function plainValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainValue).join(", ")}]`;
  if (isTable(value)) {
    const members = Object.entries(value).map(([name, member]) => `${key(name)} = ${plainValue(member)}`);
    return `{ ${members.join(", ")} }`;
  }
  // JSON's texts, numbers and booleans are TOML's.
  return JSON.stringify(value);
}
