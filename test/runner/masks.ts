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

// ValueEncoders.cs: the same secret escaped for the places where logs usually repeat it, and in no other form. What the
// runner would show must be seen here too.
function encodings(value: string): readonly string[] {
  const forms = [
    value,
    ...[0, 1, 2].map((shift) => base64(value, shift)),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    uriData(value),
    value.replace(/[&<>"']/g, (char) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" }[char]};`),
    value.length > 8 && /^".*"$/s.test(value) ? value.slice(1, -1) : "",
    ...aroundAmpersand(value),
  ];
  return forms.filter((form) => form !== "");
}

// A secret may start at any of three offsets inside a longer base64 text. The padding is part of each form, so one that
// is followed by more text stays readable.
function base64(value: string, shift: number): string {
  const bytes = Buffer.from(value, "utf8");
  return bytes.subarray(bytes.length > shift ? shift : 0).toString("base64");
}

// Uri.EscapeDataString escapes five marks that encodeURIComponent leaves alone.
function uriData(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// PowerShell prints a secret that it took for a command in two parts; each counts from six characters on.
function aroundAmpersand(value: string): readonly string[] {
  const plus = value.indexOf("&+");
  const cut = plus >= 0 ? plus + 2 : value.lastIndexOf("&") + 1;
  if (cut === 0) return [];
  return [value.slice(0, cut), value.slice(plus >= 0 ? cut + 1 : cut)].filter((part) => part.length >= 6);
}
