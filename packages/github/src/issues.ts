import type { ActionError } from "@eks-actions/action";
import { Fields, fieldsOf } from "./answers.ts";
import type { Api } from "./api.ts";
import { isForbidden } from "./failure.ts";

export interface IssueTarget {
  /** The whole first line of the issue's text, an HTML comment that names its owner and key. */
  readonly marker: string;
  /** Login whose issues are ours. */
  readonly author: string;
}

export interface IssueRequest extends IssueTarget {
  readonly title: string;
  /** Without the marker line. */
  readonly body: string;
  readonly labels?: readonly string[] | undefined;
}

export type IssueResult =
  | {
      readonly kind: "created" | "updated" | "unchanged" | "closed";
      readonly number: number;
      readonly url: string;
    }
  /** Nothing to close. */
  | { readonly kind: "absent" }
  | { readonly kind: "read-only"; readonly error: ActionError };

interface OpenIssue {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
}

/** Keeps one open issue up to date; a closed one stays closed and a new one is opened. */
export async function upsertIssue(api: Api, request: IssueRequest, signal?: AbortSignal): Promise<IssueResult> {
  return orReadOnly(async () => {
    const body = `${request.marker}\n${request.body}`;
    const standing = await findOpen(api, request, signal);
    if (standing === undefined) return create(api, request, body, signal);
    if (standing.title === request.title && normal(standing.body) === normal(body)) {
      return { kind: "unchanged", number: standing.number, url: standing.url };
    }
    const { title } = request;
    return patch(api, standing.number, { title, body }, "updated", signal);
  });
}

/** Closes our open issue as completed, if there is one. */
export async function closeIssue(api: Api, target: IssueTarget, signal?: AbortSignal): Promise<IssueResult> {
  return orReadOnly(async () => {
    const standing = await findOpen(api, target, signal);
    if (standing === undefined) return { kind: "absent" };
    return patch(api, standing.number, { state: "closed", state_reason: "completed" }, "closed", signal);
  });
}

async function findOpen(api: Api, target: IssueTarget, signal?: AbortSignal): Promise<OpenIssue | undefined> {
  const items = await api.all("GET /repos/{owner}/{repo}/issues", { state: "open", direction: "asc" }, signal);
  for (const item of items) {
    const fields = new Fields(item, "issue");
    const author = fields.has("user") ? fields.inner("user").text("login") : "";
    const body = fields.textOrEmpty("body");
    // Pull requests are issues in this list.
    if (fields.has("pull_request") || author !== target.author) continue;
    if (body.split(/\r?\n/, 1)[0]?.trimEnd() !== target.marker) continue;
    return { number: fields.integer("number"), url: fields.text("html_url"), title: fields.text("title"), body };
  }
  return undefined;
}

async function create(api: Api, request: IssueRequest, body: string, signal?: AbortSignal): Promise<IssueResult> {
  const made = await api.call({
    route: "POST /repos/{owner}/{repo}/issues",
    params: { title: request.title, body, labels: [...(request.labels ?? [])] },
    read: (response) => place(fieldsOf(response, "issue")),
    find: () => findOpen(api, request, signal),
    signal,
  });
  return { kind: "created", number: made.number, url: made.url };
}

async function patch(
  api: Api,
  number: number,
  change: Readonly<Record<string, string>>,
  kind: "updated" | "closed",
  signal?: AbortSignal,
): Promise<IssueResult> {
  const changed = await api.call({
    route: "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
    params: { issue_number: number, ...change },
    read: (response) => place(fieldsOf(response, "issue")),
    signal,
  });
  return { kind, ...changed };
}

function place(fields: Fields): { number: number; url: string } {
  return { number: fields.integer("number"), url: fields.text("html_url") };
}

async function orReadOnly(work: () => Promise<IssueResult>): Promise<IssueResult> {
  try {
    return await work();
  } catch (error) {
    if (isForbidden(error)) return { kind: "read-only", error };
    throw error;
  }
}

function normal(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}
