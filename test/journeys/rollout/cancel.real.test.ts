import { readFileSync } from "node:fs";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { type InterceptedRequest, type Interception, startInterceptor } from "../../cluster/interceptor.ts";
import { appLock, snapshotSecrets, whatIsLive } from "./kill-points.ts";
import { type RealScene, realScene } from "./real-scene.ts";
import { config, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));
/** The runner sends SIGTERM 7.5 s after SIGINT; by then everything must be on disk. */
const LIMIT_MS = 7_000;

async function released(): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", deployment({ replicas: 1 }));
  scene.write("k8s/service.yaml", service);
  scene.write("k8s/config.yaml", config.replace("name: web", "name: v1"));
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(first.log);
  return scene;
}

interface Moment {
  /** The request whose arrival is the moment of the cancel. */
  readonly at: RegExp;
  /** `cut-off`: from then on the API server answers nothing. */
  readonly api: Interception["do"] & ("pass" | "cut-off");
  readonly behaviour: string;
  readonly phase: string;
  readonly isHeld: boolean;
  readonly after: "old" | "new";
}

const moments: readonly (readonly [string, Moment])[] = [
  [
    "while it reads, and the API server hangs",
    { at: /^GET .*\/secrets/, api: "cut-off", behaviour: "ready", phase: "done", isHeld: false, after: "old" },
  ],
  [
    "while it stores its snapshot",
    { at: /^POST .*\/secrets/, api: "pass", behaviour: "ready", phase: "planned", isHeld: true, after: "old" },
  ],
  [
    "while it writes, and the API server hangs",
    { at: /^PATCH .*\/services/, api: "cut-off", behaviour: "ready", phase: "applying", isHeld: true, after: "old" },
  ],
  [
    "while it waits",
    {
      at: /^GET .*\/events.*watch/,
      api: "pass",
      behaviour: "never-ready",
      phase: "aborting",
      isHeld: true,
      after: "old",
    },
  ],
  [
    "while it goes back",
    {
      at: /^DELETE .*\/configmaps\/v2/,
      api: "pass",
      behaviour: "imagepull",
      phase: "reverting",
      isHeld: true,
      after: "old",
    },
  ],
  [
    "while it deletes what left the set",
    { at: /^DELETE .*\/configmaps\/v1/, api: "pass", behaviour: "ready", phase: "pruning", isHeld: true, after: "new" },
  ],
];

describe.concurrent("a rollout that is cancelled", () => {
  it.each(moments)("%s ends in time with a report, and post puts the rest in order", async (_what, moment) => {
    await using scene = await released();
    scene.write(
      "k8s/web.yaml",
      deployment({ replicas: 1, image: "registry.example/web:2", behaviour: moment.behaviour }),
    );
    scene.write("k8s/service.yaml", service.replace("port: 80,", "port: 82,"));
    scene.write("k8s/config.yaml", config.replace("name: web", "name: v2"));
    // Held by a finalizer, so that the deletion takes its time.
    const held = `/api/v1/namespaces/${scene.namespace}/configmaps/v1`;
    await cluster.api.must(
      "PATCH",
      held,
      { metadata: { finalizers: ["test.example/held"] } },
      "application/merge-patch+json",
    );

    const cancel = new AbortController();
    let cancelledAt = 0;
    await using interceptor = await startInterceptor(cluster, ({ method, path }: InterceptedRequest) => {
      if (cancelledAt > 0 || !moment.at.test(`${method} ${path}`) || path.includes("dryRun")) return { do: "pass" };
      cancelledAt = performance.now();
      cancel.abort();
      return { do: moment.api };
    });
    scene.connectBy(interceptor.kubeconfig("ci", scene.namespace));
    const result = await scene.rollout({ "image-missing-grace": "0s" }, { signal: cancel.signal });
    const tookMs = performance.now() - cancelledAt;
    scene.connectBy(cluster.kubeconfig("ci", scene.namespace));

    expect(result.outcome, result.log).toBe("cancelled");
    expect(result.signalsSent).toEqual(["SIGINT"]);
    expect(tookMs).toBeLessThan(LIMIT_MS);
    expect(result.outputs).toMatchObject({ result: "cancelled", cause: "CANCELLED" });
    expect(result.summary).toContain("cancelled");
    expect(JSON.parse(readFileSync(result.outputs["report-json"] ?? "", "utf8"))).toMatchObject({ schemaVersion: 1 });
    const lock = await appLock(scene);
    expect(lock.phase).toBe(moment.phase);
    expect(lock.holder !== "").toBe(moment.isHeld);

    await cluster.api.request("PATCH", held, { metadata: { finalizers: [] } }, "application/merge-patch+json");
    const post = await scene.post(result);
    expect(post.outcome, post.log).toBe("success");
    expect(post.annotations, post.log).toEqual([]);
    const end = await appLock(scene);
    expect(end).toMatchObject({ holder: "", phase: "done" });
    expect(await snapshotSecrets(cluster, scene)).toEqual(end.snapshots);
    expect(await whatIsLive(scene)).toBe(moment.after === "old" ? "web:1 on 80, with v1" : "web:2 on 82, with v2");
  });
});
