import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codes, config, createScene, deployment, lock, released } from "./scene.ts";

describe("a set that is refused", () => {
  it("for an unknown field names file and line, and nothing is written", async () => {
    await using scene = await released();
    scene.write("k8s/config.yaml", config);
    scene.write("k8s/web.yaml", deployment().replace("replicas: 2", "replcias: 2"));
    const bad = await scene.rollout();
    expect(codes(bad)).toEqual(["REJECTED"]);
    expect(bad.annotations[0]).toMatchObject({ file: "k8s/web.yaml", line: 6 });
    expect(bad.outputs).toMatchObject({ result: "failed", cause: "REJECTED", changed: "0" });
    expect(scene.writes()).toEqual([]);
  });

  it("reports three bad objects in one run", async () => {
    await using scene = await createScene();
    for (const name of ["a", "b", "c"])
      scene.write(`k8s/${name}.yaml`, deployment({ name }).replace("replicas: 2", "replcias: 2"));
    const bad = await scene.rollout({ preflight: "all" });
    expect(codes(bad)).toEqual(["REJECTED", "REJECTED", "REJECTED"]);
    expect(bad.annotations.map((one) => one.file)).toEqual(["k8s/a.yaml", "k8s/b.yaml", "k8s/c.yaml"]);
    expect(scene.writes()).toEqual([]);
  });

  it("names who owns a field, and takes it over when told to", async () => {
    await using scene = await released();
    await applyAs(scene, "flux", 5);
    const bad = await scene.rollout();
    expect(codes(bad)).toEqual(["FIELD_CONFLICT"]);
    expect(bad.annotations[0]?.message).toMatch(/\.spec\.replicas \(flux\).*force-conflicts: flux/);
    expect(scene.writes()).toEqual([]);
    const forced = await scene.rollout({ "force-conflicts": "flux" });
    expect(forced.outputs["result"]).toBe("applied");
  });

  it("while another run holds the lock names that run", async () => {
    await using scene = await released();
    const lease = scene.object("leases.coordination.k8s.io", "eks-actions-shop");
    scene.kube.store.put("leases.coordination.k8s.io", `${scene.namespace}/eks-actions-shop`, {
      ...JSON.parse(JSON.stringify(lease)),
      spec: { holderIdentity: "acme/other/7/1/deploy", leaseDurationSeconds: 60, renewTime: new Date().toISOString() },
    });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const bad = await scene.rollout();
    expect(codes(bad)).toEqual(["LOCKED"]);
    expect(bad.annotations[0]?.message).toContain("https://github.com/");
    expect(scene.writes()).toEqual([]);
    expect(lock(scene)).toContain("acme/other/7/1/deploy");
  });

  it.each([
    ["malformed YAML", "apiVersion: v1\nkind: [x\nmetadata: {}\n", "YAML_INVALID", /k8s\/bad\.yaml:\d+:\d+/],
    [
      "a name with a newline",
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "a\\nb"\n',
      "OBJECT_INVALID",
      /bad\.yaml:4:3/,
    ],
    [
      "an unknown kind",
      "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n",
      "KIND_UNKNOWN",
      /bad\.yaml:1/,
    ],
    [
      "the action's own Lease",
      "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: eks-actions-shop}\n",
      "NAME_RESERVED",
      /bad\.yaml:3/,
    ],
    [
      "a namespace that does not exist",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: nowhere}\nspec: {ports: [{port: 1}]}\n",
      "FORBIDDEN",
      /nowhere/,
    ],
  ])("for %s is one clear error without a write", async (_, text, code, message) => {
    await using scene = await createScene();
    scene.write("k8s/bad.yaml", text);
    const bad = await scene.rollout();
    expect(codes(bad)).toEqual([code]);
    expect(bad.annotations[0]?.message).toMatch(message);
    expect(bad.outputs).toMatchObject({ result: "failed", cause: code });
    expect(scene.writes()).toEqual([]);
  });

  it.each([
    [{ manifests: "none" }, "SOURCE_EMPTY"],
    [{ manifests: "k8s/*.txt" }, "SOURCE_EMPTY"],
    [{ manifests: "/etc" }, "PATH_OUTSIDE"],
    [{ manifests: "../other" }, "SOURCE_EMPTY"],
    [{ manifests: "link.yaml" }, "PATH_OUTSIDE"],
    [{ manifests: "https://example.com/a.yaml" }, "PATH_OUTSIDE"],
    [{ manifests: "" }, "SOURCE_EMPTY"],
    [{ timeout: "soon" }, "INPUT_INVALID"],
    [{ kubeconfig: "nowhere" }, "KUBECONFIG_INVALID"],
    [{ images: "wbe=registry.example/web:2" }, "IMAGE_UNMATCHED"],
  ])("for %j is %s before any write", async (inputs, code) => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    symlinkSync("/etc/hostname", join(scene.machine.workspace, "link.yaml"));
    const bad = await scene.rollout(inputs);
    expect(codes(bad)).toEqual([code]);
    expect(scene.writes()).toEqual([]);
  });

  it("does not prune when most of the set is gone", async () => {
    await using scene = await createScene();
    for (const name of ["a", "b", "c", "d", "e", "f"])
      scene.write(`k8s/${name}.yaml`, config.replace("name: web", `name: ${name}`));
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    scene.writes();
    const bad = await scene.rollout({ manifests: "k8s/a.yaml" });
    expect(codes(bad)).toEqual(["PRUNE_LIMIT"]);
    expect(scene.writes()).toEqual([]);
    const good = await scene.rollout({ manifests: "k8s/a.yaml", "prune-limit": "100%" });
    expect(good.outputs).toMatchObject({ result: "applied", pruned: "5" });
    expect(scene.object("configmaps", "f")).toBeUndefined();
  });
});

async function applyAs(
  scene: Awaited<ReturnType<typeof createScene>>,
  manager: string,
  replicas: number,
): Promise<void> {
  const { connect } = await import("@eks-actions/kube");
  await using client = await connect({ kubeconfig: { text: scene.kube.kubeconfig("admin") } });
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: scene.namespace },
    spec: { replicas },
  };
  await client.apply(object, { fieldManager: manager, force: true });
  scene.writes();
}
