import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { startAdmission } from "../../cluster/admission.ts";
import { startInterceptor } from "../../cluster/interceptor.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { codes, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));
const merge = "application/merge-patch+json";

async function released(): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", deployment());
  scene.write("k8s/service.yaml", service);
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(first.log);
  return scene;
}

/** Does something once, when a line of the log says that it is time. */
function once(line: RegExp, act: () => Promise<unknown>) {
  let done: Promise<unknown> | undefined;
  return {
    onLine(text: string) {
      if (line.test(text)) done ??= act();
    },
    async happened() {
      expect(done).toBeDefined();
      await done;
    },
  };
}

describe.concurrent("behind an admission webhook", () => {
  it.each([
    ["that is broken", { do: "fail" }, /failed calling webhook "admission-\w+\.test\.example"/],
    [
      "that does not answer in time",
      { do: "delay", ms: 1_500 },
      /webhook "admission-\w+\.test\.example".*(timeout|deadline)/,
    ],
  ] as const)("%s a release is refused with the webhook's name, before any write", async (_what, decision, message) => {
    await using scene = await realScene(cluster);
    const { namespace } = scene;
    const rules = { namespace, apiGroups: ["apps"], resources: ["deployments"], timeoutSeconds: 1 };
    await using _ = await startAdmission(cluster, { ...rules, decide: () => decision });
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/service.yaml", service);
    const result = await scene.rollout();
    expect(codes(result), result.log).toEqual(["REJECTED"]);
    expect(result.annotations[0]?.message).toMatch(message);
    expect(result.annotations[0]?.file).toBe("k8s/web.yaml");
    expect(await scene.object("/api/v1", "services/web")).toBeUndefined();
  });

  it("that breaks between the dry-run and the write the release is taken back", async () => {
    await using scene = await released();
    const { namespace } = scene;
    const decide = ({ dryRun }: { readonly dryRun: boolean }) =>
      ({ do: dryRun || !isBroken ? "allow" : "fail" }) as const;
    let isBroken = true;
    await using _ = await startAdmission(cluster, {
      namespace,
      apiGroups: ["apps"],
      resources: ["deployments"],
      decide,
    });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    scene.write("k8s/service.yaml", service.replace("port: 80,", "port: 81,"));
    const mend = once(/APPLY_REJECTED|failed calling webhook/, async () => {
      isBroken = false;
    });
    const result = await scene.rollout({}, { onLine: mend.onLine });
    expect(result.outputs, result.log).toMatchObject({ result: "reverted", cause: "APPLY_REJECTED" });
    expect(result.annotations[0]?.message).toContain("failed calling webhook");
    expect(await liveImage(scene)).toBe("registry.example/web:1");
    expect(JSON.stringify(await scene.object("/api/v1", "services/web"))).toContain('"port":80,');
  });

  it("that is slow, and lets no pod in for two seconds, a release goes live", async () => {
    await using scene = await released();
    const { namespace } = scene;
    let since = 0;
    const decide = () => {
      since ||= performance.now();
      return performance.now() < since + 2_000 ? ({ do: "fail" } as const) : ({ do: "delay", ms: 300 } as const);
    };
    await using _ = await startAdmission(cluster, { namespace, apiGroups: [""], resources: ["pods"], decide });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
  });
});

describe.concurrent("when somebody else writes during a release", () => {
  const path = (scene: RealScene) => `/apis/apps/v1/namespaces/${scene.namespace}/deployments/web`;
  const slow = { image: "registry.example/web:2", annotations: { "sim.test/after": "1s" } };

  it("who scales, the release goes live with their number", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment(slow));
    const scale = once(/^web \d\/\d ready/, () =>
      cluster.api.must("PATCH", `${path(scene)}/scale?fieldManager=kubectl`, { spec: { replicas: 3 } }, merge),
    );
    const result = await scene.rollout({}, { onLine: scale.onLine });
    await scale.happened();
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    expect(await scene.object("/apis/apps/v1", "deployments/web")).toMatchObject({ status: { readyReplicas: 3 } });
  });

  it("who sets another image, the release is red with field and writer, and theirs stays", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment(slow));
    const containers = [{ name: "web", image: "registry.example/hotfix:1" }];
    const edit = once(/^web \d\/\d ready/, () =>
      cluster.api.must(
        "PATCH",
        `${path(scene)}?fieldManager=kubectl-edit`,
        { spec: { template: { spec: { containers } } } },
        "application/strategic-merge-patch+json",
      ),
    );
    const result = await scene.rollout({}, { onLine: edit.onLine });
    await edit.happened();
    expect(result.outputs, result.log).toMatchObject({ result: "failed", cause: "FIELD_CONFLICT" });
    expect(result.annotations[0]).toMatchObject({
      file: "k8s/web.yaml",
      message: expect.stringContaining("spec.template.spec.containers[web].image was changed by kubectl-edit"),
    });
    expect(await liveImage(scene)).toBe("registry.example/hotfix:1");
    const again = await scene.rollout();
    expect(codes(again), again.log).toEqual([]);
  });

  it("who takes a field between the dry-run and the write, the release is taken back as a whole", async () => {
    await using scene = await released();
    const { namespace } = scene;
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    scene.write("k8s/service.yaml", service.replace("port: 80,", "port: 81,"));
    const containers = [{ name: "web", image: "registry.example/other:1" }];
    const theirs = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { template: { spec: { containers } } },
    };
    let taken: Promise<unknown> | undefined;
    await using interceptor = await startInterceptor(cluster, ({ method, path: to, isWrite }) => {
      if (method === "PATCH" && isWrite && to.includes("/services/"))
        taken ??= cluster.api.must(
          "PATCH",
          `${path(scene)}?fieldManager=flux&force=true`,
          theirs,
          "application/apply-patch+yaml",
        );
      return { do: "pass" };
    });
    scene.connectBy(interceptor.kubeconfig("ci", namespace));
    const result = await scene.rollout();
    await taken;
    expect(result.outputs, result.log).toMatchObject({ result: "reverted", cause: "FIELD_CONFLICT" });
    expect(result.annotations[0]?.message).toContain("flux");
    expect(await liveImage(scene)).toBe("registry.example/web:1");
    expect(JSON.stringify(await scene.object("/api/v1", "services/web"))).toContain('"port":80,');
  });

  it("who deletes the Deployment, the release is red soon and the old one is made anew", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ ...slow, annotations: { "sim.test/after": "60s" } }));
    const remove = once(/^web \d\/\d ready/, () => cluster.api.must("DELETE", path(scene)));
    const result = await scene.rollout({}, { onLine: remove.onLine });
    await remove.happened();
    expect(result.outputs, result.log).toMatchObject({ result: "reverted", cause: "RESOURCE_FAILED" });
    expect(result.annotations[0]?.message).toContain("was deleted by somebody else");
    expect(await liveImage(scene)).toBe("registry.example/web:1");
  });
});
