import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { openCluster } from "../../../cluster/access.ts";
import { type Kube, startKube } from "../index.ts";
import { objectAt } from "../json.ts";
import type { Case } from "./case.ts";
import { cases } from "./cases/index.ts";
import { compareRuns, runCase } from "./run.ts";

// The cases wait more than they work.
vi.setConfig({ maxConcurrency: 8 });

const real = openCluster(inject("cluster"));

async function compare(one: Case, kube: Kube): Promise<void> {
  await using namespace = await real.namespace("conf");
  const [truth, embedded] = await Promise.all([
    runCase(one, real, namespace.name),
    runCase(one, kube, await kube.namespace("conf")),
  ]);
  compareRuns(one.name, truth, embedded);
}

describe("the embedded API server answers as the real one", () => {
  let kube: Kube;
  beforeAll(async () => {
    kube = await startKube();
  });
  afterAll(async () => {
    await kube[Symbol.asyncDispose]();
  });

  it.concurrent.each(cases)("$area: $name", (one) => compare(one, kube));

  it("has met nothing that it does not know", () => {
    expect(kube.violations).toEqual([]);
  });
});

describe("a broken rule of the embedded server", () => {
  it("is caught, and the case is named", async () => {
    await using kube = await startKube();
    const { store } = kube;
    const put = store.put.bind(store);
    // From now on no change of a spec raises the generation.
    Object.assign(store, {
      put: (...[resource, key, object]: Parameters<typeof put>) =>
        put(resource, key, { ...object, metadata: { ...objectAt(object, "metadata"), generation: 1 } }),
    });
    const one = cases.find(({ name }) => name === "generation counts changes of the spec only");
    if (one === undefined) throw new Error("the case has another name now");
    await expect(compare(one, kube)).rejects.toThrow(
      /^CONFORMANCE_DIFF: case "generation counts changes of the spec only"/,
    );
  });
});
