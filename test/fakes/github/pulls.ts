import { ancestors, changedFiles, mergeBase } from "./diff.ts";
import { type Answer, type Call, type Handler, invalid, notFound, number, text } from "./handler.ts";
import type { Json } from "./present.ts";
import { presentPull } from "./present-discussion.ts";
import { addPull } from "./repository.ts";
import type { Pull } from "./state.ts";

export const pullHandlers: Readonly<Record<string, Handler>> = {
  "pulls/get": (call) => withPull(call, (pull) => ({ status: 200, body: present(call, pull) })),
  "pulls/list": listPulls,
  "pulls/create": createPull,
  "pulls/update": updatePull,
};

export function withPull(call: Call, answer: (pull: Pull) => Answer): Answer {
  const wanted = number(call, "pull_number");
  const found = call.view.repo.pulls.find((pull) => pull.number === wanted);
  return found === undefined ? notFound : answer(found);
}

/** What merging would change. */
export function changesOf(call: Call, pull: Pull) {
  const { repo } = call.view;
  const base = mergeBase(repo, pull.base.sha, pull.head.sha) ?? pull.base.sha;
  return changedFiles(repo.commits.get(base), repo.commits.get(pull.head.sha));
}

function present(call: Call, pull: Pull): Json {
  const files = changesOf(call, pull);
  const known = new Set(ancestors(call.view.repo, pull.base.sha));
  const commits = ancestors(call.view.repo, pull.head.sha).filter((sha) => !known.has(sha)).length;
  const add = files.reduce((sum, file) => sum + file.additions, 0);
  const del = files.reduce((sum, file) => sum + file.deletions, 0);
  return presentPull(call.view, pull, { commits, files: files.length, add, del });
}

// `head` is `owner:branch`; without the owner GitHub takes no notice of it.
function listPulls(call: Call): Answer {
  const wanted = call.query.get("state") ?? "open";
  const [owner, branch] = (call.query.get("head") ?? "").split(":");
  const items = call.view.repo.pulls
    .filter((pull) => wanted === "all" || pull.state === wanted)
    .filter((pull) => !branch || (pull.head.ref === branch && pull.head.repository.split("/")[0] === owner))
    .toReversed()
    .map((pull) => present(call, pull));
  return { status: 200, items };
}

function createPull(call: Call): Answer {
  const { repo } = call.view;
  const [branch, base] = [text(call, "head") ?? "", text(call, "base") ?? ""];
  if (!repo.refs.has(`refs/heads/${branch}`)) return invalid("PullRequest", "head", "head is invalid");
  if (!repo.refs.has(`refs/heads/${base}`)) return invalid("PullRequest", "base", "base is invalid");
  const isOpen = repo.pulls.some((pull) => pull.state === "open" && pull.head.ref === branch && pull.base.ref === base);
  const label = `${repo.owner}:${branch}`;
  if (isOpen) return invalid("PullRequest", "head", `A pull request already exists for ${label}.`);
  const title = text(call, "title");
  const pull = addPull(repo, call.ids, { title, branch, base, author: call.token.login, now: call.clock.now() });
  pull.body = text(call, "body") ?? null;
  return { status: 201, body: present(call, pull) };
}

function updatePull(call: Call): Answer {
  return withPull(call, (pull) => {
    pull.title = text(call, "title") ?? pull.title;
    pull.body = text(call, "body") ?? pull.body;
    const state = text(call, "state");
    if (state === "open" || state === "closed") pull.state = state;
    pull.updatedAt = call.clock.now();
    return { status: 200, body: present(call, pull) };
  });
}
