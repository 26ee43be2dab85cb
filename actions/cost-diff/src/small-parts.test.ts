import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";
import { isTimeZone, parseCron, runsInMonth } from "./cron.ts";
import { fargateRefusal, fargateSize } from "./fargate.ts";
import { globExpression, openTree } from "./files.ts";
import { inputs, readInputs } from "./inputs.ts";
import type { Program } from "./program.ts";
import { runProgram } from "./program.ts";

const GI = 2 ** 30;

describe("cron", () => {
  it.each([
    ["* * * * *", 43_800],
    ["0 * * * *", 730],
    ["*/15 * * * *", 2920],
    ["0 3 * * *", 31],
    ["@daily", 31],
    ["30 9-17 * * 1-5", 199],
    ["0 0 1 * *", 1],
    ["0 0 1 * mon", 6],
    ["0 0 31 feb *", 0],
  ])("%s fires %d times in 730 hours from the 23rd of November", (schedule, runs) => {
    const cron = parseCron(schedule);
    expect(cron && runsInMonth(cron, "2026-11-23")).toBe(runs);
  });

  it("follows a time zone", () => {
    // The 730 hours end on the 23rd of December at 10:00 UTC, which is 23:00 in Auckland.
    const cron = parseCron("0 20 23 12 *");
    expect(cron && runsInMonth(cron, "2026-11-23")).toBe(0);
    expect(cron && runsInMonth(cron, "2026-11-23", "Pacific/Auckland")).toBe(1);
    expect(isTimeZone("Europe/Berlin")).toBe(true);
    expect(isTimeZone("Mars/Olympus")).toBe(false);
  });

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "a * * * *",
    "1-0 * * * *",
    "*/0 * * * *",
    "* * * * * *",
    "@reboot",
    "0 0 0 * *",
  ])("refuses %j", (schedule) => {
    expect(parseCron(schedule)).toBeUndefined();
  });
});

describe("Fargate sizes", () => {
  it.each([
    [{}, 0.25, 0.5],
    [{ cpu: 250, memory: 0.2 * GI }, 0.25, 0.5],
    [{ cpu: 250, memory: 0.3 * GI }, 0.25, 1],
    [{ cpu: 250, memory: 1.8 * GI }, 0.5, 3],
    [{ cpu: 600, memory: 1.9 * GI }, 1, 3],
    [{ cpu: 4000, memory: 31 * GI }, 8, 32],
    [{ cpu: 16_000, memory: 119 * GI }, 16, 120],
  ])("%j becomes %d vCPU and %d GB", (request, vcpu, gb) => {
    expect(fargateSize(request)).toEqual({ vcpu, gb, ephemeralGb: 0 });
  });

  it("ends at 16 vCPU and 120 GB, and refuses what cannot run there", () => {
    expect(fargateSize({ cpu: 17_000 })).toBeUndefined();
    expect(fargateSize({ memory: 120 * GI })).toBeUndefined();
    const refusal = (request: object, podSpec: object, kind = "Deployment") =>
      fargateRefusal({ kind, request: request as Record<string, number>, podSpec });
    expect(refusal({}, {}, "DaemonSet")).toBe("DaemonSet");
    expect(refusal({ "nvidia.com/gpu": 1 }, {})).toBe("nvidia.com/gpu");
    expect(refusal({ "port:80": 1 }, {})).toBe("hostPort");
    expect(refusal({}, { containers: [{ securityContext: { privileged: true } }] })).toBe("privileged");
    expect(refusal({}, { volumes: [{ ephemeral: {} }] })).toBe("EBS");
    expect(refusal({ cpu: 100 }, {})).toBeUndefined();
  });
});

