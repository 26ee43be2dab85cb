import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesSelector } from "../gate/selector.ts";
import { annotations } from "../model.ts";
import { configMap, deployment, liveOf, wantedOf } from "../samples.ts";
import { migratedFields } from "../write/write.ts";
import { diffObjects } from "./diff.ts";
import { covers, isUnchanged, mergeFields, ownedPart, restorable } from "./ownership.ts";

const containers = {
  "f:containers": {
    'k:{"name":"web"}': {
      ".": {},
      "f:name": {},
      "f:image": {},
      "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
    },
  },
};
const spec = { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }] };

describe("covers", () => {
  it.each([
    ["every leaf", containers, spec, true],
    ["a leaf that somebody else took", { "f:containers": { 'k:{"name":"web"}': { "f:name": {} } } }, spec, false],
    ["an item more", containers, { containers: [...spec.containers, { name: "side", image: "x" }] }, false],
    ["an item less", { "f:containers": { ...containers["f:containers"], 'k:{"name":"side"}': {} } }, spec, false],
    ["an atomic list", { "f:args": {} }, { args: ["a", "b"] }, true],
    ["a set of values", { "f:finalizers": { 'v:"a"': {}, 'v:"b"': {} } }, { finalizers: ["b", "a"] }, true],
    ["another set of values", { "f:finalizers": { 'v:"a"': {} } }, { finalizers: ["b"] }, false],
    ["an empty map that the server drops", { "f:x": {} }, { x: "1", y: {}, z: [] }, true],
    ["nothing owned at all", undefined, { x: "1" }, false],
    ["a key of a form that is not known", { "f:l": { "i:0": {} } }, { l: ["a"] }, false],
  ])("%s", (_, fields, desired, owned) => {
    expect(covers(fields, desired)).toBe(owned);
  });
});

describe("isUnchanged", () => {
  const [wanted] = wantedOf(configMap());
  if (wanted === undefined) throw new Error("no object");
  const fields = {
    "f:data": { "f:GREETING": {} },
    "f:metadata": {
      "f:annotations": { [`f:${annotations.specHash}`]: {} },
      "f:labels": { "f:applyset.kubernetes.io/part-of": {}, "f:eks-actions.dev/app": {} },
    },
  };
  it("needs the same hash and every field still ours", () => {
    expect(isUnchanged(wanted.object, liveOf(wanted.object, fields), annotations.specHash)).toBe(true);
    expect(isUnchanged(wanted.object, liveOf(wanted.object, { ...fields, "f:data": {} }), annotations.specHash)).toBe(
      true,
    );
    expect(
      isUnchanged(wanted.object, liveOf(wanted.object, { "f:metadata": fields["f:metadata"] }), annotations.specHash),
    ).toBe(false);
    const other = liveOf(
      { ...wanted.object, metadata: { ...wanted.object.metadata, annotations: { [annotations.specHash]: "x" } } },
      fields,
    );
    expect(isUnchanged(wanted.object, other, annotations.specHash)).toBe(false);
  });
});

describe("ownedPart", () => {
  it("takes out what we own, with the keys of list items", () => {
    const live = {
      containers: [
        { name: "web", image: "web:1", imagePullPolicy: "Always", ports: [{ containerPort: 80, protocol: "TCP" }] },
        { name: "injected", image: "x" },
      ],
      restartPolicy: "Always",
    };
    expect(ownedPart(containers, live)).toEqual({
      containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80, protocol: "TCP" }] }],
    });
  });

  it("of what covers says is whole gives back the desired values", () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const desired = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.oneof(leaf, fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), leaf, { minKeys: 1 })),
      { minKeys: 1 },
    );
    const fieldsOf = (value: unknown): unknown =>
      typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, part]) => [`f:${key}`, fieldsOf(part)]))
        : {};
    fc.assert(
      fc.property(desired, (value) => {
        const fields = fieldsOf(value);
        expect(covers(fields, value)).toBe(true);
        expect(ownedPart(fields, { ...value, more: "of the server" })).toEqual(value);
      }),
    );
  });

  it("makes a manifest that brings the object back", () => {
    const live = liveOf(deployment("web:1"), { "f:spec": { "f:replicas": {} } }, { replicas: 2 });
    expect(restorable(live)).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas: 2 },
    });
    const foreign = {
      ...deployment(),
      metadata: { name: "web", uid: "u", resourceVersion: "1", labels: { a: "b" } },
      status: {},
    };
    expect(restorable(foreign)).toEqual({ ...deployment(), metadata: { name: "web", labels: { a: "b" } } });
  });
});

describe("migratedFields", () => {
  it("makes the entry of kubectl apply ours, and leaves others alone", () => {
    const old = {
      manager: "kubectl-client-side-apply",
      operation: "Update" as const,
      fieldsV1: { "f:data": { "f:a": {} } },
    };
    const own = { manager: "eks-actions", operation: "Apply" as const, fieldsV1: { "f:data": { "f:b": {} } } };
    const flux = { manager: "flux", operation: "Apply" as const, fieldsV1: {} };
    expect(migratedFields([flux])).toBeUndefined();
    expect(migratedFields([flux, old, own])).toEqual([
      flux,
      { ...own, fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } } },
    ]);
    expect(mergeFields({ a: {} }, undefined)).toEqual({ a: {} });
  });
});

describe("diffObjects", () => {
  const hide = () => "hidden";
  it("names the changed fields by the names of list items", () => {
    expect(diffObjects(deployment("web:1"), deployment("web:2", { replicas: 3, paused: true }), hide)).toEqual([
      { path: "spec.paused", to: "true" },
      { path: "spec.replicas", from: "2", to: "3" },
      { path: "spec.template.spec.containers[web].image", from: "web:1", to: "web:2" },
    ]);
  });
  it("shows of a long text the lines that differ, on one line", () => {
    const config = (text: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c" },
      data: { "app.conf": text },
    });
    expect(diffObjects(config("a\nb\nc\nd\n"), config("a\nB\nb2\nc\nd\n"), hide)).toEqual([
      { path: 'data["app.conf"] (line 2)', from: "b", to: "B ⏎ b2" },
    ]);
    expect(diffObjects(undefined, config("a\n::error::b"), hide)).toEqual([
      { path: 'data["app.conf"]', to: "a ⏎ ::error::b" },
    ]);
  });
  it("hides values of Secrets and its own notes", () => {
    const secret = (value: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", annotations: { [annotations.specHash]: value } },
      data: { a: value },
    });
    const shown = JSON.stringify(
      diffObjects(secret("eA=="), secret("eQ=="), (value) => (value === "x" ? "hash1" : "hash2")),
    );
    expect(shown).toBe('[{"path":"data.a","from":"hash1","to":"hash2"}]');
  });
});

describe("matchesSelector", () => {
  it.each([
    [{ matchLabels: { app: "web" } }, true],
    [{ matchLabels: { app: "x" } }, false],
    [{ matchExpressions: [{ key: "app", operator: "In", values: ["web", "x"] }] }, true],
    [{ matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, false],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, false],
    [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, true],
    [{ matchExpressions: [{ key: "app", operator: "Near" }] }, false],
  ])("%j", (selector, matches) => {
    expect(matchesSelector(selector, { app: "web" })).toBe(matches);
  });
});
