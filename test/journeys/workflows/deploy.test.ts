import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { createMachine, runStep, type WorkflowResult } from "../../runner/index.ts";
import { conclusions, createScene, errorsOf, laneOf, RELEASE, type Scene, tagged } from "./scene.ts";

const ROLE = "arn:aws:iam::111122223333:role/shop-deploy";
const RBAC = "actions/rollout/rbac";

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
spec:
  rules:
    - host: shop.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port:
                  number: 80
`;

/**
 * A cluster whose platform team gave the app team a namespace and a role in it: the deploying role has exactly the
 * rights of actions/auth/iam/role-kubeconfig.json and actions/rollout/rbac/namespace.yaml; later also of nodes.
 */
async function sceneWithNamespace(): Promise<Scene> {
  const scene = await createScene();
  const { aws, kube, app } = scene.stage;
  aws.addCluster({ name: "shop", region: "us-east-1" });
  aws.addAccessEntry("shop", { principalArn: ROLE, groups: ["eks-actions-rollout"] });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" }, status: { phase: "Active" } };
  kube.store.put("namespaces", "/shop", namespace);
  grant(scene, "namespace.yaml", "shop");
  app.commit("The namespace is the platform team's, the address is ours", (file) => {
    const [, ...own] = file.read("k8s/web.yaml").split("---\n");
    file.write("k8s/web.yaml", [...own, INGRESS].join("---\n"));
  });
  return scene;
}

/** What a platform team would `kubectl apply`, in a namespace or for the whole cluster. */
function grant({ stage }: Scene, file: string, namespace: string): void {
  for (const document of parseAllDocuments(readFileSync(join(RBAC, file), "utf8"))) {
    const object = JSON.parse(JSON.stringify(document));
    if (namespace !== "") object.metadata.namespace = namespace;
    const resource = `${object.kind.toLowerCase()}s.rbac.authorization.k8s.io`;
    stage.kube.store.put(resource, `${namespace}/${object.metadata.name}`, object);
  }
}

function image(scene: Scene): string | undefined {
  const text = JSON.stringify(scene.stage.kube.store.get("deployments.apps", "shop/web") ?? {});
  return /"image":"([^"]+)"/.exec(text)?.[1];
}

/** What the deployment's page on GitHub says in the end. */
function lastDeployment(scene: Scene) {
  const { deployments, deploymentStatuses } = scene.github.repo;
  const id = deployments.at(-1)?.id;
  return deploymentStatuses.filter((status) => status.deployment === id).at(-1);
}

/** Publishes a release whose web server greets with its tag, and lets its workflow run. */
async function publish(scene: Scene, tag: string): Promise<WorkflowResult> {
  const sha = scene.stage.app.commit(tag, (file) => {
    file.write("k8s/web.yaml", file.read("k8s/web.yaml").replace(/GREETING: .*/, `GREETING: ${tag}`));
  });
  tagged(scene.stage, tag, sha);
  scene.github.commit({ branch: "main", message: tag, files: { VERSION: tag }, sha });
  scene.github.tag(tag, sha);
  return scene.run({ workflow: "release", event: { name: "release", tag }, sha });
}

it("a release goes live, a bad one is reverted, an older one is deployed again by its tag, a dead run is put back", async () => {
  await using scene = await sceneWithNamespace();
  const { stage, github, run } = scene;
  for (const tag of ["v1.0.0", "v1.1.0"]) {
    const result = await publish(scene, tag);
    expect(result.outcome, result.log).toBe("success");
    const url = "http://shop.example";
    expect(result.jobs["deploy"]?.outputs).toMatchObject({ result: "applied", cause: "", "environment-url": url });
    expect(result.jobs["deploy"]?.called?.jobs["deploy"]?.environment).toEqual({ name: "production", url });
    expect(lastDeployment(scene)).toMatchObject({ state: "success", environment: "production", environmentUrl: url });
    // Releases of one app and environment wait for each other, and none is dropped.
    expect(laneOf(result)).toEqual({ group: "deploy-production-shop", cancelInProgress: false, queue: "max" });
    expect(image(scene)).toBe(`registry.example/shop/web:${tag}`);
  }

  grant(scene, "cluster.yaml", "");
  const bad = await publish(scene, "v1.2.0-missing");
  expect(bad.outcome, bad.log).toBe("failure");
  expect(bad.jobs["deploy"]?.outputs).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
  expect(errorsOf(bad)).toEqual(["IMAGE_NOT_FOUND"]);
  expect(bad.log).not.toContain("nodes may not be read");
  expect(lastDeployment(scene)?.state).toBe("failure");
  expect(image(scene)).toBe("registry.example/shop/web:v1.1.0");

  const event = { name: "workflow_dispatch" } as const;
  const back = await run({ workflow: "release", event, inputs: { tag: "v1.0.0" } });
  expect(back.outcome, back.log).toBe("success");
  expect(image(scene)).toBe("registry.example/shop/web:v1.0.0");
  expect(JSON.stringify(stage.kube.store.get("configmaps", "shop/web") ?? "")).toContain('"GREETING":"v1.0.0"');
  expect(lastDeployment(scene)?.state).toBe("success");

  await die(scene);
  expect(image(scene)).toBe("registry.example/shop/web:v2-missing");
  const { id } = github.run({ name: "release", headSha: stage.app.head(), conclusion: "cancelled" });
  const recovered = await run({ workflow: "reconcile", event: { name: "workflow_run", run: id } });
  expect(recovered.outcome, recovered.log).toBe("success");
  expect(recovered.jobs["reconcile"]?.outputs["result"]).toBe("recovered");
  expect(laneOf(recovered)).toMatchObject({ group: "reconcile-shop-shop-*", cancelInProgress: false });
  expect(image(scene)).toBe("registry.example/shop/web:v1.0.0");
  const nightly = await run({ workflow: "reconcile", event: { name: "schedule" } });
  expect(nightly.jobs["reconcile"]?.outputs["result"], nightly.log).toBe("unchanged");

  const good = github.run({ name: "release", headSha: stage.app.head(), conclusion: "success" });
  const idle = await run({ workflow: "reconcile", event: { name: "workflow_run", run: good.id } });
  expect(conclusions(idle)).toEqual(["reconcile: skipped"]);
  expect(errorsOf(idle)).toEqual([]);
}, 240_000);

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
