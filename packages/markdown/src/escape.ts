const ZERO_WIDTH_SPACE = "\u200b";

// Bidirectional overrides and invisible characters make a name look like another one.
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}/gu;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** One line without control, bidirectional or invisible characters; lone surrogates become U+FFFD. */
export function oneLine(value: string): string {
  return value.toWellFormed().replace(CONTROL, " ").replace(INVISIBLE, "").trim();
}

/**
 * Data as text of a table cell or of prose: it renders as itself and is never a link, a mention, an issue reference,
 * HTML or a new cell. Pipes are entities because a backslash before a pipe means different things in and out of a table.
 * Mentions and references are found by GitHub after rendering, in the text, so entities would not stop them: a zero-width
 * space after the sign does.
 */
export function text(value: string): string {
  return oneLine(value)
    .replace(/[&<>|]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;" })[sign] ?? sign)
    .replace(/[\\`*_~[\]$]/g, "\\$&")
    .replace(/^([-+=]|\d+[.)])(?=\s|$)/, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`)
    .replace(/@/g, `@${ZERO_WIDTH_SPACE}`)
    .replace(/(?<!&)#/g, `\\#${ZERO_WIDTH_SPACE}`)
    .replace(/(GH-)(?=\d)/gi, `$1${ZERO_WIDTH_SPACE}`)
    .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
    .replace(/(mailto|xmpp):/gi, `$1${ZERO_WIDTH_SPACE}:`)
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}${ZERO_WIDTH_SPACE}.`);
}

/** Data in code marks, in prose, in table cells and in headings alike. GitHub looks for no mention inside code. */
export function code(value: string): string {
  const line = oneLine(value);
  if (line === "") return "";
  // Backticks and pipes cannot be escaped inside code marks the same way in and out of tables; HTML can.
  if (/[`|]/.test(line)) return `<code>${entities(line)}</code>`;
  return `\`${line}\``;
}

/** Data inside HTML (`<summary>`, `<code>`): every sign that Markdown or HTML could read is an entity. */
export function entities(value: string): string {
  return oneLine(value)
    .replace(/[^\p{L}\p{N}\p{So} ./,…·→–%()+-]/gu, (sign) => `&#${sign.codePointAt(0)};`)
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}&#46;${ZERO_WIDTH_SPACE}`);
}

/** `checkout-service…7d9c4-x2k4p`: the middle goes, because both ends of a name tell objects apart. UTF-16 units. */
export function cutMiddle(value: string, max = 48): string {
  if (value.length <= max) return value;
  const head = Math.ceil((max - 1) / 2);
  const tail = max - 1 - head;
  return `${value.slice(0, head)}…${tail === 0 ? "" : value.slice(-tail)}`.toWellFormed().replaceAll("\ufffd", "");
}
