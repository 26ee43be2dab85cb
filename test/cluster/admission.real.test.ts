import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "./access.ts";
import { type Admission, startAdmission } from "./admission.ts";

const cluster = openCluster(inject("cluster"));

/** Creates ConfigMaps until the webhook has been asked: the API server learns of it within a second or so. */
async function firstAnswerOf(decision: Admission, failurePolicy: "Fail" | "Ignore" = "Fail") {
  await using namespace = await cluster.namespace("admission");
  await using webhook = await startAdmission(cluster, {
    namespace: namespace.name,
    apiGroups: [""],
    resources: ["configmaps"],
    timeoutSeconds: 1,
    failurePolicy,
    decide: () => decision,
  });
  for (;;) {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "x-" } };
    const answer = await cluster.api.request("POST", `/api/v1/namespaces/${namespace.name}/configmaps`, body);
    if (webhook.requests.length > 0) return { status: answer.status, text: answer.text, asked: webhook.requests[0] };
    await sleep(100);
  }
}

describe("an admission webhook of a test", () => {
  it("denies in its own words", async () => {
    const { status, text, asked } = await firstAnswerOf({ do: "deny", message: "no images from docker.io" });
    expect(status).toBe(403);
    expect(text).toContain("denied the request: no images from docker.io");
    expect(asked).toMatchObject({ operation: "CREATE", kind: "ConfigMap", dryRun: false });
  });

  it("lets pass what it allows", async () => {
    expect((await firstAnswerOf({ do: "allow" })).status).toBe(201);
  });

  it.each([
    ["broken", { do: "fail" }, /failed calling webhook/],
    ["too slow", { do: "delay", ms: 1_500 }, /context deadline exceeded/],
  ] as const)("that is %s stops the write, or not, as its failure policy says", async (_what, decision, message) => {
    const failing = await firstAnswerOf(decision);
    expect(failing.status).toBe(500);
    expect(failing.text).toMatch(message);
    expect((await firstAnswerOf(decision, "Ignore")).status).toBe(201);
  });
});
