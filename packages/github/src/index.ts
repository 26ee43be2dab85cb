export type { ApiOptions as GitHubOptions } from "./api.ts";
export type { ChangedFile, PullRequest, PullRequestSide } from "./code.ts";
export type { DeploymentRequest, DeploymentState, DeploymentStatus, OpenDeployment } from "./deployments.ts";
export { createGitHub, type GitHubPort } from "./github.ts";
export type { IssueRequest, IssueResult, IssueTarget } from "./issues.ts";
export type { StandingComment, StickyRequest, StickyResult, StickyTarget } from "./sticky-comment.ts";
