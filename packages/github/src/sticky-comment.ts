import type { ActionError } from "@eks-actions/action";
import { Fields } from "./answers.ts";
import type { Api } from "./api.ts";
import { isForbidden, isTooLong } from "./failure.ts";

export interface StickyTarget {
  /** Issue or pull request number. */
  readonly issue: number;
  /** The whole first line of the comment, an HTML comment that names its owner and key. */
  readonly marker: string;
  /** Login whose comments are ours, such as `github-actions[bot]`: a marker alone can be copied by anyone. */
  readonly author: string;
}

export interface StickyRequest extends StickyTarget {
  /** The comment without its marker line, given the one that stands there now. */
  body(previous: string | undefined): string;
  /** True leaves the comment as it is: it is newer, or says the same. */
  isCurrent?: ((previous: string) => boolean) | undefined;
  /** False writes nothing where no comment stands. Default true. */
  readonly createWhenMissing?: boolean | undefined;
  /** A shorter text, tried once when GitHub refuses the first for its length. */
  shorterBody?: ((previous: string | undefined) => string) | undefined;
}

export type StickyResult =
  | {
      readonly kind: "created" | "updated" | "unchanged";
      readonly id: number;
      readonly url: string;
      /** Who GitHub says wrote it; differs from the asked author when the token belongs to someone else. */
      readonly author: string;
      /** Older duplicates of ours that were turned into a link. */
      readonly retired: number;
    }
  | { readonly kind: "skipped" }
  /** The token may not write here, as on a pull request from a fork. */
  | { readonly kind: "read-only"; readonly error: ActionError }
  | { readonly kind: "too-long"; readonly error: ActionError };

export interface StandingComment {
  readonly id: number;
  readonly url: string;
  readonly author: string;
  readonly body: string;
}

/** Our comments on an issue, the oldest first, over all pages. */
export async function findSticky(
  api: Api,
  target: StickyTarget,
  signal?: AbortSignal,
): Promise<readonly StandingComment[]> {
  const comments = await listComments(api, target.issue, signal);
  return comments.filter((comment) => comment.author === target.author && firstLine(comment.body) === target.marker);
}

/** Keeps one comment up to date: creates it, updates it, or leaves it; never touches anyone else's. */
export async function stickyComment(api: Api, request: StickyRequest, signal?: AbortSignal): Promise<StickyResult> {
  try {
    const [first, ...others] = await findSticky(api, request, signal);
    const previous = first === undefined ? undefined : withoutMarker(first.body);
    if (first === undefined && request.createWhenMissing === false) return { kind: "skipped" };
    const written = await write(api, request, first, previous, signal);
    for (const other of others) await retire(api, other, written.url, signal);
    return { ...written, retired: others.length };
  } catch (error) {
    if (isForbidden(error)) return { kind: "read-only", error };
    if (isTooLong(error)) return { kind: "too-long", error };
    throw error;
  }
}

interface Written {
  readonly kind: "created" | "updated" | "unchanged";
  readonly id: number;
  readonly url: string;
  readonly author: string;
}

async function write(
  api: Api,
  request: StickyRequest,
  standing: StandingComment | undefined,
  previous: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Written> {
  if (standing !== undefined && previous !== undefined && request.isCurrent?.(previous) === true) {
    return unchanged(standing);
  }
  const put = (body: string) => {
    const text = `${request.marker}\n${body}`;
    if (standing === undefined) return create(api, request.issue, text, signal);
    return sameText(standing.body, text) ? unchanged(standing) : update(api, standing.id, text, signal);
  };
  try {
    return await put(request.body(previous));
  } catch (error) {
    if (request.shorterBody === undefined || !isTooLong(error)) throw error;
    return put(request.shorterBody(previous));
  }
}

function unchanged({ id, url, author }: StandingComment): Written {
  return { kind: "unchanged", id, url, author };
}

async function create(api: Api, issue: number, text: string, signal: AbortSignal | undefined): Promise<Written> {
  const comment = await api.call({
    route: "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    params: { issue_number: issue, body: text },
    read: (response) => readComment(response.data),
    // The author is not compared: it is whoever the token belongs to, and the text is ours to the letter.
    find: async () => (await listComments(api, issue, signal)).findLast((other) => sameText(other.body, text)),
    signal,
  });
  return { kind: "created", id: comment.id, url: comment.url, author: comment.author };
}

async function update(api: Api, id: number, text: string, signal: AbortSignal | undefined): Promise<Written> {
  const comment = await api.call({
    route: "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    params: { comment_id: id, body: text },
    read: (response) => readComment(response.data),
    signal,
  });
  return { kind: "updated", id: comment.id, url: comment.url, author: comment.author };
}

async function retire(api: Api, comment: StandingComment, url: string, signal: AbortSignal | undefined): Promise<void> {
  await api.call({
    route: "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    params: { comment_id: comment.id, body: `Continued in [this comment](${url}).` },
    read: () => undefined,
    signal,
  });
}

async function listComments(api: Api, issue: number, signal?: AbortSignal): Promise<readonly StandingComment[]> {
  const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
  const comments = (await api.all(route, { issue_number: issue }, signal)).map(readComment);
  return comments.toSorted((a, b) => a.id - b.id);
}

function readComment(value: unknown): StandingComment {
  const fields = new Fields(value, "comment");
  return {
    id: fields.integer("id"),
    url: fields.text("html_url"),
    // The account behind a comment can be gone.
    author: fields.has("user") ? fields.inner("user").text("login") : "",
    body: fields.textOrEmpty("body"),
  };
}

function firstLine(body: string): string {
  return body.split(/\r?\n/, 1)[0]?.trimEnd() ?? "";
}

function withoutMarker(body: string): string {
  return normal(body).split("\n").slice(1).join("\n");
}

// Edits in the browser store CRLF, and GitHub trims the end.
function sameText(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

function normal(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}
