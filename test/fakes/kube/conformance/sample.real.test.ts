import { existsSync, readFileSync } from "node:fs";
import { describe, expect, inject, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { openCluster } from "../../../cluster/access.ts";
import { startKube } from "../index.ts";
import { isObject, type JsonObject, textAt } from "../json.ts";
import { createRegistry } from "../registry.ts";
import { apply, type Case, type Step } from "./case.ts";
import { compareRuns, runCase } from "./run.ts";

const sample = new URL("../../../../../shared/data/manifests/microservices-demo.yaml", import.meta.url);

function objectsIn(file: URL): JsonObject[] {
  return parseAllDocuments(readFileSync(file, "utf8"))
    .map((document): unknown => document.toJS())
    .filter(isObject);
}

function pathOf(object: JsonObject): string {
  const version = textAt(object, "apiVersion") ?? "";
  const type = createRegistry().ofKind(version, textAt(object, "kind") ?? "");
  const root = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
  return `${root}/namespaces/{ns}/${type?.resource ?? ""}/${textAt(object, "metadata", "name") ?? ""}`;
}

describe("a real application", () => {
  const real = openCluster(inject("cluster"));

  it.skipIf(!existsSync(sample))("gets the same answers and runs on both (skipped: no ../shared/data)", async () => {
    const objects = objectsIn(sample);
    const deployments = objects.filter((object) => object["kind"] === "Deployment");
    const dryRuns = objects.map((object) => apply(pathOf(object), "one", object, 201, "&dryRun=All"));
    const writes = objects.map((object) => apply(pathOf(object), "one", object, 201, "", { only: [["kind"]] }));
    const settled = deployments.map(
      (object): Step => ({
        do: "settle",
        path: pathOf(object),
        until: [[["status", "conditions", { type: "Progressing" }, "reason"], "NewReplicaSetAvailable"]],
        compare: [["spec"], ["status", "readyReplicas"], ["status", "replicas"]],
      }),
    );
    const one: Case = { area: "workloads", name: "microservices-demo", steps: [...dryRuns, ...writes, ...settled] };
    await using kube = await startKube();
    await using namespace = await real.namespace("sample");
    const [truth, embedded] = await Promise.all([
      runCase(one, real, namespace.name),
      runCase(one, kube, await kube.namespace("sample")),
    ]);
    compareRuns(one.name, truth, embedded);
    expect(truth.length).toBe(one.steps.length);
    expect(kube.violations).toEqual([]);
  });
});
