import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { startKube } from "../../fakes/kube/index.ts";
import { createWorld, type World } from "./world.ts";

/** The API server asks the AWS stand-in who a token belongs to, as EKS does. */
async function startCluster(world: World) {
  const kube = await startKube({
    authenticate: async (token) => {
      const review = await world.aws.tokenReview(token, { cluster: "payments" });
      return review === undefined ? undefined : { name: review.user.username, groups: review.user.groups };
    },
  });
  world.aws.addCluster({ name: "payments" });
  world.aws.connect("payments", { endpoint: kube.endpoint, caData: kube.caData });
  return kube;
}

describe("OIDC token → role → kubeconfig → access entry → pods", () => {
  it("is one chain, as far as the access entry goes", async () => {
    await using world = await createWorld();
    await using kube = await startCluster(world);
    const namespace = await kube.namespace("auth");
    const policies = [{ name: "AmazonEKSViewPolicy", namespaces: [namespace] }];
    world.aws.addAccessEntry("payments", { principalArn: world.role, policies });
    const result = await world.login({ "eks-cluster": "payments", credentials: "none", namespace });
    const config = new KubeConfig();
    config.loadFromFile(result.outputs["kubeconfig-path"] ?? "");
    const core = config.makeApiClient(CoreV1Api);
    expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
    await expect(core.listNamespacedSecret({ namespace: "kube-system" })).rejects.toMatchObject({ code: 403 });
    await world.post(result);
  });

  it("ends at the API server without an access entry", async () => {
    await using world = await createWorld();
    await using _kube = await startCluster(world);
    const result = await world.login({ "eks-cluster": "payments", credentials: "none" });
    expect(result.outcome).toBe("success");
    const config = new KubeConfig();
    config.loadFromFile(result.outputs["kubeconfig-path"] ?? "");
    const core = config.makeApiClient(CoreV1Api);
    await expect(core.listNamespacedPod({ namespace: "default" })).rejects.toMatchObject({ code: 401 });
    await world.post(result);
  });
});
