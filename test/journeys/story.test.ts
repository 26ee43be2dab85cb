import { resolve } from "node:path";
import { expect, it } from "vitest";
import { embeddedStage } from "../story/embedded-stage.ts";
import { tellAndCheck } from "./story-claims.ts";

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

it("from a pull request's cost to a reverted release, by the release tree's workflows on the embedded cluster", async () => {
  await using stage = await embeddedStage(resolve(".release"));
  await tellAndCheck(stage, {
    imageOf: async (namespace, name) => {
      const deployment = stage.kube.store.get("deployments.apps", `${namespace}/${name}`) as Deployment | undefined;
      return deployment?.spec.template.spec.containers[0]?.image;
    },
  });
  expect(stage.aws.violations).toEqual([]);
  expect(stage.kube.violations).toEqual([]);
}, 240_000);
