import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAggregated } from "./discovery.ts";
import { apiError, parseDenial, parseSchemaFaults } from "./error.ts";
import { lines } from "./lines.ts";
import { resourcePath } from "./resource.ts";
import { warningsOf } from "./warnings.ts";

describe("lines", () => {
  it("are the same however the bytes are cut, without a last one that has no end", async () => {
    const text = fc.array(fc.string({ unit: "grapheme" }).map((part) => part.replaceAll("\n", " ")));
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.string(),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (whole, rest, cuts) => {
          const bytes = Buffer.from(whole.map((part) => `${part}\n`).join("") + rest.replaceAll("\n", ""));
          async function* chunks() {
            for (let at = 0, turn = 0; at < bytes.length; turn++) {
              const size = cuts[turn % cuts.length] ?? 1;
              yield bytes.subarray(at, at + size);
              at += size;
            }
          }
          const found: string[] = [];
          for await (const line of lines(chunks())) found.push(line);
          expect(found).toEqual(whole);
        },
      ),
    );
  });
});

describe("paths", () => {
  it.each([
    [
      { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true },
      "apps",
      "a",
      "log",
      "/api/v1/namespaces/apps/pods/a/log",
    ],
    [
      { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
      undefined,
      undefined,
      undefined,
      "/apis/apps/v1/deployments",
    ],
    [{ apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false }, "apps", "n", undefined, "/api/v1/nodes/n"],
    [
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", plural: "clusterroles", namespaced: false },
      undefined,
      "My:Role/x",
      undefined,
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/My%3ARole%2Fx",
    ],
  ])("of %j in %s is exact and escaped", (type, namespace, name, subresource, expected) => {
    expect(resourcePath(type, namespace, name, subresource)).toBe(expected);
  });
});

describe("errors", () => {
  const request = { method: "GET", path: "/x" };
  it("keep the causes of a Status", () => {
    const causes = [{ reason: "FieldManagerConflict", message: 'conflict with "helm"', field: ".data.x" }];
    const body = JSON.stringify({ kind: "Status", code: 409, reason: "Conflict", message: "m", details: { causes } });
    expect(apiError({ status: 409, headers: {}, body }, request)).toMatchObject({
      status: 409,
      reason: "Conflict",
      message: "m",
      details: { causes },
    });
  });

  it("make do with what is no Status", () => {
    const messages = ["<html>Bad gateway</html>", "", "[1]"].map(
      (body) => apiError({ status: 502, headers: {}, body }, request).message,
    );
    expect(messages).toEqual(["<html>Bad gateway</html>", "HTTP 502", "[1]"]);
  });

  it.each([
    [
      'pods is forbidden: User "ci" cannot list resource "pods" in API group "" in the namespace "a"',
      { user: "ci", verb: "list", resource: "pods", group: "", namespace: "a" },
    ],
    [
      'nodes is forbidden: User "arn:aws:sts::1:assumed-role/x/y" cannot list resource "nodes" in API group "" at the cluster scope',
      { user: "arn:aws:sts::1:assumed-role/x/y", verb: "list", resource: "nodes", group: "", namespace: undefined },
    ],
    [
      'pods "a" is forbidden: User "ci" cannot get resource "pods/log" in API group "" in the namespace "a"',
      { user: "ci", verb: "get", resource: "pods/log", group: "", namespace: "a" },
    ],
    ["exceeded quota: compute", undefined],
  ])("read who may not do what: %s", (message, denial) => {
    expect(parseDenial(message)).toEqual(denial);
  });

  it.each([
    [
      "failed to create typed patch object (a/x; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema",
      [{ field: ".spec.replcas", what: "field not declared in schema" }],
    ],
    [
      'failed to create typed patch object (a/x; apps/v1, Kind=Deployment): errors:\n  .spec.a: field not declared in schema\n  .spec.template.spec.containers[name="web"].b: field not declared in schema',
      [
        { field: ".spec.a", what: "field not declared in schema" },
        { field: '.spec.template.spec.containers[name="web"].b', what: "field not declared in schema" },
      ],
    ],
    ["etcdserver: request timed out", []],
  ])("read which fields a kind lacks: %s", (message, faults) => {
    expect(parseSchemaFaults(message)).toEqual(faults);
  });
});

describe("warnings", () => {
  it.each([
    [undefined, []],
    ['299 - "a is deprecated"', ["a is deprecated"]],
    ['299 - "say \\"b\\", please", 299 - "c", 299 - "c"', ['say "b", please', "c"]],
    ['199 - "misc"', []],
  ])("of %j are %j", (header, expected) => {
    expect(warningsOf(header)).toEqual(expected);
  });
});

describe("aggregated discovery", () => {
  it("gives each version's kinds with plural and scope", () => {
    const resource = (name: string, kind: string, scope: string) => ({ resource: name, responseKind: { kind }, scope });
    const kinds = parseAggregated({
      items: [
        { metadata: {}, versions: [{ version: "v1", resources: [resource("bindings", "Binding", "Namespaced")] }] },
        {
          metadata: { name: "oracle.test" },
          versions: [{ version: "v2", resources: [resource("widgets", "Widget", "Cluster"), { resource: "broken" }] }],
        },
      ],
    });
    expect([...kinds.values()]).toEqual([
      { apiVersion: "v1", kind: "Binding", plural: "bindings", namespaced: true },
      { apiVersion: "oracle.test/v2", kind: "Widget", plural: "widgets", namespaced: false },
    ]);
  });
});
