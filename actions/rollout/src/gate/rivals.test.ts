import type { KubeObject } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { lostFields } from "./rivals.ts";

const desired: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels: { team: "a" } },
  spec: { replicas: 2, template: { spec: { containers: [{ name: "web", image: "web:2" }] } } },
};
const container = (fields: object) => ({
  "f:template": { "f:spec": { "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:name": {}, ...fields } } } },
});
const labels = { "f:metadata": { "f:labels": { "f:team": {} } } };

function live(ours: object, theirs?: { readonly manager: string; readonly spec: object }): KubeObject {
  const entry = (manager: string, operation: "Apply" | "Update", fieldsV1: object) => ({
    manager,
    operation,
    apiVersion: "apps/v1",
    fieldsType: "FieldsV1",
    fieldsV1,
  });
  const managedFields = [
    entry("eks-actions", "Apply", { ...labels, "f:spec": ours }),
    ...(theirs === undefined ? [] : [entry(theirs.manager, "Update", { "f:spec": theirs.spec })]),
  ];
  return { ...desired, metadata: { ...desired.metadata, managedFields } };
}

describe("fields that somebody else has changed since", () => {
  it("are none while all of ours are ours", () => {
    expect(lostFields(desired, live({ "f:replicas": {}, ...container({ "f:image": {} }) }))).toEqual([]);
  });

  it("are named with whoever holds them now", () => {
    const theirs = { manager: "kubectl-edit", spec: container({ "f:image": {} }) };
    expect(lostFields(desired, live({ "f:replicas": {}, ...container({}) }, theirs))).toEqual([
      { path: "spec.template.spec.containers[web].image", manager: "kubectl-edit" },
    ]);
    const scaled = live(container({ "f:image": {} }), { manager: "kubectl", spec: { "f:replicas": {} } });
    expect(lostFields(desired, scaled)).toEqual([{ path: "spec.replicas", manager: "kubectl" }]);
  });

  it("are nobody's when they were removed", () => {
    expect(lostFields(desired, live({ "f:replicas": {} }))).toEqual([{ path: "spec.template", manager: "nobody" }]);
  });
});
