import { resolve } from "node:path";
import { expect, it } from "vitest";
import { startAws } from "../fakes/aws/index.ts";
import { startKube } from "../fakes/kube/index.ts";
import { createAppRepository } from "../story/app-repository.ts";
import { seedAccount } from "../story/story.ts";
import { tellAndCheck } from "./story-claims.ts";

it("from a pull request's cost to a reverted release, by the release tree's workflows on the embedded cluster", async () => {
  await using aws = await startAws({ seed: 7, scale: 1 / 600 });
  await using kube = await startKube({
    authenticate: async (token) => {
      const review = await aws.tokenReview(token, { endpoint: kube.endpoint });
      return review === undefined ? undefined : { name: review.user.username, groups: review.user.groups };
    },
    missingImages: (image) => image.endsWith("-missing"),
  });
  aws.connect("*", { endpoint: kube.endpoint, caData: kube.caData });
  seedAccount(aws);
  using app = createAppRepository();
  const releaseTree = resolve(".release");
  await tellAndCheck(
    { aws, app, releaseTree, missingImages: "by name" },
    {
      imageOf: async (namespace, name) => {
        const deployment = kube.store.get("deployments.apps", `${namespace}/${name}`) as Deployment | undefined;
        return deployment?.spec.template.spec.containers[0]?.image;
      },
    },
  );
  expect(aws.violations).toEqual([]);
  expect(kube.violations).toEqual([]);
}, 120_000);

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}
