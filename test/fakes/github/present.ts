import { blobSha } from "./diff.ts";
import type { Commit, RepoState, User } from "./state.ts";

/** Builds the JSON that GitHub answers from the state; `url` is the stand-in's own base address. */
export interface View {
  readonly repo: RepoState;
  readonly url: string;
}

export type Json = Record<string, unknown>;

const WEB = "https://github.com";

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString("base64url");
}

export function repoUrl({ repo, url }: View, path = ""): string {
  return `${url}/repos/${repo.owner}/${repo.name}${path}`;
}

export function webUrl({ repo }: View, path = ""): string {
  return `${WEB}/${repo.owner}/${repo.name}${path}`;
}

/** Somebody who was never seen before gets an id of their own. */
export function userOf(repo: RepoState, login: string): User {
  const known = repo.users.get(login);
  if (known !== undefined) return known;
  const made: User = { login, id: 100_000 + repo.users.size, type: login.endsWith("[bot]") ? "Bot" : "User" };
  repo.users.set(login, made);
  return made;
}

export function presentUser(view: View, login: string): Json {
  const user = userOf(view.repo, login);
  const api = `${view.url}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id: user.id,
    node_id: nodeId("User", user.id),
    avatar_url: `https://avatars.githubusercontent.com/u/${user.id}?v=4`,
    gravatar_id: "",
    url: api,
    html_url: `${WEB}/${login.replace(/\[bot\]$/, "")}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: user.type,
    site_admin: false,
  };
}

const repositoryLinks =
  "archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees".split(
    " ",
  );

export function presentRepository(view: View, fullName: string): Json {
  const [owner = "", name = ""] = fullName.split("/");
  const own = fullName === `${view.repo.owner}/${view.repo.name}`;
  const api = `${view.url}/repos/${fullName}`;
  const links = Object.fromEntries(
    repositoryLinks.map((link) => [`${link}_url`, `${api}/${link.replaceAll("_", "/")}`]),
  );
  return {
    ...links,
    id: own ? view.repo.id : 900_000 + fullName.length,
    node_id: nodeId("Repository", fullName),
    name,
    full_name: fullName,
    owner: presentUser(view, owner),
    private: own && view.repo.visibility === "private",
    html_url: `${WEB}/${fullName}`,
    description: null,
    fork: !own,
    url: api,
    clone_url: `${WEB}/${fullName}.git`,
    git_url: `git://github.com/${fullName}.git`,
    ssh_url: `git@github.com:${fullName}.git`,
    svn_url: `${WEB}/${fullName}`,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: view.repo.defaultBranch,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: 0,
    open_issues_count: 0,
    size: 1,
    has_downloads: true,
    has_issues: true,
    has_projects: true,
    has_wiki: false,
    has_pages: false,
    archived: false,
    disabled: false,
    visibility: own ? view.repo.visibility : "public",
    pushed_at: null,
    created_at: null,
    updated_at: null,
  };
}

export function presentCommit(view: View, commit: Commit): Json {
  const url = repoUrl(view, `/commits/${commit.sha}`);
  const person = { name: commit.author, email: `${commit.author}@example.com`, date: iso(commit.createdAt) };
  return {
    url,
    sha: commit.sha,
    node_id: nodeId("Commit", commit.sha),
    html_url: webUrl(view, `/commit/${commit.sha}`),
    comments_url: `${url}/comments`,
    commit: {
      url: repoUrl(view, `/git/commits/${commit.sha}`),
      author: person,
      committer: person,
      message: commit.message,
      comment_count: 0,
      tree: { sha: blobSha(commit.sha), url: repoUrl(view, `/git/trees/${blobSha(commit.sha)}`) },
    },
    author: presentUser(view, commit.author),
    committer: presentUser(view, commit.author),
    parents: commit.parents.map((sha) => ({ sha, url: repoUrl(view, `/commits/${sha}`) })),
  };
}
