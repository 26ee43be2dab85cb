import { iso, type Json, nodeId, presentRepository, presentUser, repoUrl, type View, webUrl } from "./present.ts";
import type { Comment, Issue, Pull } from "./state.ts";

export function presentComment(view: View, comment: Comment): Json {
  const isPull = view.repo.pulls.some((pull) => pull.number === comment.issue);
  const page = isPull ? "pull" : "issues";
  return {
    id: comment.id,
    node_id: nodeId("IssueComment", comment.id),
    url: repoUrl(view, `/issues/comments/${comment.id}`),
    html_url: webUrl(view, `/${page}/${comment.issue}#issuecomment-${comment.id}`),
    issue_url: repoUrl(view, `/issues/${comment.issue}`),
    user: presentUser(view, comment.author),
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    author_association: comment.author.endsWith("[bot]") ? "NONE" : "CONTRIBUTOR",
    body: comment.body,
  };
}

export function presentIssue(view: View, item: Issue | Pull): Json {
  const isPull = "head" in item;
  const url = repoUrl(view, `/issues/${item.number}`);
  const page = webUrl(view, `/${isPull ? "pull" : "issues"}/${item.number}`);
  return {
    id: 50_000 + item.number,
    node_id: nodeId("Issue", item.number),
    url,
    repository_url: repoUrl(view),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    number: item.number,
    title: item.title,
    body: item.body,
    user: presentUser(view, item.author),
    labels: isPull ? [] : item.labels.map((name) => presentLabel(view, name)),
    state: item.state,
    state_reason: isPull ? null : item.stateReason,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: view.repo.comments.filter((comment) => comment.issue === item.number).length,
    created_at: iso(item.createdAt),
    updated_at: iso(item.updatedAt),
    closed_at: item.state === "closed" ? iso(item.updatedAt) : null,
    author_association: "CONTRIBUTOR",
    ...(isPull
      ? {
          pull_request: {
            url: repoUrl(view, `/pulls/${item.number}`),
            html_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
          },
        }
      : {}),
  };
}

function presentLabel(view: View, name: string): Json {
  return {
    id: 60_000 + name.length,
    node_id: nodeId("Label", name),
    url: repoUrl(view, `/labels/${encodeURIComponent(name)}`),
    name,
    description: null,
    color: "ededed",
    default: false,
  };
}

export function presentPull(
  view: View,
  pull: Pull,
  counts: { commits: number; files: number; add: number; del: number },
): Json {
  const url = repoUrl(view, `/pulls/${pull.number}`);
  const issue = repoUrl(view, `/issues/${pull.number}`);
  const page = webUrl(view, `/pull/${pull.number}`);
  const link = (href: string) => ({ href });
  const side = (ref: string, sha: string, fullName: string) => ({
    label: `${fullName.split("/")[0]}:${ref}`,
    ref,
    sha,
    user: presentUser(view, fullName.split("/")[0] ?? ""),
    repo: presentRepository(view, fullName),
  });
  const statuses = repoUrl(view, `/statuses/${pull.head.sha}`);
  return {
    id: 70_000 + pull.number,
    node_id: nodeId("PullRequest", pull.number),
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${repoUrl(view)}/pulls/comments{/number}`,
    comments_url: `${issue}/comments`,
    statuses_url: statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    body: pull.body,
    user: presentUser(view, pull.author),
    labels: [],
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    draft: pull.draft,
    created_at: iso(pull.createdAt),
    updated_at: iso(pull.updatedAt),
    closed_at: pull.state === "closed" ? iso(pull.updatedAt) : null,
    merged_at: pull.merged ? iso(pull.updatedAt) : null,
    merge_commit_sha: pull.mergeSha,
    head: side(pull.head.ref, pull.head.sha, pull.head.repository),
    base: side(pull.base.ref, pull.base.sha, `${view.repo.owner}/${view.repo.name}`),
    _links: {
      self: link(url),
      html: link(page),
      issue: link(issue),
      comments: link(`${issue}/comments`),
      review_comments: link(`${url}/comments`),
      review_comment: link(`${repoUrl(view)}/pulls/comments{/number}`),
      commits: link(`${url}/commits`),
      statuses: link(statuses),
    },
    author_association: "CONTRIBUTOR",
    auto_merge: null,
    merged: pull.merged,
    mergeable: true,
    rebaseable: true,
    mergeable_state: "clean",
    merged_by: null,
    comments: view.repo.comments.filter((comment) => comment.issue === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: counts.commits,
    additions: counts.add,
    deletions: counts.del,
    changed_files: counts.files,
  };
}
