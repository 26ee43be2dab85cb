// What a release asks of GitHub's API: whether a version is out, the version pull request, and the release itself.
// Every command may be repeated; it looks at what is there and does the rest.
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { notesOf } from "./changelog.ts";

const ATTEMPTS = 5;

/** GitHub refused or did not answer; the message names request, status and request id. */
export class GitHubError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A repository by its API. */
export interface Repository {
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly fullName: string;
  readonly token: string;
}

export interface PullRequest {
  readonly branch: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}

export interface ReleaseSpec {
  readonly tag: string;
  /** Markdown. */
  readonly notes: string;
  /** Files that people may download beside the source. */
  readonly assets: readonly string[];
}

interface Release {
  readonly id: number;
  readonly tag_name: string;
  readonly draft: boolean;
  readonly upload_url: string;
  readonly html_url: string;
  readonly assets: readonly { readonly id: number; readonly name: string; readonly state: string }[];
}

/** Whether a version is out: its release is published. A draft is one that was interrupted. */
export async function isReleased(repository: Repository, tag: string): Promise<boolean> {
  try {
    await ask(repository, "GET", `/releases/tags/${tag}`);
    return true;
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return false;
    throw error;
  }
}

/** Opens the pull request of a branch, or brings the open one up to date. @returns its number */
export async function keepPullRequest(repository: Repository, wanted: PullRequest): Promise<number> {
  const { branch, base, title, body } = wanted;
  const [owner] = repository.fullName.split("/");
  const query = new URLSearchParams({ state: "open", head: `${owner}:${branch}`, base });
  const [open] = await ask<readonly { readonly number: number }[]>(repository, "GET", `/pulls?${query}`);
  if (open !== undefined) {
    await ask(repository, "PATCH", `/pulls/${open.number}`, { title, body });
    return open.number;
  }
  const made = await ask<{ readonly number: number }>(repository, "POST", "/pulls", {
    head: branch,
    base,
    title,
    body,
  });
  return made.number;
}

/**
 * Publishes a release of a tag that exists, with all its assets. It is a draft until they are there, because GitHub
 * lets nobody change a published release.
 * @returns address of its page
 */
export async function publishRelease(repository: Repository, spec: ReleaseSpec): Promise<string> {
  const release = (await findRelease(repository, spec.tag)) ?? (await draftRelease(repository, spec));
  if (!release.draft) return release.html_url;
  for (const file of spec.assets) await keepAsset(repository, release, file);
  // `legacy` lets the highest version be the latest one, not the newest: a patch of an old major must not take its place.
  const published = await ask<Release>(repository, "PATCH", `/releases/${release.id}`, {
    draft: false,
    body: spec.notes,
    make_latest: "legacy",
  });
  return published.html_url;
}

// By list, because a draft is not found by its tag.
async function findRelease(repository: Repository, tag: string): Promise<Release | undefined> {
  for (let page = 1; ; page++) {
    const releases = await ask<readonly Release[]>(repository, "GET", `/releases?per_page=100&page=${page}`);
    const found = releases.find((release) => release.tag_name === tag);
    if (found !== undefined || releases.length < 100) return found;
  }
}

function draftRelease(repository: Repository, { tag, notes }: ReleaseSpec): Promise<Release> {
  return ask<Release>(repository, "POST", "/releases", { tag_name: tag, name: tag, body: notes, draft: true });
}

async function keepAsset(repository: Repository, release: Release, file: string): Promise<void> {
  const name = basename(file);
  const before = release.assets.find((asset) => asset.name === name);
  // Of an attempt before: perhaps of another build, or broken off.
  if (before !== undefined) await ask(repository, "DELETE", `/releases/assets/${before.id}`);
  const url = release.upload_url.replace(/\{.*$/, `?${new URLSearchParams({ name })}`);
  await send(repository, "POST", url, readFileSync(file), "application/octet-stream");
}

async function ask<T = unknown>(repository: Repository, method: string, path: string, body?: object): Promise<T> {
  const url = `${repository.apiUrl}/repos/${repository.fullName}${path}`;
  const text = await send(repository, method, url, body && JSON.stringify(body), "application/json");
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** One request, asked again up to five times while GitHub is busy or unwell. */
async function send(
  repository: Repository,
  method: string,
  url: string,
  body: string | Uint8Array<ArrayBuffer> | undefined,
  type: string,
): Promise<string> {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${repository.token}`,
    "user-agent": "eks-actions-release",
    "x-github-api-version": "2022-11-28",
    ...(body === undefined ? {} : { "content-type": type }),
  };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (response.ok) return text;
    const isBusy = response.status >= 500 || response.status === 429 || response.headers.has("retry-after");
    if (!isBusy || attempt === ATTEMPTS) {
      const id = response.headers.get("x-github-request-id") ?? "none";
      const said = `${method} ${new URL(url).pathname}: ${response.status} ${text.slice(0, 300)}`;
      throw new GitHubError(response.status, `${said} (request id ${id}, attempt ${attempt})`);
    }
    await sleep(Number(response.headers.get("retry-after") ?? 2 ** (attempt - 1)) * 1000);
  }
}

/** `state` · `pull-request BRANCH` · `publish VERSION FOLDER_OF_ASSETS`, on the repository of the job. */
async function main([command, first = "", second = ""]: readonly string[]): Promise<void> {
  const repository: Repository = {
    apiUrl: env["GITHUB_API_URL"] ?? "https://api.github.com",
    fullName: env["GITHUB_REPOSITORY"] ?? "",
    token: env["GITHUB_TOKEN"] ?? "",
  };
  switch (command) {
    case "state": {
      const version = currentVersion();
      const waiting = readdirSync(".changeset").some((file) => file.endsWith(".md") && file !== "README.md");
      const next = waiting ? "version" : (await isReleased(repository, `v${version}`)) ? "nothing" : "publish";
      appendFileSync(env["GITHUB_OUTPUT"] ?? "/dev/stdout", `next=${next}\nversion=${version}\n`);
      console.log(`v${version}: ${next}`);
      return;
    }
    case "pull-request": {
      const version = currentVersion();
      const body = `Merging this releases v${version}. The release workflow keeps it up to date.\n\n${notes(version)}`;
      const pull = { branch: first, base: "main", title: `release: v${version}`, body };
      console.log(`pull request #${await keepPullRequest(repository, pull)}: v${version}`);
      return;
    }
    case "publish": {
      const assets = readdirSync(second).map((file) => join(second, file));
      console.log(await publishRelease(repository, { tag: `v${first}`, notes: notes(first), assets }));
      return;
    }
    default:
      throw new Error(`unknown command ${command}`);
  }
}

function currentVersion(): string {
  const manifest = JSON.parse(readFileSync("actions/rollout/package.json", "utf8")) as { readonly version: string };
  return manifest.version;
}

function notes(version: string): string {
  return existsSync("CHANGELOG.md") ? notesOf(readFileSync("CHANGELOG.md", "utf8"), version) : "";
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    console.error(`::error title=GITHUB_UNAVAILABLE::${error.message.replaceAll("%", "%25").replaceAll("\n", "%0A")}`);
    process.exitCode = 1;
  }
}
