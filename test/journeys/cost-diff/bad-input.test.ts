import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clusterYaml, createScene, deployment, nodePool, webGrows, withCluster } from "./scene.ts";

const base = webGrows.base;

describe("bad input is refused by its place, and no comment is written", () => {
  it.each([
    [
      "YAML_INVALID",
      { "deploy/web.yaml": "apiVersion: v1\nkind: Pod\n  bad: [" },
      /deploy\/web\.yaml:\d+:\d+/,
      { file: "deploy/web.yaml" },
    ],
    [
      "MANIFEST_INVALID",
      { "deploy/web.yaml": deployment(4, { cpu: "1cpu" }) },
      /requests\.cpu is "1cpu"/,
      { file: "deploy/web.yaml", line: 13 },
    ],
    ["MANIFEST_INVALID", { "deploy/web.yaml": deployment(-1) }, /spec\.replicas is -1/, { line: 5 }],
    ["MANIFEST_INVALID", { "deploy/web.yaml": deployment("1e12") }, /spec\.replicas is 1000000000000/, {}],
    ["MANIFEST_INVALID", { "deploy/web.yaml": deployment(1, { cpu: '"9e999"' }) }, /is "9e999"/, {}],
    [
      "INSTANCE_TYPE_UNKNOWN",
      { "deploy/nodes.yaml": nodePool("[z9.large]") },
      /NodePool general: instance type z9\.large is in no table; near: z1d\.large/,
      { file: "deploy/nodes.yaml" },
    ],
    [
      "OBJECT_DUPLICATE",
      { "deploy/again.yaml": deployment(1) },
      /default\/Deployment\/web stands in deploy\/again\.yaml:1 and in deploy\/web\.yaml:1/,
      {},
    ],
    ["CLUSTER_CONFIG_INVALID", { "infra/prod.yaml": clusterYaml("metadata: {}") }, /./, { file: "infra/prod.yaml" }],
    [
      "PRICE_REGION_UNKNOWN",
      { "infra/prod.yaml": clusterYaml().replace("us-east-1", "eu-west-3") },
      /no prices of region eu-west-3/,
      {},
    ],
    [
      "PRICE_UNKNOWN",
      { "infra/prod.yaml": clusterYaml().replace("us-east-1", "us-gov-west-1") },
      /no price of eks\.cluster in us-gov-west-1/,
      {},
    ],
  ])("%s", async (code, head, message, place) => {
    await using scene = await createScene({ base, head });
    const result = await scene.cost(withCluster);
    expect(result.outcome).toBe("failure");
    expect(result.outputs["cause"], result.log).toBe(code);
    const [annotation] = result.annotations.filter(({ level }) => level === "error");
    expect(annotation?.message).toMatch(message);
    expect(annotation).toMatchObject(place);
    expect(result.outputs["result"]).toBe("failed");
    expect(scene.github.repo.comments).toEqual([]);
  });

  it("an alias bomb is a limit, not a full memory", async () => {
    const lines = [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: { name: bomb }",
      "a0: &a0 [x, x, x, x, x, x, x, x, x]",
    ];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    await using scene = await createScene({ base, head: { "deploy/bomb.yaml": lines.join("\n") } });
    const result = await scene.cost(withCluster);
    expect(result.outputs["cause"], result.log).toBe("YAML_LIMIT");
  });

  it("a link out of the repository is not read", async () => {
    await using scene = await createScene(webGrows);
    scene.link("deploy/secrets.yaml", "/proc/self/environ");
    const result = await scene.cost(withCluster);
    expect(result.outputs["cause"], result.log).toBe("PATH_OUTSIDE");
    expect(result.log).not.toContain("PATH=");
  });

  it.each([["../outside"], ["/etc"]])("the path %s is refused", async (manifests) => {
    await using scene = await createScene(webGrows);
    expect((await scene.cost({ manifests })).outputs["cause"]).toBe("PATH_OUTSIDE");
  });

  it("a target that is nowhere is named", async () => {
    await using scene = await createScene(webGrows);
    const result = await scene.cost({ ...withCluster, manifests: "nowhere" });
    expect(result.outputs["cause"]).toBe("TARGET_EMPTY");
  });

  it("pods without nodes ask for types", async () => {
    await using scene = await createScene({
      base: { "deploy/web.yaml": deployment(1) },
      head: { "deploy/web.yaml": deployment(2) },
    });
    const result = await scene.cost({ "aws-region": "us-east-1" });
    expect(result.outputs["cause"]).toBe("NODES_UNKNOWN");
    expect(result.log).toContain("nothing says on which nodes default/Deployment/web runs");
    expect((await scene.cost({ "aws-region": "us-east-1", "instance-types": "m7i.large" })).outcome).toBe("success");
  });

  it("a clone without the base commit asks for two commits", async () => {
    await using scene = await createScene(webGrows);
    const parent = scene.git("rev-parse", "HEAD^1");
    // What a shallow clone of depth 1 looks like: HEAD names a parent that is not there.
    const objects = join(scene.machine.workspace, ".git/objects");
    rmSync(join(objects, parent.slice(0, 2), parent.slice(2)));
    const result = await scene.cost(withCluster);
    expect(result.outputs["cause"], result.log).toBe("BASE_MISSING");
    expect(result.log).toContain("fetch-depth: 2");
    expect(readdirSync(scene.machine.temp).filter((name) => name.startsWith("cost-diff-"))).toEqual([]);
  });

  it("a depth-1 clone fetches the one commit it lacks", async () => {
    await using scene = await createScene(webGrows);
    const origin = join(scene.machine.systemTemp, "origin.git");
    const fresh = join(scene.machine.systemTemp, "fresh");
    scene.git("clone", "-q", "--bare", scene.machine.workspace, origin);
    scene.git("-C", origin, "config", "uploadpack.allowAnySHA1InWant", "true");
    scene.git("clone", "-q", "--depth=1", `file://${origin}`, fresh);
    rmSync(join(scene.machine.workspace, ".git"), { recursive: true });
    renameSync(join(fresh, ".git"), join(scene.machine.workspace, ".git"));
    rmSync(fresh, { recursive: true });
    const result = await scene.cost({ ...withCluster, "github-token": "" });
    expect(result.outputs["diff"], result.log).toBe("71.68");
    rmSync(origin, { recursive: true });
  });
});

