/** The runner's secret masker: hides each value and the usual encodings of it. */
export interface Masks {
  /** A value of several lines also hides each of its lines, because logs are masked line by line. */
  add(value: string): void;
  mask(text: string): string;
  /** The values as they were given, in order. */
  readonly values: readonly string[];
}

export function createMasks(initial: readonly string[] = []): Masks {
  const values: string[] = [];
  const hidden = new Set<string>();
  let ordered: readonly string[] = [];

  function add(value: string) {
    if (value.trim() === "" || values.includes(value)) return;
    values.push(value);
    for (const part of new Set([value, ...value.split(/[\r\n]+/)])) {
      if (part.trim() === "") continue;
      for (const form of encodings(part)) hidden.add(form);
    }
    // Long ones first, so that a secret which holds another one leaves no rest.
    ordered = [...hidden].sort((a, b) => b.length - a.length);
  }

  for (const value of initial) add(value);
  return {
    add,
    mask: (text) => ordered.reduce((masked, secret) => masked.replaceAll(secret, "***"), text),
    values,
  };
}

// ValueEncoders.cs: the same secret escaped for the places where logs usually repeat it.
function encodings(value: string): readonly string[] {
  const forms = [
    value,
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    value.replace(/[&<>"']/g, (char) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" }[char]};`),
    value.replace(/^"+|"+$/g, ""),
    ...base64Forms(value),
  ];
  return forms.filter((form) => form !== "");
}

// The value may start at any of three offsets inside a longer base64 text; the characters that the neighbours
// influence are cut off.
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value, "utf8");
  if (bytes.length < 4) return bytes.length === 0 ? [] : [bytes.toString("base64")];
  const shifted = [1, 2].map((skip) => bytes.subarray(skip).toString("base64"));
  return [bytes.toString("base64"), ...shifted]
    .map((text) => text.replace(/.?=+$/, ""))
    .filter((text) => text.length > 4);
}
