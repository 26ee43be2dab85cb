import { ActionError } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { annotations, labels } from "../model.ts";
import { configMap, deployment, liveOf, scopes, setOptions, sources, wantedOf } from "../samples.ts";
import { renamedJobs } from "../write/jobs.ts";
import { autoscaledTargets, replicasToHandOver, withoutReplicas } from "./autoscaled.ts";
import { applySetId, buildSet } from "./set.ts";
import { wavesOf } from "./waves.ts";

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  notes: Readonly<Record<string, string>> = {},
  body: object = {},
) => ({ ...body, apiVersion, kind, metadata: { name, annotations: notes } });
const crd = object(
  "apiextensions.k8s.io/v1",
  "CustomResourceDefinition",
  "things.example.com",
  {},
  { spec: { group: "example.com", scope: "Namespaced", names: { kind: "Thing" } } },
);

function codesOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return error.all().map((one) => one.code);
  }
}

describe("buildSet", () => {
  it("fills in namespaces, labels and hashes, and leaves out what only the server may say", () => {
    const [one] = wantedOf({
      ...deployment(),
      status: { replicas: 3 },
      metadata: { name: "web", creationTimestamp: null, uid: "x", labels: { a: "b" } },
    });
    expect(one?.object.metadata).toMatchObject({
      namespace: "shop",
      labels: { a: "b", [labels.app]: "shop", [labels.partOf]: applySetId("shop", "shop") },
    });
    expect(Object.keys(one?.object ?? {})).not.toContain("status");
    expect(Object.keys(one?.object.metadata ?? {})).not.toContain("uid");
    expect(one?.object.metadata.annotations?.[annotations.specHash]).toBe(one?.hash);
    expect(one?.identity).toBe("apps/Deployment shop/web");
  });

  it("has an ApplySet id of the form that KEP-3659 asks for", () => {
    expect(applySetId("shop", "shop")).toMatch(/^applyset-[A-Za-z0-9_-]{43}-v1$/);
  });

  it("gives equal content equal hashes, whatever the order of keys", () => {
    const [a] = wantedOf(configMap("a", { x: "1", y: "2" }));
    const [b] = wantedOf(configMap("a", { y: "2", x: "1" }));
    const [c] = wantedOf(configMap("a", { y: "2", x: "3" }));
    expect(a?.hash).toBe(b?.hash);
    expect(a?.hash).not.toBe(c?.hash);
  });

  it("turns stringData into data, because the server keeps nothing else", () => {
    const [one] = wantedOf({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { a: "eA==" },
      stringData: { b: "y" },
    });
    expect(one?.object).toMatchObject({ data: { a: "eA==", b: "eQ==" } });
    expect(one?.object["stringData"]).toBeUndefined();
  });

  it("knows kinds whose CRD comes with the set, and keeps their nulls", () => {
    const [, thing] = buildSet(
      sources(crd, object("example.com/v1", "Thing", "a", {}, { spec: { x: null } })),
      setOptions,
      scopes,
    );
    expect(thing).toMatchObject({ object: { spec: { x: null }, metadata: { namespace: "shop" } } });
  });

  it("adds missing Namespaces when told to", () => {
    const set = buildSet(
      sources({ ...configMap(), metadata: { name: "a", namespace: "other" } }),
      { ...setOptions, createNamespace: true },
      scopes,
    );
    expect(set.map((one) => [one.identity, one.wave])).toEqual([
      ["Namespace /other", 0],
      ["ConfigMap other/a", 2],
    ]);
  });

  it.each([
    ["an unknown kind", [object("example.com/v1", "Thing", "a")], "KIND_UNKNOWN"],
    [
      "the same object twice",
      [configMap("a"), { ...configMap("a"), metadata: { name: "a", namespace: "shop" } }],
      "OBJECT_DUPLICATE",
    ],
    ["our Lease", [object("coordination.k8s.io/v1", "Lease", "eks-actions-shop")], "NAME_RESERVED"],
    ["our Secret", [object("v1", "Secret", "eks-actions-shop-r1-0")], "NAME_RESERVED"],
    [
      "a foreign part-of label",
      [{ ...configMap(), metadata: { name: "a", labels: { [labels.partOf]: "applyset-x-v1" } } }],
      "NAME_RESERVED",
    ],
  ])("refuses %s", (_, objects, code) => {
    expect(codesOf(() => wantedOf(...objects))).toEqual([code]);
  });
});

