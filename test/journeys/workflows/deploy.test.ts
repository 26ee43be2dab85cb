import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createMachine, runStep } from "../../runner/index.ts";
import { conclusions, createScene, errorsOf, RELEASE, type Scene, tagged } from "./scene.ts";

const ROLE = "arn:aws:iam::111122223333:role/shop-deploy";
const ADMIN = { name: "AmazonEKSClusterAdminPolicy" };

/** A cluster that stands already, where the deploying role may do everything. */
async function sceneWithCluster(): Promise<Scene> {
  const scene = await createScene();
  scene.stage.aws.addCluster({ name: "shop", region: "us-east-1" });
  scene.stage.aws.addAccessEntry("shop", { principalArn: ROLE, policies: [ADMIN] });
  return scene;
}

function image(scene: Scene): string | undefined {
  const text = JSON.stringify(scene.stage.kube.store.get("deployments.apps", "shop/web") ?? {});
  return /"image":"([^"]+)"/.exec(text)?.[1];
}

function release(scene: Scene, tag: string): string {
  const sha = scene.stage.app.commit(tag, (file) => {
    file.write("k8s/web.yaml", file.read("k8s/web.yaml").replace(/GREETING: .*/, `GREETING: ${tag}`));
  });
  tagged(scene.stage, tag, sha);
  scene.github.commit({ branch: "main", message: tag, files: { VERSION: tag }, sha });
  scene.github.tag(tag, sha);
  return sha;
}

it("a release goes live, an older one is deployed again by its tag, and a dead run is put back", async () => {
  await using scene = await sceneWithCluster();
  const { stage, github, run } = scene;
  for (const tag of ["v1.0.0", "v1.1.0"]) {
    const sha = release(scene, tag);
    const result = await run({ workflow: "release", event: { name: "release", tag }, sha });
    expect(result.outcome, result.log).toBe("success");
    expect(result.jobs["deploy"]?.outputs).toMatchObject({ result: "applied", cause: "" });
    expect(image(scene)).toBe(`registry.example/shop/web:${tag}`);
  }
  const event = { name: "workflow_dispatch" } as const;
  const back = await run({ workflow: "release", event, inputs: { tag: "v1.0.0" } });
  expect(back.outcome, back.log).toBe("success");
  expect(image(scene)).toBe("registry.example/shop/web:v1.0.0");
  expect(JSON.stringify(stage.kube.store.get("configmaps", "shop/web") ?? "")).not.toContain("v1.1.0");
  const live = github.repo.deployments.at(-1)?.id;
  const states = github.repo.deploymentStatuses.filter((status) => status.deployment === live);
  expect(states.at(-1)?.state).toBe("success");

  await die(scene);
  expect(image(scene)).toBe("registry.example/shop/web:v2-missing");
  const { id } = github.run({ name: "release", headSha: stage.app.head(), conclusion: "cancelled" });
  const recovered = await run({ workflow: "reconcile", event: { name: "workflow_run", run: id } });
  expect(recovered.outcome, recovered.log).toBe("success");
  expect(recovered.jobs["reconcile"]?.outputs["result"]).toBe("recovered");
  expect(image(scene)).toBe("registry.example/shop/web:v1.0.0");
  const nightly = await run({ workflow: "reconcile", event: { name: "schedule" } });
  expect(nightly.jobs["reconcile"]?.outputs["result"], nightly.log).toBe("unchanged");

  const good = github.run({ name: "release", headSha: stage.app.head(), conclusion: "success" });
  const idle = await run({ workflow: "reconcile", event: { name: "workflow_run", run: good.id } });
  expect(conclusions(idle)).toEqual(["reconcile: skipped"]);
  expect(errorsOf(idle)).toEqual([]);
}, 120_000);

/** A runner that is lost in the middle of a rollout: no post step, and two minutes of silence. */
async function die({ stage }: Scene): Promise<void> {
  using machine = createMachine();
  writeFileSync(join(machine.workspace, "kubeconfig"), stage.kube.kubeconfig("admin"));
  copyFileSync(join(stage.app.folder, "k8s/web.yaml"), join(machine.workspace, "web.yaml"));
  const killed = await runStep({
    action: join(RELEASE, "actions/rollout"),
    machine,
    with: {
      app: "shop",
      namespace: "shop",
      manifests: "web.yaml",
      images: "registry.example/shop/web:v2-missing",
      prune: "false",
      kubeconfig: "kubeconfig",
    },
    cancelAt: /not ready|ready ·/,
  });
  expect(killed.outcome, killed.log).toBe("cancelled");
  const key = "shop/eks-actions-shop";
  const lease = JSON.parse(JSON.stringify(stage.kube.store.get("leases.coordination.k8s.io", key)));
  lease.spec.renewTime = new Date(Date.now() - 120_000).toISOString();
  stage.kube.store.put("leases.coordination.k8s.io", key, lease);
}
