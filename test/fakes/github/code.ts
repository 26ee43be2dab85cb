import { ancestors, blobSha, changedFiles, mergeBase } from "./diff.ts";
import { type Answer, type Call, type Handler, notFound } from "./handler.ts";
import { presentCommit, repoUrl, webUrl } from "./present.ts";
import { changesOf, withPull } from "./pulls.ts";
import { resolveRef } from "./repository.ts";
import type { Commit } from "./state.ts";

/** Files of pull requests, contents, trees, comparison. */
export const codeHandlers: Readonly<Record<string, Handler>> = {
  "pulls/list-files": listFiles,
  "repos/get-content": getContent,
  "git/get-tree": getTree,
  "repos/compare-commits-with-basehead": compare,
};

function listFiles(call: Call): Answer {
  return withPull(call, (pull) => ({
    status: 200,
    items: changesOf(call, pull).map((file) => presentFile(call, file, pull.head.sha)),
  }));
}

function presentFile(call: Call, file: ReturnType<typeof changedFiles>[number], ref: string) {
  const path = encodeURI(file.path);
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: webUrl(call.view, `/blob/${ref}/${path}`),
    raw_url: webUrl(call.view, `/raw/${ref}/${path}`),
    contents_url: repoUrl(call.view, `/contents/${path}?ref=${ref}`),
    patch: file.patch,
  };
}

function commitAt(call: Call, ref: string | null): Commit | undefined {
  const sha = resolveRef(call.view.repo, ref ?? call.view.repo.defaultBranch);
  return sha === undefined ? undefined : call.view.repo.commits.get(sha);
}

// A path may be called `constructor`.
function fileOf(commit: Commit, path: string): string | undefined {
  return Object.hasOwn(commit.files, path) ? commit.files[path] : undefined;
}

function getContent(call: Call): Answer {
  const commit = commitAt(call, call.query.get("ref"));
  const path = (call.params["path"] ?? "").replace(/^\/+|\/+$/g, "");
  if (commit === undefined) {
    const ref = call.query.get("ref") ?? "";
    return {
      status: 404,
      body: {
        message: `No commit found for the ref ${ref}`,
        documentation_url: "https://docs.github.com/v3/repos/contents/",
      },
    };
  }
  const content = fileOf(commit, path);
  if (content !== undefined) {
    // Beyond 1 MB the API answers without content; it must be asked for raw.
    const isBig = Buffer.byteLength(content) > 1_048_576;
    const encoded = Buffer.from(content, "utf8")
      .toString("base64")
      .replace(/(.{60})/g, "$1\n");
    const body = {
      ...entry(call, commit, path, "file"),
      content: isBig ? "" : encoded,
      encoding: isBig ? "none" : "base64",
    };
    return { status: 200, body };
  }
  const prefix = path === "" ? "" : `${path}/`;
  const names = new Map<string, "file" | "dir">();
  for (const file of Object.keys(commit.files)) {
    if (!file.startsWith(prefix)) continue;
    const [name = "", ...rest] = file.slice(prefix.length).split("/");
    names.set(prefix + name, rest.length > 0 ? "dir" : "file");
  }
  if (names.size === 0) return notFound;
  return { status: 200, body: [...names].sort().map(([name, type]) => entry(call, commit, name, type)) };
}

function entry(call: Call, commit: Commit, path: string, type: "file" | "dir") {
  const content = fileOf(commit, path) ?? "";
  const sha = type === "file" ? blobSha(content) : blobSha(`${commit.sha}:${path}`);
  const self = repoUrl(call.view, `/contents/${encodeURI(path)}?ref=${commit.sha}`);
  const git = repoUrl(call.view, `/git/${type === "file" ? "blobs" : "trees"}/${sha}`);
  const html = webUrl(call.view, `/${type === "file" ? "blob" : "tree"}/${commit.sha}/${encodeURI(path)}`);
  return {
    type,
    name: path.split("/").at(-1) ?? "",
    path,
    sha,
    size: Buffer.byteLength(content),
    url: self,
    html_url: html,
    git_url: git,
    download_url: type === "file" ? `https://raw.githubusercontent.com/${path}` : null,
    _links: { self, git, html },
  };
}

function getTree(call: Call): Answer {
  const commit = commitAt(call, call.params["tree_sha"] ?? "");
  if (commit === undefined) return notFound;
  const isRecursive = call.query.get("recursive") !== null;
  const folders = new Set<string>();
  const blobs = Object.entries(commit.files).map(([path, content]) => {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
    const sha = blobSha(content);
    return {
      path,
      mode: "100644",
      type: "blob",
      sha,
      size: Buffer.byteLength(content),
      url: repoUrl(call.view, `/git/blobs/${sha}`),
    };
  });
  const trees = [...folders].map((path) => {
    const sha = blobSha(`${commit.sha}:${path}`);
    return { path, mode: "040000", type: "tree", sha, url: repoUrl(call.view, `/git/trees/${sha}`) };
  });
  const all = [...blobs, ...trees].sort((a, b) => (a.path < b.path ? -1 : 1));
  const tree = isRecursive ? all : all.filter((item) => !item.path.includes("/"));
  const sha = blobSha(commit.sha);
  return { status: 200, body: { sha, url: repoUrl(call.view, `/git/trees/${sha}`), tree, truncated: false } };
}

function compare(call: Call): Answer {
  const { repo } = call.view;
  const [baseRef = "", headRef = ""] = (call.params["basehead"] ?? "").split("...");
  const base = commitAt(call, baseRef);
  // `owner:branch` names a branch of a fork; its commits are in the same object store.
  const head = commitAt(call, headRef.split(":").at(-1) ?? "");
  if (base === undefined || head === undefined) return notFound;
  const meeting = mergeBase(repo, base.sha, head.sha);
  const common = meeting === undefined ? undefined : repo.commits.get(meeting);
  if (common === undefined) {
    const message = `No common ancestor between ${baseRef} and ${headRef}.`;
    return {
      status: 404,
      body: { message, documentation_url: "https://docs.github.com/rest/commits/commits#compare-two-commits" },
    };
  }
  const ofBase = new Set(ancestors(repo, base.sha));
  const ofHead = new Set(ancestors(repo, head.sha));
  const ahead = [...ofHead].filter((sha) => !ofBase.has(sha)).reverse();
  const behind = [...ofBase].filter((sha) => !ofHead.has(sha)).length;
  const status =
    ahead.length > 0 && behind > 0 ? "diverged" : ahead.length > 0 ? "ahead" : behind > 0 ? "behind" : "identical";
  const page = webUrl(call.view, `/compare/${baseRef}...${headRef}`);
  return {
    status: 200,
    body: {
      url: repoUrl(call.view, `/compare/${baseRef}...${headRef}`),
      html_url: page,
      permalink_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      base_commit: presentCommit(call.view, base),
      merge_base_commit: presentCommit(call.view, common),
      status,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: ahead.map((sha) => presentCommit(call.view, repo.commits.get(sha) ?? head)),
      files: changedFiles(common, head).map((file) => presentFile(call, file, head.sha)),
    },
  };
}
