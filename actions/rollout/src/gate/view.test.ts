import { connect } from "@eks-actions/kube";
import { identityOf, type KubeObject, refOf } from "@eks-actions/manifest";
import { startKube } from "@eks-actions/test/fakes/kube/index.ts";
import { describe, expect, it } from "vitest";
import { labels } from "../model.ts";
import { openView } from "./view.ts";

const deployment = (namespace: string): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace, labels: { [labels.partOf]: "id" } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
});

const versionAfter = ({ metadata }: KubeObject) => String(Number(metadata.resourceVersion) + 1_000_000);

async function scene() {
  const kube = await startKube({ nodes: 0 });
  const namespace = await kube.namespace();
  const client = await connect({ kubeconfig: { text: kube.kubeconfig("admin") } });
  const options = { startedAt: Date.now(), applySet: "id", rules: [], comes: new Set<string>(), note: () => undefined };
  const view = openView({ kube: client, ...options });
  const wanted = deployment(namespace);
  const ref = refOf(wanted);
  return {
    kube,
    client,
    view,
    ref,
    write: async () => (await client.apply(wanted, { fieldManager: "t" })).object,
    uid: () => view.current(identityOf(ref))?.metadata.uid,
    async [Symbol.asyncDispose]() {
      await view[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
      await kube[Symbol.asyncDispose]();
    },
  };
}

describe("the view of an object", () => {
  it("loses it when it is deleted, and has the one that is made anew", async () => {
    await using world = await scene();
    await world.view.track([await world.write()]);
    await world.client.delete(world.ref);
    await expect.poll(world.uid).toBeUndefined();
    const anew = await world.write();
    await expect.poll(world.uid).toBe(anew.metadata.uid);
  });

  it("loses it too when the deletion is only found by a new list, after a write of ours that no watch has told of", async () => {
    await using world = await scene();
    const first = await world.write();
    await world.view.track([first]);
    const later = { ...first.metadata, resourceVersion: versionAfter(first) };
    await world.view.track([{ ...first, metadata: later }]);
    world.kube.fault({ match: ({ query }) => query.get("watch") === "true", nth: 1, delay: 300, status: 503 });
    world.kube.cutWatches();
    await world.client.delete(world.ref);
    world.kube.compact();
    await expect.poll(world.uid, { timeout: 5_000 }).toBeUndefined();
  });

  it("keeps it when the deletion is that of a former one of the same name", async () => {
    await using world = await scene();
    const first = await world.write();
    await world.view.track([first]);
    const anew = { ...first.metadata, uid: "anew", resourceVersion: versionAfter(first) };
    await world.view.track([{ ...first, metadata: anew }]);
    await world.client.delete(world.ref);
    await world.view.changed();
    expect(world.uid()).toBe("anew");
  });
});
