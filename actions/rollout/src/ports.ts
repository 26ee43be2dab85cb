import type { BasePorts } from "@eks-actions/action";
import type { KubeClient } from "@eks-actions/kube";
import type { SourcedObject } from "@eks-actions/manifest";
import type { UrlAnswer } from "./gate/fetch-url.ts";
import type { Inputs } from "./inputs.ts";
import type { CommentPort } from "./report/comment.ts";
import type { DeploymentPort } from "./report/deployment.ts";

export interface Ports extends BasePorts {
  readonly kube: KubeClient;
  /** Reads or renders the sources that the inputs name. */
  sources(inputs: Inputs, signal: AbortSignal): Promise<readonly SourcedObject[]>;
  /** Absent when the run has no token, or shall not use it. */
  readonly deployments: DeploymentPort | undefined;
  readonly comments: CommentPort | undefined;
  /** Key of the hashes that stand for secret values; new for each run. */
  readonly redactionKey: Uint8Array;
  /** Asks an address from the runner; status 0 when there is no answer. */
  fetchUrl(url: string, signal: AbortSignal): Promise<UrlAnswer>;
  /** `owner/repo/run_id/attempt/job` */
  readonly holder: string;
  readonly version: string;
}
