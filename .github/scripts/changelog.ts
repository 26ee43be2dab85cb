export type Bump = "major" | "minor" | "patch";

/** One user-visible change: how far it moves the version, and its text for CHANGELOG.md. */
export interface Changeset {
  readonly bump: Bump;
  readonly text: string;
}

const HEADINGS: Readonly<Record<Bump, string>> = {
  major: "What you must change",
  minor: "New",
  patch: "Mended",
};

// No YAML parser: the job that publishes runs without packages.
/**
 * Reads a file of .changeset/: the bump of each package between two `---`, then the text. All packages have one
 * version, so the furthest bump counts.
 */
export function readChangeset(content: string): Changeset {
  const [, head = "", ...rest] = content.split(/^---$/m);
  const bumps = [...head.matchAll(/:\s*["']?(major|minor|patch)["']?\s*$/gm)].map(([, bump]) => bump);
  const bump = (["major", "minor", "patch"] as const).find((one) => bumps.includes(one));
  if (bump === undefined) throw new Error(`a changeset names no package with major, minor or patch: ${content}`);
  return { bump, text: rest.join("---").trim() };
}

/** The section of one version; a text of several paragraphs stays one list item. */
export function changelogSection(version: string, day: string, changesets: readonly Changeset[]): string {
  const groups = (["major", "minor", "patch"] as const).flatMap((bump) => {
    const items = changesets.filter((one) => one.bump === bump).map(({ text }) => `- ${text.replaceAll("\n", "\n  ")}`);
    return items.length === 0 ? [] : [`### ${HEADINGS[bump]}`, items.join("\n").replaceAll(/^\s+$/gm, "")];
  });
  return [`## ${version} (${day})`, ...groups].join("\n\n");
}

/** Puts a section above the one that is the newest so far. */
export function addSection(changelog: string, section: string): string {
  const [title = "# Changelog", ...older] = changelog.split(/^(?=## )/m);
  return `${[title.trim(), section, ...older.map((one) => one.trim())].join("\n\n")}\n`;
}

/** What the changelog says of a version, without its heading: the notes of the release. Empty when it says nothing. */
export function notesOf(changelog: string, version: string): string {
  const section = changelog.split(/^(?=## )/m).find((one) => one.startsWith(`## ${version} `)) ?? "";
  return section.split("\n").slice(1).join("\n").trim();
}
