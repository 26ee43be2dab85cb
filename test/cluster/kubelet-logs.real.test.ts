import { describe, expect, inject, it } from "vitest";
import { openCluster } from "./access.ts";
import { deploy, isPodReady, podWhen } from "./pods.ts";

const cluster = openCluster(inject("cluster"));
const { api } = cluster;

describe("pods/log", () => {
  it("serves the log that the pod's annotations tell, through the API server", async () => {
    await using namespace = await cluster.namespace("logs");
    const annotations = { "sim.test/log": "one\ntwo\nthree" };
    await deploy(api, namespace.name, "web", { annotations });
    const pod = await podWhen(api, namespace.name, "web", isPodReady);
    const path = `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}/log`;
    expect((await api.request("GET", path)).text).toBe("one\ntwo\nthree\n");
    expect((await api.request("GET", `${path}?tailLines=2&container=main`)).text).toBe("two\nthree\n");
  });

  it("serves the previous log of a container that crashed", async () => {
    await using namespace = await cluster.namespace("logs");
    const annotations = { "sim.test/log": "starting", "sim.test/previous-log": "panic: DATABASE_URL is not set" };
    await deploy(api, namespace.name, "web", { behaviour: "crashloop", annotations });
    const pod = await podWhen(
      api,
      namespace.name,
      "web",
      (seen) => seen.status.containerStatuses?.[0]?.restartCount === 1,
    );
    const path = `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}/log`;
    expect((await api.request("GET", `${path}?previous=true`)).text).toBe("panic: DATABASE_URL is not set\n");
    expect((await api.request("GET", path)).text).toBe("starting\n");
  });

  it("refuses, as a kubelet does, a previous log where nothing has ended and a log where nothing has begun", async () => {
    await using namespace = await cluster.namespace("logs");
    await deploy(api, namespace.name, "web");
    const pod = await podWhen(api, namespace.name, "web", isPodReady);
    const path = `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}/log`;
    expect(await api.request("GET", `${path}?previous=true`)).toMatchObject({
      status: 400,
      body: { message: `previous terminated container "main" in pod "${pod.metadata.name}" not found` },
    });
    await deploy(api, namespace.name, "pull", { behaviour: "imagepull" });
    const waiting = await podWhen(
      api,
      namespace.name,
      "pull",
      (seen) => seen.status.containerStatuses?.[0]?.state.waiting?.reason === "ImagePullBackOff",
    );
    const log = await api.request("GET", `/api/v1/namespaces/${namespace.name}/pods/${waiting.metadata.name}/log`);
    expect(log).toMatchObject({ status: 400, body: { reason: "BadRequest" } });
    expect(log.text).toContain("is waiting to start: trying and failing to pull image");
  });
});
