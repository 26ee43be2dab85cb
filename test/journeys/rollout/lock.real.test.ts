import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { startInterceptor } from "../../cluster/interceptor.ts";
import type { StepResult } from "../../runner/index.ts";
import { appLock, killAtWrite, silence } from "./kill-points.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { deployment } from "./scene.ts";

const cluster = openCluster(inject("cluster"));

async function released(): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", deployment());
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(first.log);
  return scene;
}

function expectOneWinner(results: readonly StepResult[], expected: RegExp): void {
  const ends = results.map(({ outputs }) => `${outputs["result"]} ${outputs["cause"]}`).sort();
  expect(ends, results.map((one) => one.log).join("\n")).toEqual(["applied ", "failed LOCKED"]);
  const loser = results.find(({ outputs }) => outputs["cause"] === "LOCKED");
  expect(loser?.outputs["cause-message"]).toMatch(expected);
}

describe.concurrent("of two runs of one app at once", () => {
  it("one wins, also when they take over from a run that died, and the other names the winner", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const killed = await killAtWrite(cluster, scene, 4);
    expect(killed.next).toBe("PATCH deployments/web");
    await silence(cluster, scene);
    scene.write(
      "k8s/web.yaml",
      deployment({ image: "registry.example/web:3", annotations: { "sim.test/after": "2s" } }),
    );
    const runs = ["2000002", "2000003"].map((id) => scene.rollout({}, { github: { run_id: id } }));
    expectOneWinner(await Promise.all(runs), /actions\/runs\/200000[23]/);
    expect(await liveImage(scene)).toBe("registry.example/web:3");
    expect(await appLock(scene)).toMatchObject({ holder: "", phase: "done" });
  });

  it("one wins on a first rollout too, even if both are legs of one matrix", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment({ annotations: { "sim.test/after": "2s" } }));
    expectOneWinner(await Promise.all([scene.rollout(), scene.rollout()]), /actions\/runs\/\d+/);
  });
});

describe.concurrent("a run that has lost its lock", () => {
  it("says to whom, and writes nothing more, not even its way back", async () => {
    await using scene = await released();
    const late: string[] = [];
    let isOver = false;
    await using interceptor = await startInterceptor(cluster, ({ method, path, isWrite }) => {
      if (isOver && isWrite) late.push(`${method} ${path}`);
      return { do: "pass" };
    });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "imagepull" }));
    scene.connectBy(interceptor.kubeconfig("ci", scene.namespace));
    let other: Promise<StepResult> | undefined;
    const takeOver = async () => {
      await silence(cluster, scene);
      scene.connectBy(cluster.kubeconfig("ci", scene.namespace));
      scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:3" }));
      const result = await scene.rollout({}, { github: { run_id: "2000002" } });
      isOver = true;
      return result;
    };
    const onLine = (line: string) => {
      if (/^web \d\/\d ready/.test(line)) other ??= takeOver();
    };
    const result = await scene.rollout({ "image-missing-grace": "60s" }, { onLine });
    expect((await other)?.outputs, result.log).toMatchObject({ result: "applied" });
    expect(result.outputs, result.log).toMatchObject({ result: "failed", cause: "LOCK_LOST" });
    expect(result.outputs["cause-message"]).toContain("actions/runs/2000002");
    expect(late.filter((one) => !one.includes("/leases/"))).toEqual([]);
    expect(await liveImage(scene)).toBe("registry.example/web:3");
  });
});
