import type { BasePorts } from "@eks-actions/action";
import type { ClusterApi } from "@eks-actions/aws";
import type { ClusterConfig } from "@eks-actions/cluster-config";

/** What the action asks of the world. */
export interface Ports extends BasePorts {
  readonly aws: ClusterApi;
  /** Read and accepted before any SDK is loaded: its region says where requests go. */
  readonly config: ClusterConfig;
  /** A file of the workspace or of RUNNER_TEMP. */
  readText(path: string): string;
  /** A file in the workspace or the home folder (`~/`), of at most 16 KiB; `undefined` for anything else. */
  readPublicKey(path: string): string | undefined;
  /** Writes a report file under RUNNER_TEMP and answers its path. */
  writeReport(name: string, text: string): string;
  /** Publishes the plan where reviewers see it. Answers what came of it, for the log. */
  comment(marker: string, plan: { readonly body: string; readonly hasActions: boolean }): Promise<string>;
  /** Opens, updates or closes (`body` absent) the issue about drift. Answers what came of it, for the log. */
  driftIssue(marker: string, issue: { readonly title: string; readonly body: string | undefined }): Promise<string>;
  readonly random: () => number;
}
