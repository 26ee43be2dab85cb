import { describe, expect, it } from "vitest";
import { wantedOf } from "../samples.ts";
import { schemaFaults } from "./definition-schema.ts";
import { definedFaults } from "./local-faults.ts";

const faultsOf = (spec: unknown, schema: object, strict = true) =>
  schemaFaults(
    { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" }, spec },
    { type: "object", required: ["metadata", "spec"], properties: { spec: schema } },
    strict,
  ).map(({ path, message }) => `${path.join(".")}: ${message}`);

const limits = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1, maximum: 9 },
    ratio: { type: "number", minimum: 0, exclusiveMinimum: true },
    mode: { type: "string", enum: ["fast", "slow"] },
    name: { type: "string", pattern: "^[a-z]+$", maxLength: 3 },
    port: { "x-kubernetes-int-or-string": true },
    tags: { type: "array", maxItems: 2, items: { type: "string" } },
    labels: { type: "object", additionalProperties: { type: "string" } },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    child: { type: "object", "x-kubernetes-embedded-resource": true },
    on: { type: "boolean", nullable: true },
    goExpression: { type: "string", pattern: "(?i)a" },
    source: { type: "object", oneOf: [{ required: ["git"] }, { required: ["oci"] }], properties: { git: {}, oci: {} } },
  },
};

describe("a custom resource against the schema of its CRD", () => {
  it.each([
    [{ size: 3, port: "http", tags: ["a"], labels: { a: "b" }, free: { x: 1 }, on: null }, []],
    [{ size: 3, child: { apiVersion: "v1", kind: "Pod", metadata: {} }, goExpression: "b" }, []],
    [{ size: 3, source: { git: "x" } }, []],
    [{}, ['spec: lacks the required field "size"']],
    [{ size: "3" }, ["spec.size: must be an integer, is a string"]],
    [{ size: 0 }, ["spec.size: must be at least 1, is 0"]],
    [{ size: 10 }, ["spec.size: must be at most 9, is 10"]],
    [{ size: 1, ratio: 0 }, ["spec.ratio: must be more than 0, is 0"]],
    [{ size: 1, mode: "quick" }, ['spec.mode: must be one of "fast", "slow", is "quick"']],
    [{ size: 1, name: "abcd" }, ["spec.name: must have at most 3 characters, has 4"]],
    [{ size: 1, name: "A" }, ["spec.name: must match `^[a-z]+$`"]],
    [{ size: 1, port: 1.5 }, ["spec.port: must be an integer or string, is a number"]],
    [
      { size: 1, tags: ["a", 2, "c"] },
      ["spec.tags: must have at most 2 items, has 3", "spec.tags.1: must be a string, is an integer"],
    ],
    [{ size: 1, labels: { a: 1 } }, ["spec.labels.a: must be a string, is an integer"]],
    [{ size: 1, szie: 1 }, ['spec.szie: unknown field "spec.szie"']],
    [{ size: 1, child: { spec: {} } }, ['spec.child.spec: unknown field "spec.child.spec"']],
    [{ size: null }, ["spec.size: must not be null"]],
    [{ size: 1, source: { git: "x", oci: "y" } }, ["spec.source: does not fit exactly one of `oneOf`"]],
    [[], ["spec: must be an object, is an array"]],
  ])("%j has the faults %j", (spec, faults) => {
    expect(faultsOf(spec, limits)).toEqual(faults);
  });

  it("may have unknown fields when they are not refused", () => {
    expect(faultsOf({ size: 1, szie: 1 }, limits, false)).toEqual([]);
  });
});

describe("a set that brings a CRD and its resources", () => {
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { kind: "Thing" },
      versions: [
        {
          name: "v1",
          served: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: limits } } },
        },
      ],
    },
  };
  const thing = (apiVersion: string, spec: object) => ({ apiVersion, kind: "Thing", metadata: { name: "a" }, spec });

  it("is told of their faults on their lines before anything is written", () => {
    const wanted = wantedOf(crd, thing("example.com/v1", { size: 0, szie: 1 }));
    expect(definedFaults(wanted, true)).toMatchObject([
      { code: "REJECTED", message: "k8s/2.yaml:1: Thing a: spec.size must be at least 1, is 0", file: "k8s/2.yaml" },
      { code: "REJECTED", message: 'k8s/2.yaml:1: Thing a: unknown field "spec.szie"' },
    ]);
  });

  it("is told of a version that the CRD does not serve", () => {
    const wanted = wantedOf(crd, thing("example.com/v2", { size: 1 }));
    expect(definedFaults(wanted, true)).toMatchObject([
      { message: "k8s/2.yaml:1: Thing a: CustomResourceDefinition things.example.com serves v1" },
    ]);
  });
});
