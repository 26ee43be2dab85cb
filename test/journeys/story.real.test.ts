import { resolve } from "node:path";
import { expect, inject, it } from "vitest";
import { openCluster } from "../cluster/access.ts";
import { startAws } from "../fakes/aws/index.ts";
import { createAppRepository } from "../story/app-repository.ts";
import { seedAccount } from "../story/story.ts";
import { tellAndCheck } from "./story-claims.ts";

const cluster = openCluster(inject("cluster"));

it("from a pull request's cost to a reverted release, by the release tree's workflows on the real control plane", async () => {
  await using aws = await startAws({ seed: 7, scale: 1 / 600 });
  aws.connect("*", { endpoint: cluster.endpoint, caData: cluster.caData });
  await using _router = await cluster.tokenRouter.register("shop", async (token) => {
    const review = await aws.tokenReview(token, { endpoint: cluster.endpoint });
    if (review === undefined) return undefined;
    const { username, groups, uid } = review.user;
    return { user: username, groups, uid };
  });
  seedAccount(aws);
  using app = createAppRepository();
  try {
    await tellAndCheck(
      { aws, app, releaseTree: resolve(".release"), missingImages: "by label" },
      {
        imageOf: async (namespace, name) => {
          const answer = await cluster.api.request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
          return (answer.body as Deployment).spec.template.spec.containers[0]?.image;
        },
      },
    );
  } finally {
    await cluster.api.request("DELETE", "/api/v1/namespaces/shop");
  }
  expect(aws.violations).toEqual([]);
}, 180_000);

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}