describe("files", () => {
  it.each([
    ["deploy/*.yaml", "deploy/a.yaml", true],
    ["deploy/*.yaml", "deploy/x/a.yaml", false],
    ["deploy/**/*.yaml", "deploy/x/y/a.yaml", true],
    ["deploy/**/*.yaml", "deploy/a.yaml", true],
    ["deploy/{a,b}.yaml", "deploy/b.yaml", true],
    ["m7i.*", "m7ixlarge", false],
    ["a+b?.yaml", "a+bc.yaml", true],
  ])("%s on %s: %s", (glob, path, isMatch) => expect(globExpression(glob).test(path)).toBe(isMatch));

  it("nothing leads out of a tree", () => {
    const root = mkdtempSync(join(tmpdir(), "tree-"));
    mkdirSync(join(root, "in"));
    writeFileSync(join(root, "in/a.yaml"), "a: 1");
    symlinkSync("/etc/passwd", join(root, "in/out.yaml"));
    symlinkSync("a.yaml", join(root, "in/same.yaml"));
    symlinkSync("/nowhere", join(root, "in/dead.yaml"));
    const tree = openTree(root);
    expect(tree.read("in/same.yaml")).toBe("a: 1");
    expect(tree.find("in/dead.yaml")).toBeUndefined();
    for (const path of ["../x", "/etc/passwd", "in/out.yaml", "in/../../x"])
      expect(() => tree.find(path)).toThrow(/leads out of the repository/);
    expect(() => tree.list("in", false)).toThrow("leads out");
  });
});

describe("inputs", () => {
  it.each([
    [{ manifests: "a", kustomize: "b" }, "exclude each other"],
    [{ set: "a=b" }, "`set` needs `chart`"],
    [{ mode: "render" }, "needs `merge`"],
    [{ "fail-on": "threshold" }, "needs a limit"],
    [{ "max-increase-usd": "-1" }, "max-increase-usd"],
    [{ "base-ref": "--upload-pack=x" }, "base-ref"],
    [{ "as-of": "2026-13-01" }, "as-of"],
    [{ "availability-zones": "7" }, "availability-zones"],
    [{ "spot-discount": "0.96" }, "spot-discount"],
    [{ "comment-key": "a --> b" }, "comment-key"],
    [{ "instance-types": "m5.large; rm" }, "instance-types"],
    [{ mode: "coment" }, "did you mean `comment`"],
  ])("refuse %j", (raw, message) => {
    expect(() => readInputs(raw)).toThrow(message);
  });

  it("reads its own defaults", () => {
    expect(inputs.read({})).toMatchObject({
      mode: "comment",
      availabilityZones: undefined,
      replicaBasis: "spec",
      commentKey: "default",
    });
  });
});

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

describe("settings", () => {
  const config = (text: string) => ({ ".github/cost.yaml": text, "deploy/nodes.yaml": nodePool() });
  const inputsOf = { manifests: "", "aws-region": "us-east-1" };
  it.each([
    ["schemaVersion: 2\n", "schemaVersion is 2"],
    ["schemaVersion: 1\ntarget: []\n", "did you mean `targets`"],
    ["schemaVersion: 1\ntargets: [{ path: a, cluster: x }]\nclusters: [{ name: prod }]\n", "is x, which is not listed"],
    ["schemaVersion: 1\ntargets: [{ path: a }, { path: a }]\n", "are both `a@default`"],
    ["schemaVersion: 1\nassume: { rootVolume: { gib: 0 } }\n", "gib is 0"],
    ["schemaVersion: 1\nclusters: [{ name: a, version: 1.3 }]\n", "version is 1.3"],
  ])("refuse %j", async (text, message) => {
    await expect(price({ head: config(text), inputs: inputsOf })).rejects.toThrow(/./);
    const error = await price({ head: config(text), inputs: inputsOf }).catch(
      (thrown: { message: string; hint?: string }) => thrown,
    );
    expect(`${(error as { message: string }).message} ${(error as { hint?: string }).hint ?? ""}`).toContain(message);
  });

  it("price several clusters from one file", async () => {
    const text = `schemaVersion: 1
targets:
  - { name: shop, cluster: prod, path: apps/shop }
  - { name: edge, cluster: edge, path: apps/edge }
clusters:
  - { name: prod, region: us-east-1, version: "1.35", instanceTypes: [m5.large] }
  - { name: edge, region: us-east-1, version: "1.33", instanceTypes: [m7g.*] }
`;
    const pod = (name: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name },
        spec: { containers: [{ name: "c", resources: { requests: { cpu: 1, memory: "1Gi" } } }] },
      });
    const { report } = await price({
      head: { ".github/cost.yaml": text, "apps/shop/a.json": pod("a"), "apps/edge/b.json": pod("b") },
      inputs: { manifests: "", "aws-region": "" },
    });
    expect(report.clusters.map(({ name }) => name)).toEqual(["edge", "prod"]);
    expect(report.clusters.map(({ lines }) => lines.some(({ id }) => id === "extendedSupport"))).toEqual([true, false]);
    expect(report.clusters[0]?.packing.head?.nodes[0]?.type).toMatch(/^m7g\./);
  });
});
