import { type Aws, startAws } from "../fakes/aws/index.ts";
import { type Kube, startKube } from "../fakes/kube/index.ts";
import { createAppRepository } from "./app-repository.ts";
import { type Stage, seedAccount } from "./story.ts";

export interface EmbeddedStage extends Stage, AsyncDisposable {
  readonly aws: Aws;
  readonly kube: Kube;
}

/** The story's world in one process: AWS ten minutes a second, and an embedded Kubernetes that asks it for tokens. */
export async function embeddedStage(
  releaseTree: string,
  listeners: Pick<Stage, "onLine" | "onChapter"> = {},
): Promise<EmbeddedStage> {
  const aws = await startAws({ seed: 7, scale: 1 / 600 });
  const kube = await startKube({
    authenticate: async (token) => {
      const review = await aws.tokenReview(token, { endpoint: kube.endpoint });
      return review === undefined ? undefined : { name: review.user.username, groups: review.user.groups };
    },
    missingImages: (image) => image.endsWith("-missing"),
    // A tenth of the kubelet's delays: it asks a registry again after 10 s, and the second "not found" is the verdict.
    scale: 0.1,
  });
  aws.connect("*", { endpoint: kube.endpoint, caData: kube.caData });
  seedAccount(aws);
  const app = createAppRepository();
  return {
    aws,
    kube,
    app,
    releaseTree,
    missingImages: "by name",
    ...listeners,
    async [Symbol.asyncDispose]() {
      app[Symbol.dispose]();
      await kube[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}
