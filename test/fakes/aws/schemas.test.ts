import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { modelOf, services } from "./operations.ts";
import { compareSchemas, parseSchemas, readSchemas } from "./schemas.ts";
import { handlers } from "./services/handlers.ts";

describe("the SDK's schemas", () => {
  it("are the ones that the stand-in was written for", async () => {
    const file = await readFile(new URL("./table/schemas.json", import.meta.url), "utf8");
    const differences = compareSchemas(parseSchemas(JSON.parse(file)), await readSchemas());
    const hint = "look at the changes, then run test/fakes/aws/schemas.write.ts";
    expect(differences, `SCHEMA_DRIFT: ${differences.join("; ")} · ${hint}`).toEqual([]);
  });

  it("show a gained member, a lost one and a new shape by name", () => {
    const kept = { eks: { Cluster: ["name: string", "arn: string"], "operation A": ["unit", "unit"] } };
    const installed = { eks: { Cluster: ["name: string", "tier: string"], "operation B": ["unit", "unit"] } };
    expect(compareSchemas(kept, installed)).toEqual([
      "eks Cluster gained tier: string",
      "eks Cluster lost arn: string",
      "eks lost operation A",
      "eks gained operation B",
    ]);
  });

  it("know every operation that has a handler", async () => {
    for (const service of services) {
      const { operations } = await modelOf(service);
      const unknown = Object.keys(handlers[service.id]).filter((name) => !operations.has(name));
      expect(unknown).toEqual([]);
    }
  });

  it("leave only EKS Anywhere, certificate authorities and connected clusters without a handler", async () => {
    const [eks] = services;
    if (eks === undefined) throw new Error("no EKS");
    const { operations } = await modelOf(eks);
    const missing = [...operations.keys()].filter((name) => handlers.eks[name] === undefined);
    const outOfScope = missing.filter((name) =>
      /EksAnywhere|CertificateAuthorit|^(Register|Deregister)Cluster$/.test(name),
    );
    expect(missing).toEqual(outOfScope);
    expect(missing.length).toBe(12);
  });
});