describe("hostile names", () => {
  const hostile = (name: string, i: number) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${JSON.stringify(name)}, namespace: default }
spec:
  replicas: ${i + 1}
  template:
    spec:
      containers: [{ name: c, resources: { requests: { cpu: 300m, memory: 256Mi } } }]
`;
  const names = [
    "a|b",
    "x`y",
    "@acme/admins",
    "<img src=x onerror=alert(1)>",
    "::error::boo",
    "%0A::set-output",
    "[x](https://evil.example)",
    "#123",
    "**bold**",
    "line\nbreak",
  ];

  it("stay text in the table, the log and the report", async () => {
    await using scene = await createScene({ base, head: { "deploy/hostile.yaml": names.map(hostile).join("") } });
    const result = await scene.cost(withCluster);
    expect(result.outcome, result.log).toBe("success");
    const body = scene.github.repo.comments[0]?.body ?? "";
    const outsideCode = body.replaceAll(/`[^`\n]*`/g, "");
    expect(outsideCode).not.toMatch(/@acme|<img|\]\(https:\/\/evil|#123|::error/);
    const table = body.split("\n").filter((line) => line.startsWith("| `default/") || line.startsWith("| <code>"));
    expect(table.length).toBe(names.length);
    for (const row of table) expect(row.split("|")).toHaveLength(8);
    expect(result.annotations.filter(({ level }) => level === "error")).toEqual([]);
    expect(result.commands.filter(({ name }) => name === "set-output")).toEqual([]);
    expect(readFileSync(result.outputs["report-json"] ?? "", "utf8")).toContain("@acme/admins");
  });
});
