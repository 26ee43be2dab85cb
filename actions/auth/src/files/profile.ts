import { ActionError } from "@eks-actions/action";

/** One profile for the AWS config file. */
export interface ProfileEntry {
  readonly name: string;
  readonly region: string;
  /** `credential_process`, quoted already. */
  readonly command: string;
}

const begin = (name: string) => `# eks-actions/auth begin ${name}`;
const end = (name: string) => `# eks-actions/auth end ${name}`;

/** A command line for `credential_process`: every path in double quotes. @throws ActionError `PATH_UNSUPPORTED` */
export function credentialCommand(node: string, program: string, session: string): string {
  return `${quoted(node)} ${quoted(program)} credential-process --session ${quoted(session)}`;
}

// Python's shlex, Go's and JavaScript's splitting and INI parsers disagree about these.
function quoted(path: string): string {
  const bad = /["$`%!;#~\n\r]/.exec(path);
  if (bad === null) return `"${path}"`;
  throw new ActionError("PATH_UNSUPPORTED", {
    message: `path ${JSON.stringify(path)} holds ${JSON.stringify(bad[0])}, which shells and config parsers read differently`,
    hint: "use `credentials: env`, or a runner folder without that character",
  });
}

/**
 * The config file in force with our profiles behind it: its bytes stay as they are, so comments and nested blocks of
 * others survive. Only a block of ours with the same name is replaced.
 */
export function configWith(existing: string, entries: readonly ProfileEntry[]): string {
  let text = existing;
  for (const { name } of entries) text = withoutBlock(text, name);
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return start + entries.map(block).join("");
}

function block({ name, region, command }: ProfileEntry): string {
  const section = name === "default" ? "[default]" : `[profile ${name}]`;
  return [begin(name), section, `region = ${region}`, `credential_process = ${command}`, end(name), ""].join("\n");
}

function withoutBlock(text: string, name: string): string {
  const from = lineAt(text, begin(name), 0);
  if (from < 0) return text;
  const to = lineAt(text, end(name), from);
  if (to < 0) return text;
  const after = text.indexOf("\n", to);
  return text.slice(0, from) + (after < 0 ? "" : text.slice(after + 1));
}

function lineAt(text: string, line: string, from: number): number {
  for (let at = text.indexOf(line, from); at >= 0; at = text.indexOf(line, at + 1)) {
    const startsLine = at === 0 || text[at - 1] === "\n";
    const next = text[at + line.length];
    if (startsLine && (next === undefined || next === "\n" || next === "\r")) return at;
  }
  return -1;
}

/** Names of the profiles in our own blocks of a config file. */
export function ownProfiles(text: string): readonly string[] {
  return [...text.matchAll(/^# eks-actions\/auth begin ([A-Za-z0-9_.-]{1,64})\r?$/gm)].flatMap(
    (match) => match[1] ?? [],
  );
}

/**
 * Refuses a profile name that somebody else's section has: one of the two would win, and which one differs by tool.
 * @throws ActionError `PROFILE_EXISTS` with file and line
 */
export function refuseForeign(names: readonly string[], config: NamedText, credentials: NamedText): void {
  for (const name of names) {
    const own = withoutBlock(config.text, name);
    const line = sectionLine(own, name, true) ?? undefined;
    if (line !== undefined) throw exists(name, config.path, line);
    const other = sectionLine(credentials.text, name, false);
    if (other !== undefined) throw exists(name, credentials.path, other);
  }
}

export interface NamedText {
  readonly path: string;
  readonly text: string;
}

function sectionLine(text: string, name: string, isConfig: boolean): number | undefined {
  const wanted =
    isConfig && name !== "default" ? [`profile ${name}`] : isConfig ? ["default", "profile default"] : [name];
  const at = text.split("\n").findIndex((line) => {
    const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    return section !== undefined && wanted.includes(section.trim().replace(/\s+/g, " ").replace(/["']/g, ""));
  });
  return at < 0 ? undefined : at + 1;
}

function exists(name: string, file: string, line: number): ActionError {
  return new ActionError("PROFILE_EXISTS", {
    message: `${file} line ${line} has a profile ${name} already`,
    hint: "choose another name:\n  with:\n    aws-profile: deploy",
  });
}