describe("wavesOf", () => {
  const order = (...objects: readonly object[]) => {
    const list = sources(...objects);
    return wavesOf(list)
      .map((wave, index) => [wave, list[index]?.object.metadata.name ?? ""] as const)
      .sort(([a], [b]) => a - b)
      .map(([, name]) => name);
  };

  it("puts namespaces, CRDs, configuration, workloads, fronts and the rest in this order", () => {
    const list = [
      object("example.com/v1", "Thing", "5"),
      object("networking.k8s.io/v1", "Ingress", "4"),
      object("apps/v1", "Deployment", "3"),
      object("v1", "Service", "2"),
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "1"),
      object("v1", "Namespace", "0"),
    ];
    expect(order(...list)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("puts an object behind what it depends on, and sync-waves and hooks around everything", () => {
    const depends = { "config.kubernetes.io/depends-on": "apps/Deployment/db" };
    expect(
      order(
        object("batch/v1", "Job", "after", { "helm.sh/hook": "post-upgrade" }),
        object("v1", "ConfigMap", "late", depends),
        object("apps/v1", "Deployment", "db"),
        object("v1", "ConfigMap", "first", { "argocd.argoproj.io/sync-wave": "-1" }),
        object("batch/v1", "Job", "before", { "helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "5" }),
        object("batch/v1", "Job", "earliest", { "argocd.argoproj.io/hook": "PreSync" }),
      ),
    ).toEqual(["earliest", "before", "first", "db", "late", "after"]);
  });

  it("names the circle", () => {
    const on = (name: string) => ({ "config.kubernetes.io/depends-on": `/ConfigMap/${name}` });
    const list = sources(object("v1", "ConfigMap", "a", on("b")), object("v1", "ConfigMap", "b", on("a")));
    expect(() => wavesOf(list)).toThrow("depends-on forms a circle: ConfigMap a → ConfigMap b → ConfigMap a");
  });
});

describe("replicas of an autoscaled workload", () => {
  const hpa = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "shop" },
    spec: { scaleTargetRef: { kind: "Deployment", name: "web" } },
  };

  it("are left out, and handed over when they are ours", () => {
    const [wanted] = wantedOf(deployment());
    if (wanted === undefined) throw new Error("no object");
    const left = withoutReplicas(wanted, autoscaledTargets([hpa]));
    expect(JSON.stringify(left.object)).not.toContain("replicas");
    expect(left.hash).not.toBe(wanted.hash);
    expect(withoutReplicas(wanted, new Set())).toBe(wanted);
    const live = liveOf(deployment("web:1", { replicas: 7 }), { "f:spec": { "f:replicas": {} } });
    expect(replicasToHandOver(left.object, live)).toBe(7);
    expect(replicasToHandOver(wanted.object, live)).toBeUndefined();
    expect(replicasToHandOver(left.object, liveOf(deployment(), {}))).toBeUndefined();
  });
});

describe("renamedJobs", () => {
  const job = object("batch/v1", "Job", "migrate", {}, { spec: { template: {} } });
  const live = (name: string, hash: string) => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "shop", annotations: { [annotations.specHash]: hash } },
  });

  it("keeps a new and an unchanged Job, renames a changed one by its content, and finds it again", () => {
    const wanted = wantedOf(job);
    const hash = wanted[0]?.hash ?? "";
    const names = (jobs: readonly ReturnType<typeof live>[]) => renamedJobs(wanted, jobs).map((one) => one.ref.name);
    expect(names([])).toEqual(["migrate"]);
    expect(names([live("migrate", hash)])).toEqual(["migrate"]);
    expect(names([live("migrate", "old")])).toEqual([`migrate-${hash.slice(0, 8)}`]);
    expect(names([live(`migrate-${hash.slice(0, 8)}`, "x")])).toEqual([`migrate-${hash.slice(0, 8)}`]);
  });
});
