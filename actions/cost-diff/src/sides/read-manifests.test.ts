import { ActionError } from "@eks-actions/action";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWorkloads } from "../bill/workloads.ts";
import { readManifests } from "./read-manifests.ts";

const options = { basis: "spec", assume: undefined, asOf: "2026-11-23", usage: new Map() } as const;

/** The requests of all workloads of a text; a refusal must be one of ours, with its code. */
function requests(text: string): readonly number[] | string {
  try {
    const { workloads } = readWorkloads(readManifests(text, "x.yaml"), options);
    return workloads.flatMap(({ request, replicas }) => [...Object.values(request), replicas]);
  } catch (error) {
    if (error instanceof ActionError && error.code !== "INTERNAL") return error.code;
    throw error;
  }
}

const deployment = (cpu: unknown, memory: unknown, replicas: unknown) =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { replicas, template: { spec: { containers: [{ name: "c", resources: { requests: { cpu, memory } } }] } } },
  });

describe("manifests of strangers", () => {
  it("are read or refused, whatever text they are", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "apiVersion: v1",
        "kind: Pod",
        "metadata: { name: a }",
        "---",
        "spec: &a [*a]",
        "a: !!js/x",
        "- *b",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        expect(requests(`apiVersion: v1\n${lines.join("\n")}`)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  it("are read or refused, whatever stands where the price looks", () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom("1e99", "-1", "1Ei", "0x10", "NaN", "1_000", "٣", -0, 1e308));
    fc.assert(
      fc.property(odd, odd, odd, (cpu, memory, replicas) => {
        const found = requests(deployment(cpu, memory, replicas));
        if (typeof found === "string") expect(["MANIFEST_INVALID", "YAML_INVALID"]).toContain(found);
        else for (const amount of found) expect(Number.isSafeInteger(amount) && amount >= 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("keep an object's prototype out of reach", () => {
    const text = 'apiVersion: v1\nkind: Pod\nmetadata: { name: a, "__proto__": { polluted: true } }\nspec: {}\n';
    requests(text);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("are a limit when one is of ten megabytes", () => {
    const data = "x".repeat(10 * 2 ** 20);
    expect(requests(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: big }\ndata: { a: ${data} }\n`)).toBe(
      "YAML_LIMIT",
    );
  });
});
