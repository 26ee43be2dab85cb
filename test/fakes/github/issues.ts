import { type Answer, type Call, type Handler, invalid, notFound, number, text } from "./handler.ts";
import { iso } from "./present.ts";
import { presentComment, presentIssue } from "./present-discussion.ts";
import { addComment, addIssue } from "./repository.ts";
import type { Issue, Pull } from "./state.ts";

/** Characters, as GitHub counts them. */
const BODY_LIMIT = 65_536;
const TITLE_LIMIT = 256;

/** Issues and their comments; a pull request is an issue here. */
export const issueHandlers: Readonly<Record<string, Handler>> = {
  "issues/list-for-repo": listIssues,
  "issues/create": createIssue,
  "issues/get": (call) => withIssue(call, (issue) => ({ status: 200, body: presentIssue(call.view, issue) })),
  "issues/update": updateIssue,
  "issues/list-comments": listComments,
  "issues/create-comment": createComment,
  "issues/get-comment": (call) =>
    withComment(call, (comment) => ({ status: 200, body: presentComment(call.view, comment) })),
  "issues/update-comment": updateComment,
  "issues/delete-comment": deleteComment,
};

function withIssue(call: Call, answer: (issue: Issue | Pull) => Answer): Answer {
  const wanted = number(call, "issue_number");
  const { issues, pulls } = call.view.repo;
  const found = [...issues, ...pulls].find((item) => item.number === wanted);
  return found === undefined ? notFound : answer(found);
}

function listIssues(call: Call): Answer {
  const { query, view } = call;
  const state = query.get("state") ?? "open";
  const labels = (query.get("labels") ?? "").split(",").filter((label) => label !== "");
  const since = Date.parse(query.get("since") ?? "");
  const creator = query.get("creator");
  const items = [...view.repo.issues, ...view.repo.pulls]
    .filter((item) => state === "all" || item.state === state)
    .filter((item) => labels.every((label) => "labels" in item && item.labels.includes(label)))
    .filter((item) => Number.isNaN(since) || item.updatedAt >= since)
    .filter((item) => creator === null || item.author === creator)
    .sort((a, b) => (query.get("direction") === "asc" ? 1 : -1) * (a.number - b.number));
  return { status: 200, items: items.map((item) => presentIssue(view, item)) };
}

function createIssue(call: Call): Answer {
  const title = text(call, "title");
  const body = text(call, "body") ?? null;
  if (title === undefined || title.trim() === "") return invalid("Issue", "title", "title can't be blank");
  if (isTooLong(body)) return tooLong("Issue");
  if (isTooLong(title, TITLE_LIMIT)) return tooLong("Issue", "title", TITLE_LIMIT);
  const labels = labelNames(call.body["labels"]);
  const author = call.token.login;
  const issue = addIssue(call.view.repo, { title, body, author, labels, now: call.clock.now() });
  return { status: 201, body: presentIssue(call.view, issue) };
}

function updateIssue(call: Call): Answer {
  return withIssue(call, (issue) => {
    const body = call.body["body"];
    if (isTooLong(body)) return tooLong("Issue");
    if (isTooLong(call.body["title"], TITLE_LIMIT)) return tooLong("Issue", "title", TITLE_LIMIT);
    if (typeof body === "string" || body === null) issue.body = body;
    issue.title = text(call, "title") ?? issue.title;
    const state = text(call, "state");
    if (state === "open" || state === "closed") setState(issue, state, text(call, "state_reason"));
    if ("labels" in issue && call.body["labels"] !== undefined) issue.labels = labelNames(call.body["labels"]);
    issue.updatedAt = call.clock.now();
    return { status: 200, body: presentIssue(call.view, issue) };
  });
}

function setState(issue: Issue | Pull, state: "open" | "closed", reason: string | undefined): void {
  if ("stateReason" in issue && issue.state !== state) {
    issue.stateReason = state === "open" ? "reopened" : reason === "not_planned" ? "not_planned" : "completed";
  }
  issue.state = state;
}

function listComments(call: Call): Answer {
  return withIssue(call, (issue) => {
    const since = Date.parse(call.query.get("since") ?? "");
    const comments = call.view.repo.comments
      .filter((comment) => comment.issue === issue.number)
      .filter((comment) => Number.isNaN(since) || Date.parse(iso(comment.updatedAt)) >= since)
      .sort((a, b) => a.id - b.id);
    return { status: 200, items: comments.map((comment) => presentComment(call.view, comment)) };
  });
}

function createComment(call: Call): Answer {
  return withIssue(call, (issue) => {
    const body = text(call, "body") ?? "";
    const refused = refuseBody(body);
    if (refused !== undefined) return refused;
    const spec = { issue: issue.number, author: call.token.login, body, now: call.clock.now() };
    const comment = addComment(call.view.repo, call.ids, spec);
    const shown = presentComment(call.view, comment);
    return { status: 201, body: shown, headers: { location: String(shown["url"]) } };
  });
}

function updateComment(call: Call): Answer {
  return withComment(call, (comment) => {
    const body = text(call, "body") ?? "";
    const refused = refuseBody(body);
    if (refused !== undefined) return refused;
    comment.body = body;
    comment.updatedAt = call.clock.now();
    return { status: 200, body: presentComment(call.view, comment) };
  });
}

function deleteComment(call: Call): Answer {
  return withComment(call, (comment) => {
    const { comments } = call.view.repo;
    comments.splice(comments.indexOf(comment), 1);
    return { status: 204 };
  });
}

function withComment(call: Call, answer: (comment: Call["view"]["repo"]["comments"][number]) => Answer): Answer {
  const id = number(call, "comment_id");
  const found = call.view.repo.comments.find((comment) => comment.id === id);
  return found === undefined ? notFound : answer(found);
}

function refuseBody(body: string): Answer | undefined {
  if (body.trim() === "") return invalid("IssueComment", "data", "Body can't be blank");
  return isTooLong(body) ? tooLong("IssueComment", "data") : undefined;
}

function isTooLong(text: unknown, limit: number = BODY_LIMIT): boolean {
  return typeof text === "string" && [...text].length > limit;
}

function tooLong(resource: string, field: string = "body", limit: number = BODY_LIMIT): Answer {
  return invalid(resource, field, `${field === "data" ? "body" : field} is too long (maximum is ${limit} characters)`);
}

function labelNames(labels: unknown): readonly string[] {
  if (!Array.isArray(labels)) return [];
  return labels.map((label) =>
    typeof label === "object" && label !== null && "name" in label ? String(label.name) : String(label),
  );
}
