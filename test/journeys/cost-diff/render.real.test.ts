import { existsSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { cacheFolder } from "../../cluster/binaries.ts";
import { price } from "./in-process.ts";
import { deployment, nodePool } from "./scene.ts";

/** A folder with nothing but the one program: what else the machine has must not help. */
function pathOf(program: string, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tool-"));
  symlinkSync(program, join(folder, name));
  return folder;
}

const kubectl = pathOf(join(inject("cluster").binaries, "kubectl"), "kubectl");

const kustomization = (replicas: number) => ({
  "deploy/base/kustomization.yaml": "resources: [web.yaml, nodes.yaml]\n",
  "deploy/base/web.yaml": deployment(2),
  "deploy/base/nodes.yaml": nodePool(),
  "deploy/prod/kustomization.yaml": `resources: [../base]
namePrefix: prod-
namespace: shop
replicas: [{ name: web, count: ${replicas} }]
patches:
  - target: { kind: Deployment }
    patch: |
      - { op: replace, path: /spec/template/spec/containers/0/resources/requests/cpu, value: 750m }
`,
});

describe("the real kubectl kustomize", () => {
  const inputs = { manifests: "", kustomize: "deploy/prod" };

  it("renders base and head with prefix, namespace, count and patch, and is named in the report", async () => {
    const { cluster, report } = await price({
      base: kustomization(2),
      head: kustomization(5),
      inputs,
      env: { PATH: kubectl },
    });
    expect(cluster.workloads[0]).toMatchObject({
      id: "shop/Deployment/prod-web",
      replicas: { base: 2, head: 5 },
      request: { head: { cpuMillis: 750, memMiB: 512 } },
    });
    expect(report.tools["kubectl"]).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("says in its own words what it cannot render", async () => {
    const broken = { ...kustomization(2), "deploy/prod/kustomization.yaml": "resources: [../nowhere]\n" };
    await expect(price({ head: broken, inputs, env: { PATH: kubectl } })).rejects.toMatchObject({
      code: "RENDER_FAILED",
      message: expect.stringMatching(/deploy\/prod \(head\): kubectl kustomize ended with 1: .*nowhere/s),
    });
  });

  it("runs no plugin and inflates no chart", async () => {
    const plugin = {
      "deploy/prod/kustomization.yaml": "generators: [plugin.yaml]\n",
      "deploy/prod/plugin.yaml":
        "apiVersion: v1\nkind: Evil\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: { path: ./evil.sh }\n",
      "deploy/prod/evil.sh": "#!/bin/sh\ntouch /tmp/cost-diff-was-here\n",
    };
    await expect(price({ head: plugin, inputs, env: { PATH: kubectl } })).rejects.toMatchObject({
      code: "RENDER_FAILED",
    });
    expect(existsSync("/tmp/cost-diff-was-here")).toBe(false);
  });
});

const chart = {
  "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
  "chart/values.yaml": "replicas: 1\n",
  "chart/templates/web.yaml": deployment("{{ .Values.replicas }}").replace("name: web,", "name: {{ .Release.Name }},"),
  "chart/templates/tests/check.yaml":
    "apiVersion: v1\nkind: Pod\nmetadata: { name: check, annotations: { helm.sh/hook: test } }\nspec: { containers: [{ name: c }] }\n",
  "prod.yaml": "replicas: 6\n",
};

describe("the real helm", () => {
  const inputs = {
    manifests: "",
    chart: "chart",
    "release-name": "shop",
    values: "prod.yaml",
    "instance-types": "m5.large",
  };
  const cached = join(cacheFolder(process.env), "peers", "helm-v4.2.4", "helm");
  const found = [...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "helm")), cached];
  const helm = found.find((file) => existsSync(file));

  it(
    helm === undefined
      ? "is named where it is missing (no helm on this machine)"
      : "renders values and leaves tests out",
    async () => {
      if (helm === undefined) {
        await expect(price({ head: chart, inputs, env: { PATH: kubectl } })).rejects.toMatchObject({
          code: "TOOL_MISSING",
          message: "chart: helm is not on the runner",
        });
        return;
      }
      const { cluster, report } = await price({ head: chart, inputs, env: { PATH: pathOf(helm, "helm") } });
      expect(cluster.workloads.map(({ id, replicas }) => [id, replicas.head])).toEqual([
        ["default/Deployment/shop", 6],
      ]);
      expect(report.tools["helm"]).toMatch(/^[34]\.\d+/);
    },
  );
});
