import { KubeApiError, type KubeClient } from "@eks-actions/kube";
import type { KubeObject } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import type { Wanted } from "../model.ts";
import { configMap, deployment, inputsOf, liveOf, wantedOf } from "../samples.ts";
import { preflight } from "./preflight.ts";

const crd = (spec: object = {}) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Thing" },
    versions: [{ name: "v1", served: true }],
    ...spec,
  },
});
const thing = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" } };
const inNamespace = (name: string) => ({ ...deployment(), metadata: { name: "web", namespace: name } });
const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

/** What was tried, and what is said of it. */
async function tried(
  changed: readonly Wanted[],
  live: readonly KubeObject[] = [],
  raw: Readonly<Record<string, string>> = {},
  refuse: (object: KubeObject) => KubeApiError | undefined = () => undefined,
) {
  const sent: string[] = [];
  const kube: Pick<KubeClient, "apply"> = {
    async apply(object, options) {
      sent.push(`${object.kind} ${object.metadata.name}${options.dryRun === true ? "" : " for good"}`);
      const error = refuse(object);
      if (error !== undefined) throw error;
      return { object, warnings: [] };
    },
  };
  const known = new Map(
    changed.flatMap((one) => {
      const found = live.find((object) => object.kind === one.ref.kind && object.metadata.name === one.ref.name);
      return found === undefined ? [] : [[one.identity, found] as const];
    }),
  );
  const trials = await preflight(kube, changed, known, inputsOf(raw), new AbortController().signal);
  return { sent: sent.sort(), trials };
}

describe("preflight", () => {
  it("tries everything that exists, and one of each new shape", async () => {
    const second = { ...deployment("web:2"), metadata: { name: "web2" } };
    const other = { ...deployment("web:2", { paused: true }), metadata: { name: "web3" } };
    const changed = wantedOf(deployment(), second, other, configMap());
    expect((await tried(changed)).sent).toEqual(["Deployment web", "Deployment web3"]);
    expect((await tried(changed, [liveOf(configMap(), {})])).sent).toContain("ConfigMap web");
    expect((await tried(changed, [], { preflight: "all" })).sent).toHaveLength(4);
    expect((await tried(changed, [], { preflight: "off" })).sent).toEqual([]);
  });

  it("does not try what waits for a CRD or a namespace of the set", async () => {
    expect((await tried(wantedOf(crd(), thing))).sent).toEqual(["CustomResourceDefinition things.example.com"]);
    expect((await tried(wantedOf(namespace("new"), inNamespace("new")))).sent).toEqual(["Namespace new"]);
  });

  it("tries it when the CRD stays as it is, or the namespace is there", async () => {
    const set = wantedOf(crd(), thing);
    expect((await tried(set.slice(1))).sent).toEqual(["Thing a"]);
    const there = await tried(wantedOf(namespace("new"), inNamespace("new")), [liveOf(namespace("new"), {})]);
    expect(there.sent).toEqual(["Deployment web", "Namespace new"]);
  });

  it("collects what is refused by the server and by its own rules", async () => {
    const request = { method: "PATCH", path: "/" };
    const answer = { status: 422, headers: {}, body: "" };
    const denied = new KubeApiError({
      status: 422,
      reason: "Invalid",
      message: "no",
      details: { causes: [] },
      request,
      answer,
    });
    const changed = wantedOf(configMap("web", { "a b": "c" }), deployment());
    const failure = tried(changed, [], {}, (object) => (object.kind === "Deployment" ? denied : undefined));
    await expect(failure).rejects.toMatchObject({
      code: "REJECTED",
      message: "k8s/1.yaml:1: ConfigMap web: key `a b` is not accepted",
      also: [{ code: "REJECTED", message: "k8s/2.yaml:1: Deployment web: no" }],
    });
  });
});
