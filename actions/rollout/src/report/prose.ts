import { code, entities, text } from "@eks-actions/markdown";

/** A sentence of ours, with data in it, as Markdown: what stands between backticks keeps its code marks. */
export function prose(sentence: string): string {
  const parts = sentence.split("`");
  if (parts.length % 2 === 0) return text(sentence);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return code(part);
      // `text` trims, and the spaces beside code marks matter.
      const [, before = "", , after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
      return `${before === "" ? "" : " "}${text(part)}${after === "" || part.trim() === "" ? "" : " "}`;
    })
    .join("");
}

/** A hint: its first line as prose, what is to be pasted as it is. */
export function hintMarkdown(hint: string | undefined): string {
  if (hint === undefined) return "";
  const [first = "", ...rest] = hint.split("\n");
  const paste =
    rest.length === 0
      ? ""
      : `\n\n<pre>${rest.map((line) => `${/^ */.exec(line)?.[0] ?? ""}${entities(line)}`).join("\n")}</pre>`;
  return `\n\n→ ${prose(first)}${paste}`;
}
