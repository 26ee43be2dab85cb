import { version } from "./version.ts";

export interface Footer {
  /** `rollout`; the suite's name and version are added. */
  readonly action: string;
  /** Commits that the report is about; two mean from and to. Empty ones are left out. */
  readonly commits: readonly string[];
  /** Address of the run; what is none is left out. */
  readonly runUrl: string;
  /** More, as Markdown: source and date of data, hashes, counts. */
  readonly facts?: readonly string[] | undefined;
  /** Milliseconds since 1970. For what is written once; a comment says `updated in place` in its facts. */
  readonly endedAt?: number | undefined;
}

/** The last line of every summary and comment: who wrote it, about which commit, in which run, from what, and when. */
export function footer({ action, commits, runUrl, facts = [], endedAt }: Footer): string {
  const about = commits.filter((sha) => /^[0-9a-f]{7,}$/.test(sha)).map((sha) => `\`${sha.slice(0, 7)}\``);
  const parts = [
    `eks-actions/${action} v${version}`,
    about.join(" → "),
    /^https?:\/\//.test(runUrl) ? `<a href="${encodeURI(runUrl)}">run</a>` : "",
    ...facts,
    endedAt === undefined ? "" : `${new Date(endedAt).toISOString().slice(0, 16).replace("T", " ")} UTC`,
  ];
  return `<sub>${parts.filter((part) => part !== "").join(" · ")}</sub>`;
}
