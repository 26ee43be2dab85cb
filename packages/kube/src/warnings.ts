/** Texts of the `299` warnings in a Warning header (RFC 7234 §5.5), each once. */
export function warningsOf(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  const texts = [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? "").replace(/\\(.)/g, "$1"),
  );
  return [...new Set(texts)];
}
