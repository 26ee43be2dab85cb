import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openCluster, type TestNamespace } from "./access.ts";
import { type ContainerView, deploy, isPodReady, type PodView, podsOf, podWhen, runJob } from "./pods.ts";

const cluster = openCluster(inject("cluster"));
const { api } = cluster;
let namespace: TestNamespace;
beforeAll(async () => {
  namespace = await cluster.namespace("behaviours");
});
afterAll(() => namespace[Symbol.asyncDispose]());

const when = (app: string, wanted: (pod: PodView) => boolean) => podWhen(api, namespace.name, app, wanted);
const main = (pod: PodView): ContainerView | undefined => pod.status.containerStatuses?.[0];
const waits = (reason: string) => (pod: PodView) => main(pod)?.state.waiting?.reason === reason;

async function eventReasons(pod: PodView): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${namespace.name}/events?fieldSelector=involvedObject.uid=${pod.metadata.uid}`;
  const body = JSON.stringify(await api.must("GET", path));
  return [...body.matchAll(/"reason":"(\w+)"/g)].map((match) => match[1] ?? "");
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

// Each test waits far more than it works.
describe.concurrent("a simulated pod", () => {
  it("without a behaviour is running and ready at once, on a node", async () => {
    await deploy(api, namespace.name, "plain");
    const pod = await when("plain", isPodReady);
    expect(pod).toMatchObject({ spec: { nodeName: expect.stringMatching(/^node-/) }, status: { phase: "Running" } });
    expect(main(pod)).toMatchObject({ ready: true, restartCount: 0, state: { running: {} } });
  });

  it("with `sim.test/after: 2s` is ready after 2 s and not before", async () => {
    const startedAt = Date.now();
    await deploy(api, namespace.name, "slow", { behaviour: "slow", annotations: { "sim.test/after": "2s" } });
    await sleep(1_500);
    expect((await podsOf(api, namespace.name, "slow")).map(isPodReady)).toEqual([false]);
    await when("slow", isPodReady);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_000);
  });

  it("`never-ready` runs, is not ready, and has an Unhealthy event", async () => {
    await deploy(api, namespace.name, "never", { behaviour: "never-ready" });
    const pod = await when("never", (seen) => seen.status.phase === "Running");
    expect(isPodReady(pod)).toBe(false);
    expect(main(pod)?.state.running).toBeDefined();
    await eventually(async () => expect(await eventReasons(pod)).toContain("Unhealthy"));
  });

  it("`imagepull` waits in ErrImagePull, then in ImagePullBackOff, in the words of containerd", async () => {
    await deploy(api, namespace.name, "pull", { behaviour: "imagepull" });
    const first = await when("pull", waits("ErrImagePull"));
    expect(main(first)?.state.waiting?.message).toContain('failed to resolve reference "pull:1": pull:1: not found');
    const later = await when("pull", waits("ImagePullBackOff"));
    expect(later.status.phase).toBe("Pending");
    expect(main(later)?.state.waiting?.message).toMatch(/^Back-off pulling image "pull:1": ErrImagePull: /);
    await eventually(async () => expect(await eventReasons(later)).toContain("Failed"));
  });

  it("`imagepull` repeats what the registry is said to answer", async () => {
    const annotations = { "sim.test/pull-error": "pull access denied, repository does not exist" };
    await deploy(api, namespace.name, "denied", { behaviour: "imagepull", annotations });
    const pod = await when("denied", waits("ErrImagePull"));
    expect(main(pod)?.state.waiting?.message).toBe(annotations["sim.test/pull-error"]);
  });

  it("`config-error` waits in CreateContainerConfigError and names what is missing", async () => {
    const annotations = { "sim.test/config-error": 'configmap "flags" not found' };
    await deploy(api, namespace.name, "config", { behaviour: "config-error", annotations });
    const pod = await when("config", waits("CreateContainerConfigError"));
    expect(pod.status.phase).toBe("Pending");
    expect(main(pod)?.state.waiting?.message).toBe('configmap "flags" not found');
  });

  it("`init-crash` loops in its init container and never starts the main one", async () => {
    await deploy(api, namespace.name, "init", { behaviour: "init-crash", withInit: true });
    const pod = await when("init", (seen) => (seen.status.initContainerStatuses?.[0]?.restartCount ?? 0) >= 2);
    expect(pod.status.phase).toBe("Pending");
    expect(pod.status.initContainerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 1,
      reason: "Error",
    });
    expect(main(pod)?.state.waiting?.reason).toBe("PodInitializing");
  });

  it("with an init container and no behaviour shows that it has completed", async () => {
    await deploy(api, namespace.name, "inited", { withInit: true });
    const pod = await when("inited", isPodReady);
    expect(pod.status.initContainerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
  });

  it("`crashloop` is ready once, then restarts again and again with the exit code asked for", async () => {
    await deploy(api, namespace.name, "crash", { behaviour: "crashloop", annotations: { "sim.test/exit-code": "3" } });
    await when("crash", isPodReady);
    const down = await when("crash", waits("CrashLoopBackOff"));
    expect(main(down)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3, reason: "Error" } } });
    const again = await when("crash", (pod) => main(pod)?.state.running !== undefined && main(pod)?.restartCount === 1);
    expect(isPodReady(again)).toBe(false);
    expect(main(again)?.lastState?.terminated?.exitCode).toBe(3);
    await when("crash", (pod) => (main(pod)?.restartCount ?? 0) >= 2);
    await eventually(async () => expect(await eventReasons(down)).toContain("BackOff"));
  });

  it("`oom-loop` restarts with OOMKilled and 137", async () => {
    await deploy(api, namespace.name, "oom", { behaviour: "oom-loop" });
    const pod = await when("oom", (seen) => (main(seen)?.restartCount ?? 0) >= 2);
    expect(main(pod)?.lastState?.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  it("`flap` goes up and down", async () => {
    await deploy(api, namespace.name, "flap", { behaviour: "flap" });
    await when("flap", isPodReady);
    await when("flap", (pod) => !isPodReady(pod));
    await when("flap", isPodReady);
  });

  it("`fail` ends in phase Failed with 137", async () => {
    await runJob(api, namespace.name, "fail", { behaviour: "fail" });
    const pod = await when("fail", (seen) => seen.status.phase === "Failed");
    expect(main(pod)?.state.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    expect(isPodReady(pod)).toBe(false);
  });

  it("shows no state of another behaviour, however long it runs", async () => {
    await deploy(api, namespace.name, "calm");
    await when("calm", isPodReady);
    await sleep(3_000);
    const pods = await podsOf(api, namespace.name, "calm");
    expect(pods.map((pod) => [isPodReady(pod), main(pod)?.restartCount, main(pod)?.lastState])).toEqual([
      [true, 0, {}],
    ]);
  });
});

describe.concurrent("a deleted pod", () => {
  const remove = (pod: PodView) => api.must("DELETE", `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}`);
  const isThere = async (pod: PodView) =>
    (await api.request("GET", `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}`)).status === 200;

  it("is gone at once", async () => {
    await deploy(api, namespace.name, "gone");
    const pod = await when("gone", isPodReady);
    await remove(pod);
    await eventually(async () => expect(await isThere(pod)).toBe(false));
  });

  it("`slow-terminate` is gone after its grace period and not before", async () => {
    await deploy(api, namespace.name, "drain", { behaviour: "slow-terminate", graceSeconds: 3 });
    const pod = await when("drain", isPodReady);
    await remove(pod);
    await sleep(1_500);
    expect(await isThere(pod)).toBe(true);
    await eventually(async () => expect(await isThere(pod)).toBe(false));
  });

  it("`stuck-terminating` stays until it is deleted by force", async () => {
    await deploy(api, namespace.name, "stuck", { behaviour: "stuck-terminating", graceSeconds: 1 });
    const pod = await when("stuck", isPodReady);
    await remove(pod);
    await sleep(2_500);
    expect(await isThere(pod)).toBe(true);
    await api.must("DELETE", `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}?gracePeriodSeconds=0`);
    await eventually(async () => expect(await isThere(pod)).toBe(false));
  });
});

describe.concurrent("a Job", () => {
  const job = async (name: string) =>
    JSON.stringify(await api.must("GET", `/apis/batch/v1/namespaces/${namespace.name}/jobs/${name}`));

  it("completes", async () => {
    await runJob(api, namespace.name, "done");
    await eventually(async () => expect(await job("done")).toContain('"type":"Complete","status":"True"'));
  });

  it("of failing pods fails", async () => {
    await runJob(api, namespace.name, "failing", { behaviour: "fail" });
    await eventually(async () => expect(await job("failing")).toContain('"type":"Failed","status":"True"'));
  });

  it.each(["crashloop", "never-ready", "flap", "oom-loop"])("whose pod is `%s` does not succeed", async (behaviour) => {
    const name = `job-${behaviour}`;
    await runJob(api, namespace.name, name, { behaviour });
    await when(name, (pod) => pod.status.phase === "Running");
    await sleep(1_500);
    expect(await job(name)).not.toContain('"type":"Complete"');
  });
});

describe("an exact script", () => {
  it("stays as it was written by hand", async () => {
    await deploy(api, namespace.name, "script", { behaviour: "never-ready" });
    const pod = await when("script", (seen) => seen.status.phase === "Running");
    const condition = { type: "Ready", status: "False", reason: "ByHand" };
    await cluster.kubelet.patchPod(namespace.name, pod.metadata.name, { conditions: [condition] });
    await sleep(500);
    const [after] = await podsOf(api, namespace.name, "script");
    expect(after?.status.conditions).toEqual([expect.objectContaining(condition)]);
    await cluster.kubelet.ready(namespace.name, "app=script");
    await when("script", isPodReady);
  });
});
