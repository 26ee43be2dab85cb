import { tmpdir } from "node:os";
import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { describe, expect, it } from "vitest";
import { type Program, runProgram } from "./program.ts";

describe("rendering", () => {
  const rendered = (replicas: number) =>
    JSON.stringify({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas, template: { spec: { containers: [{ name: "c", resources: { requests: { cpu: "500m" } } }] } } },
    });
  const calls: { command: string; args: readonly string[]; env: object }[] = [];
  const tool =
    (answers: Record<string, Partial<Awaited<ReturnType<Program>>>>): Program =>
    async (command, args, run) => {
      calls.push({ command, args, env: run.env });
      return { end: "done", code: 0, stdout: "", stderr: "", ...(answers[command] ?? { end: "missing", code: 127 }) };
    };
  const chart = {
    "deploy/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "deploy/templates/web.yaml": "{{ broken",
  };
  const kustomization = { "deploy/kustomization.yaml": "resources: [web.yaml]\n", "deploy/web.yaml": "a: 1\n" };
  const helm = { manifests: "", chart: "deploy", "instance-types": "m5.large" };
  const kustomize = { manifests: "", kustomize: "deploy", "instance-types": "m5.large" };
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => "no error",
      (error: { code: string }) => error.code,
    );

  it("runs helm without plugins, tests and any of the job's variables", async () => {
    calls.length = 0;
    const { cluster } = await price({
      head: { ...chart, "values.yaml": "a: 1\n" },
      inputs: { ...helm, "release-name": "shop", values: "values.yaml", set: "image.tag=1,2", namespace: "shop" },
      env: { PATH: "/bin", AWS_SECRET_ACCESS_KEY: "secret", GITHUB_TOKEN: "secret" },
      program: tool({ helm: { stdout: rendered(2) } }),
    });
    expect(cluster.workloads[0]?.id).toBe("shop/Deployment/web");
    const call = calls.find(({ command }) => command === "helm");
    expect(call?.args.slice(0, 2)).toEqual(["template", "shop"]);
    expect(call?.args).toEqual(expect.arrayContaining(["--include-crds", "--skip-tests", "--set", "image.tag=1,2"]));
    expect(call?.args.join(" ")).not.toMatch(/post-renderer/);
    expect(Object.keys(call?.env ?? {}).sort()).toEqual(["HOME", "LC_ALL", "PATH"]);
  });

  it("falls back from kustomize to kubectl, and says when neither is there", async () => {
    const { cluster } = await price({
      head: kustomization,
      inputs: kustomize,
      program: tool({ kubectl: { stdout: rendered(3) } }),
    });
    expect(cluster.workloads[0]?.replicas.head).toBe(3);
    expect(await code(price({ head: kustomization, inputs: kustomize, program: tool({}) }))).toBe("TOOL_MISSING");
    expect(await code(price({ head: chart, inputs: helm, program: tool({}) }))).toBe("TOOL_MISSING");
  });

  it.each([
    [{ code: 1, stderr: "template: no such function" }, "RENDER_FAILED"],
    [{ end: "time" as const }, "RENDER_LIMIT"],
    [{ end: "output" as const }, "RENDER_LIMIT"],
  ])("an end like %j is %s", async (answer, expected) => {
    expect(await code(price({ head: chart, inputs: helm, program: tool({ helm: answer }) }))).toBe(expected);
  });

  it("only the base that fails is a warning", async () => {
    const program: Program = async (_command, args) =>
      args.some((arg) => arg.includes("/base/"))
        ? { end: "done", code: 1, stdout: "", stderr: "old" }
        : { end: "done", code: 0, stdout: rendered(1), stderr: "" };
    const { report } = await price({ base: chart, head: chart, inputs: helm, program });
    expect(report.warnings.map(({ code: name }) => name)).toContain("RENDER_FAILED_BASE");
  });

  it.each([
    ["kustomization.yaml", "resources: [https://github.com/x/y?ref=main]\n"],
    ["kustomization.yaml", "resources: ['github.com/x/y//deploy']\n"],
    ["kustomization.yaml", "helmCharts: [{ name: a, repo: 'https://x' }]\n"],
    ["Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{ name: b, repository: 'oci://x' }]\n"],
  ])("%s that leaves the repository is refused: %s", async (name, text) => {
    const files = { [`deploy/${name}`]: text };
    expect(
      await code(price({ head: files, inputs: name === "Chart.yaml" ? helm : kustomize, program: tool({}) })),
    ).toBe("REMOTE_REFUSED");
  });

  it("a real program that does not end is ended, and its output is bounded", async () => {
    const run = { cwd: tmpdir(), env: { PATH: process.env["PATH"] ?? "" } };
    expect((await runProgram("sleep", ["30"], { ...run, timeoutMs: 100 })).end).toBe("time");
    expect((await runProgram("yes", [], { ...run, maxBytes: 10_000 })).end).toBe("output");
    expect((await runProgram("no-such-program-here", [], run)).end).toBe("missing");
    const aborted = AbortSignal.timeout(50);
    await expect(runProgram("sleep", ["30"], { ...run, signal: aborted })).rejects.toThrow("aborted due to timeout");
  });
});
