import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { createScene, errorsOf } from "./scene.ts";

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: shop\n  region: eu-west-1\n";

async function refused(text: string, inputs: Readonly<Record<string, string>> = {}) {
  await using scene = await createScene();
  scene.write("clusters/shop.yaml", text);
  const result = await scene.bootstrap({ config: "clusters/shop.yaml", ...inputs });
  return { result, errors: errorsOf(result), requests: scene.aws.requests.length, writes: scene.writes() };
}

describe("a config that is refused", () => {
  it.each([
    ["broken YAML", `${HEAD}vpc: {id: vpc-1\n`, /^CONFIG_PARSE clusters\/shop\.yaml:\d+:\d+ not YAML/],
    ["a tab", `${HEAD}vpc:\n\tid: vpc-1\n`, /^CONFIG_PARSE clusters\/shop\.yaml:7:\d+ /],
    [
      "a typo",
      `${HEAD}managedNodeGroups:\n  - name: web\n    desiredCapcity: 3\n`,
      /^CONFIG_UNKNOWN_FIELD clusters\/shop\.yaml:8:5 .*desiredCapcity.*did you mean `desiredCapacity`/,
    ],
    [
      "a version without quotes",
      HEAD.replace("region:", "version: 1.30\n  region:"),
      /^CONFIG_INVALID_VALUE clusters\/shop\.yaml:5:12 .*`1\.30`/,
    ],
    ["self-managed groups", `${HEAD}nodeGroups: [{name: a}]\n`, /^SELF_MANAGED_NODEGROUP clusters\/shop\.yaml:6:1 /],
    [
      "Flux",
      `${HEAD}gitops: {flux: {gitProvider: github}}\n`,
      /^CONFIG_UNSUPPORTED_FIELD clusters\/shop\.yaml:6:1 .*ARGOCD/,
    ],
  ])("for %s names the place, and no request is sent", async (_, text, expected) => {
    const { result, errors, requests } = await refused(text);
    expect(errors[0]).toMatch(expected);
    expect(result.exitCode).toBe(1);
    expect(requests).toBe(0);
    expect(result.outputs).toMatchObject({ result: "failed", cause: errors[0]?.split(" ")[0] });
  });

  it("for a path out of the workspace shows nothing of the file", async () => {
    await using scene = await createScene();
    writeFileSync(join(scene.machine.home, "secret"), "TOP-SECRET");
    symlinkSync(join(scene.machine.home, "secret"), join(scene.machine.workspace, "cluster.yaml"));
    const link = await scene.bootstrap();
    expect(errorsOf(link)[0]).toMatch(/^CONFIG_PATH_REFUSED/);
    expect(link.log).not.toContain("TOP-SECRET");
    expect(errorsOf(await scene.bootstrap({ config: "../home/secret" }))[0]).toMatch(/^CONFIG_PATH_REFUSED/);
    expect(errorsOf(await scene.bootstrap({ config: "https://example.com/c.yaml" }))[0]).toMatch(
      /^CONFIG_PATH_REFUSED/,
    );
    expect(errorsOf(await scene.bootstrap({ config: "missing.yaml" }))[0]).toMatch(/^CONFIG_NOT_FOUND/);
  });
});

describe("an account that is not what the config says", () => {
  it("in a region that does not exist gives one error, and nothing is written", async () => {
    const { result, errors, writes } = await refused(
      `${HEAD.replace("eu-west-1", "eu-moon-1")}managedNodeGroups: [{name: a}]\n`,
    );
    expect(result.exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(writes).toEqual([]);
  });

  it("with a subnet that does not exist names it", async () => {
    const subnets =
      "vpc:\n  id: vpc-0dd338ecf29863c55\n  subnets:\n    private:\n      eu-west-1a: {id: subnet-0b2512f8c6ae9bf30}\n";
    const { errors, writes } = await refused(`${HEAD}${subnets}`);
    expect(errors[0]).toMatch(/^SUBNET_INVALID clusters\/shop\.yaml:\d+:\d+ .*subnet-0b2512f8c6ae9bf30 does not exist/);
    expect(writes).toEqual([]);
  });

  it("gives a word to write where consent is missing, before any write", async () => {
    const policy =
      'iam:\n  podIdentityAssociations:\n    - {namespace: a, serviceAccountName: b, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AdministratorAccess"]}\n';
    const { errors, writes, result } = await refused(`${HEAD}${policy}`);
    expect(errors[0]).toMatch(/^CONSENT_REQUIRED [\s\S]*allow: privileged-policy/);
    expect(result.outputs).toMatchObject({ result: "blocked", status: "blocked" });
    expect(writes).toEqual([]);
  });
});

const examples = resolve("../shared/data/eksctl");
const title = existsSync(examples) ? "eksctl's examples" : "eksctl's examples (skipped: no ../shared/data)";
describe.runIf(existsSync(examples))(title, () => {
  it.each([
    ["01-simple-cluster", "convert", "planned", "eu-north-1"],
    ["03-two-nodegroups", "convert", "planned", "eu-north-1"],
    ["25-addons", "error", "VERSION_UNSUPPORTED", "us-west-2"],
    ["40-access-entries", "convert", "VERSION_UNSUPPORTED", "us-west-2"],
    ["44-node-repair", "error", "CONFIG_INVALID_VALUE", "us-west-2"],
  ])("%s with `%s` ends as %s", async (name, convert, expected, region) => {
    await using scene = await createScene({ region });
    scene.write("cluster.yaml", readFileSync(join(examples, `${name}.yaml`), "utf8"));
    const env = { AWS_REGION: region };
    const result = await scene.bootstrap({ mode: "plan", "nodegroups-selfmanaged": convert }, { env });
    const errors = errorsOf(result);
    expect(errors.length === 0 ? result.outputs["result"] : errors[0]?.split(" ")[0]).toBe(expected);
    expect(scene.writes()).toEqual([]);
  });
});
