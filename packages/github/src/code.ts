import { ActionError } from "@eks-actions/action";
import { Fields, fieldsOf } from "./answers.ts";
import type { Api } from "./api.ts";
import { isForbidden, readFailure } from "./failure.ts";

export interface PullRequest {
  readonly number: number;
  readonly state: "open" | "closed";
  readonly isMerged: boolean;
  readonly isDraft: boolean;
  readonly title: string;
  readonly author: string;
  readonly labels: readonly string[];
  readonly base: PullRequestSide;
  readonly head: PullRequestSide;
  /** The head lies in another repository, or in one that is gone. */
  readonly isFork: boolean;
}

export interface PullRequestSide {
  readonly ref: string;
  readonly sha: string;
  /** `undefined` when the repository was deleted. */
  readonly repository: { readonly id: number; readonly fullName: string } | undefined;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: string;
  readonly previousPath: string | undefined;
}

/** @throws ActionError `GITHUB_API` */
export function pullRequest(api: Api, number: number, signal?: AbortSignal): Promise<PullRequest> {
  return api.call({
    route: "GET /repos/{owner}/{repo}/pulls/{pull_number}",
    params: { pull_number: number },
    read: (response) => readPull(fieldsOf(response, "pull request")),
    signal,
  });
}

/** GitHub lists at most 3,000 files. */
export async function pullRequestFiles(
  api: Api,
  number: number,
  signal?: AbortSignal,
): Promise<readonly ChangedFile[]> {
  const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}/files";
  const files = await api.all(route, { pull_number: number }, signal);
  return files.map((file) => {
    const fields = new Fields(file, "file");
    const previousPath = fields.has("previous_filename") ? fields.text("previous_filename") : undefined;
    return { path: fields.text("filename"), status: fields.text("status"), previousPath };
  });
}

/** SHA of the commit at which two refs part. */
export function mergeBase(api: Api, base: string, head: string, signal?: AbortSignal): Promise<string> {
  return api.call({
    route: "GET /repos/{owner}/{repo}/compare/{basehead}",
    // The commits and files are not wanted, and a page of one keeps the answer small.
    params: { basehead: `${base}...${head}`, per_page: 1 },
    read: (response) => fieldsOf(response, "comparison").inner("merge_base_commit").text("sha"),
    signal,
  });
}

/** Text of a file at a ref; `undefined` when it does not exist there. Files over 1 MB are refused. */
export async function fileAt(api: Api, path: string, ref: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return await api.call({
      route: "GET /repos/{owner}/{repo}/contents/{path}",
      params: { path, ref },
      read: (response) => {
        const fields = fieldsOf(response, "file");
        if (fields.text("encoding") !== "base64") {
          throw new ActionError("GITHUB_API", {
            message: `${path} at ${ref} is too big for GitHub's contents API (1 MB)`,
            hint: "check the repository out instead",
          });
        }
        return Buffer.from(fields.text("content"), "base64").toString("utf8");
      },
      signal,
    });
  } catch (error) {
    if (isForbidden(error) && readFailure(error.cause).status === 404) return undefined;
    throw error;
  }
}

function readPull(fields: Fields): PullRequest {
  const base = readSide(fields.inner("base"));
  const head = readSide(fields.inner("head"));
  const labels = fields.raw("labels");
  return {
    number: fields.integer("number"),
    state: fields.text("state") === "open" ? "open" : "closed",
    isMerged: fields.flag("merged"),
    isDraft: fields.flag("draft"),
    title: fields.text("title"),
    author: fields.has("user") ? fields.inner("user").text("login") : "",
    labels: Array.isArray(labels) ? labels.map((label) => new Fields(label, "label").textOrEmpty("name")) : [],
    base,
    head,
    isFork: head.repository === undefined || head.repository.id !== base.repository?.id,
  };
}

function readSide(fields: Fields): PullRequestSide {
  const repo = fields.has("repo") ? fields.inner("repo") : undefined;
  return {
    ref: fields.text("ref"),
    sha: fields.text("sha"),
    repository: repo === undefined ? undefined : { id: repo.integer("id"), fullName: repo.text("full_name") },
  };
}
