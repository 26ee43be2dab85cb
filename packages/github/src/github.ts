import { type ApiOptions, createApi } from "./api.ts";
import { type ChangedFile, fileAt, mergeBase, type PullRequest, pullRequest, pullRequestFiles } from "./code.ts";
import {
  type DeploymentRequest,
  type DeploymentStatus,
  type OpenDeployment,
  openDeployment,
  setDeploymentStatus,
} from "./deployments.ts";
import { closeIssue, type IssueRequest, type IssueResult, type IssueTarget, upsertIssue } from "./issues.ts";
import {
  findSticky,
  type StandingComment,
  type StickyRequest,
  type StickyResult,
  type StickyTarget,
  stickyComment,
} from "./sticky-comment.ts";

/** GitHub as the actions need it. Everything rejects with `GITHUB_API` unless its result has a kind for it. */
export interface GitHubPort {
  /** Our comments on an issue, the oldest first. */
  findSticky(target: StickyTarget, signal?: AbortSignal): Promise<readonly StandingComment[]>;
  stickyComment(request: StickyRequest, signal?: AbortSignal): Promise<StickyResult>;
  openDeployment(request: DeploymentRequest, signal?: AbortSignal): Promise<OpenDeployment>;
  setDeploymentStatus(deploymentId: number, status: DeploymentStatus, signal?: AbortSignal): Promise<void>;
  upsertIssue(request: IssueRequest, signal?: AbortSignal): Promise<IssueResult>;
  closeIssue(target: IssueTarget, signal?: AbortSignal): Promise<IssueResult>;
  pullRequest(number: number, signal?: AbortSignal): Promise<PullRequest>;
  pullRequestFiles(number: number, signal?: AbortSignal): Promise<readonly ChangedFile[]>;
  mergeBase(base: string, head: string, signal?: AbortSignal): Promise<string>;
  fileAt(path: string, ref: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** Builds the port. Nothing is loaded or sent before its first use. */
export function createGitHub(options: ApiOptions): GitHubPort {
  const api = createApi(options);
  return {
    findSticky: (target, signal) => findSticky(api, target, signal),
    stickyComment: (request, signal) => stickyComment(api, request, signal),
    openDeployment: (request, signal) => openDeployment(api, request, signal),
    setDeploymentStatus: (id, status, signal) => setDeploymentStatus(api, id, status, signal),
    upsertIssue: (request, signal) => upsertIssue(api, request, signal),
    closeIssue: (target, signal) => closeIssue(api, target, signal),
    pullRequest: (number, signal) => pullRequest(api, number, signal),
    pullRequestFiles: (number, signal) => pullRequestFiles(api, number, signal),
    mergeBase: (base, head, signal) => mergeBase(api, base, head, signal),
    fileAt: (path, ref, signal) => fileAt(api, path, ref, signal),
  };
}
