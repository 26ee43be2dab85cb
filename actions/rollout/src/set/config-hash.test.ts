import { at, type KubeObject } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { annotations } from "../model.ts";
import { configMap, deployment, scopes, setOptions, sources } from "../samples.ts";
import { buildSet } from "./set.ts";

const hashed = (...objects: readonly object[]) =>
  buildSet(sources(...objects), { ...setOptions, configHash: true }, scopes);
const noteOf = (object: KubeObject | undefined) =>
  at(object, ["spec", "template", "metadata", "annotations", annotations.configHash]);

const reading = (part: object, container: object = {}) =>
  deployment("web:1", {
    template: {
      metadata: { annotations: { team: "shop" } },
      spec: { containers: [{ name: "web", image: "web:1", ...container }], ...part },
    },
  });
const secret = (text: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db" },
  stringData: { url: text },
});

describe("config-hash", () => {
  it.each([
    ["a variable", {}, { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "web", key: "GREETING" } } }] }],
    ["all variables of a ConfigMap", {}, { envFrom: [{ configMapRef: { name: "web" } }] }],
    ["a volume", { volumes: [{ name: "a", configMap: { name: "web" } }] }, {}],
    ["a projected volume", { volumes: [{ name: "a", projected: { sources: [{ configMap: { name: "web" } }] } }] }, {}],
    ["a variable from a Secret", {}, { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "db", key: "url" } } }] }],
    ["all variables of a Secret", {}, { envFrom: [{ secretRef: { name: "db" } }] }],
    ["a Secret as volume", { volumes: [{ name: "a", secret: { secretName: "db" } }] }, {}],
    ["a projected Secret", { volumes: [{ name: "a", projected: { sources: [{ secret: { name: "db" } }] } }] }, {}],
  ])("changes the pod template when what it reads by %s changes", (_, part, container) => {
    const [before] = hashed(reading(part, container), configMap(), secret("a"));
    const [same] = hashed(reading(part, container), configMap(), secret("a"));
    const [after] = hashed(reading(part, container), configMap("web", { GREETING: "bye" }), secret("b"));
    expect(noteOf(before?.object)).toMatch(/^[0-9a-f]{16}$/);
    expect(noteOf(same?.object)).toBe(noteOf(before?.object));
    expect(noteOf(after?.object)).not.toBe(noteOf(before?.object));
    expect(at(before?.object, ["spec", "template", "metadata", "annotations", "team"])).toBe("shop");
  });

  it("leaves alone what reads nothing of the set, what is in another namespace, and Jobs", () => {
    const envFrom = [{ configMapRef: { name: "web" } }];
    const elsewhere = { ...configMap(), metadata: { name: "web", namespace: "other" } };
    expect(noteOf(hashed(deployment(), configMap())[0]?.object)).toBeUndefined();
    expect(noteOf(hashed(reading({}, { envFrom }), elsewhere)[0]?.object)).toBeUndefined();
    const job = { ...reading({}, { envFrom }), apiVersion: "batch/v1", kind: "Job" };
    expect(noteOf(hashed(job, configMap())[0]?.object)).toBeUndefined();
  });

  it("is off unless asked for", () => {
    const [web] = buildSet(
      sources(reading({}, { envFrom: [{ configMapRef: { name: "web" } }] }), configMap()),
      setOptions,
      scopes,
    );
    expect(noteOf(web?.object)).toBeUndefined();
  });
});
