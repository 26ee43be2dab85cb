import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultOf, importsOf } from "./import-rules.ts";

const sources = globSync("{packages,actions}/*/src/**/*.ts").filter((file) => !file.includes("node_modules"));

describe("imports", () => {
  it("go from actions to packages to lower packages, and each SDK has one importer", () => {
    const imports = sources.flatMap((file) => importsOf(file.replaceAll("\\", "/"), readFileSync(file, "utf8")));
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  });

  it("of the AWS, Kubernetes and GitHub packages by inputs, plan and report are types only", () => {
    const steps = globSync("actions/*/src/{inputs,plan,report}.ts");
    const values = steps.flatMap((file) =>
      [
        ...readFileSync(file, "utf8").matchAll(
          /^import (?!type\b)([^;]*?) from "(@eks-actions\/(?:aws|kube|github))"/gm,
        ),
      ]
        .filter(([, names]) => !/^\{(\s*type \w+( as \w+)?,?)+\s*\}$/.test(names ?? ""))
        .map(([statement]) => `${file}: ${statement}`),
    );
    expect(values).toEqual([]);
  });
});

describe("the import rules", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["packages/aws/src/a.ts", "@eks-actions/auth-action", false],
    ["actions/auth/src/a.ts", "@eks-actions/rollout-action", false],
    ["actions/auth/src/a.ts", "../../rollout/src/plan.ts", false],
    ["actions/auth/src/a.ts", "./golden/b.ts", true],
    ["actions/auth/src/a.ts", "@aws-sdk/client-eks", false],
    ["packages/kube/src/a.ts", "@aws-sdk/client-eks", false],
    ["packages/aws/src/a.ts", "@aws-sdk/client-eks", true],
    ["packages/kube/src/a.ts", "@eks-actions/aws", false],
    ["packages/packing/src/a.ts", "node:fs", false],
    ["packages/packing/src/a.ts", "@eks-actions/action", false],
    ["packages/packing/src/a.ts", "@eks-actions/action/error", true],
    ["actions/cost-diff/src/plan.ts", "node:fs", false],
    ["actions/cost-diff/src/observe.ts", "node:fs", true],
    ["actions/auth/src/a.ts", "@eks-actions/test/fakes/clock.ts", false],
    ["actions/auth/src/a.test.ts", "@eks-actions/test/fakes/clock.ts", true],
  ];
  it.each(cases)("say of %s importing %s: allowed = %s", (file, specifier, allowed) => {
    expect(faultOf({ file, line: 1, specifier }) === undefined).toBe(allowed);
  });

  it("see static, type-only, re-exporting and dynamic imports with their lines", () => {
    const text =
      'import a from "a";\nimport type { B } from "b";\nexport { c } from "c";\nimport "d";\nconst e = await import("e");\nimport {\n  f,\n} from "f";\n';
    expect(importsOf("x.ts", text).map(({ specifier, line }) => `${specifier}${line}`)).toEqual([
      "a1",
      "b2",
      "c3",
      "d4",
      "e5",
      "f8",
    ]);
  });
});
