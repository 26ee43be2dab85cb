import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseClusterConfig } from "@eks-actions/cluster-config";
import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";
import { readConfigFiles } from "./config/config-file.ts";
import { isOpen } from "./plan/maintenance.ts";

vi.setConfig({ testTimeout: 60_000 });

const EXTENSION = "apiVersion: eks-actions.dev/v1\nkind: ClusterExtension\nextends: cluster.yaml\n";
const GROUP = `${HEAD}managedNodeGroups:\n  - name: web\n    minSize: 1\n    maxSize: 4\n    desiredCapacity: 2\n    labels: {role: web}\n`;

const lab = () => startLab({ iamPropagation: true, latency: false });
const web = (made: Lab) => made.aws.account.clusters.get("shop")?.nodegroups.get("web");

describe("an extension file", () => {
  it("sets what eksctl has no field for, at creation and later in place", async () => {
    await using made = await lab();
    const first = {
      config: GROUP,
      extension: `${EXTENSION}deletionProtection: true
kubeControllerManagerConfig: {podGcControllerConfig: {terminatedPodGcThreshold: 500}}
managedNodeGroups:
  web: {manageDesired: true, updateStrategy: MINIMAL, warmPoolConfig: {enabled: true, minSize: 1, poolState: STOPPED}}
`,
    };
    await settle(made, first);
    const record = made.aws.account.clusters.get("shop");
    expect(record?.cluster).toMatchObject({
      deletionProtection: true,
      kubeControllerManagerConfig: { podGcControllerConfig: { terminatedPodGcThreshold: 500 } },
    });
    expect(web(made)).toMatchObject({
      updateConfig: { updateStrategy: "MINIMAL" },
      warmPoolConfig: { enabled: true, minSize: 1, poolState: "STOPPED" },
    });
    const changed = {
      config: GROUP.replace("desiredCapacity: 2", "desiredCapacity: 3"),
      extension: first.extension.replace("MINIMAL", "DEFAULT").replace("minSize: 1", "minSize: 0"),
    };
    expect(await settle(made, changed)).toEqual(["eks:UpdateNodegroupConfig"]);
    expect(web(made)?.scalingConfig?.desiredSize).toBe(3);
    const unprotected = {
      ...changed,
      extension: changed.extension.replace("deletionProtection: true", "deletionProtection: false"),
    };
    expect((await made.run(unprotected)).outputs["cause"]).toBe("CONSENT_REQUIRED");
    expect(await settle(made, unprotected)).toEqual(["eks:UpdateClusterConfig"]);
  });

  it("keeps the hands off what another tool sets, and guards what it protects", async () => {
    await using made = await lab();
    const guarded = {
      config: GROUP,
      extension: `${EXTENSION}protect: [nodegroup/web]\nownership: {ignoreFields: ["nodegroup/web:labels.team", "nodegroup/web:maxSize"]}\n`,
    };
    await settle(made, guarded);
    const live = web(made);
    if (live?.scalingConfig !== undefined) {
      live.labels = { role: "web", team: "shop" };
      live.scalingConfig.maxSize = 9;
    }
    expect(await made.run(guarded, { mode: "drift" })).toMatchObject({ code: 0, outputs: { result: "unchanged" } });
    const relabelled = { ...guarded, config: GROUP.replace("role: web", "role: api") };
    expect(await settle(made, relabelled)).toEqual(["eks:UpdateNodegroupConfig"]);
    expect(web(made)).toMatchObject({ labels: { role: "api", team: "shop" }, scalingConfig: { maxSize: 9 } });
    const replaced = { ...guarded, config: `${GROUP}    instanceType: m5.xlarge\n` };
    expect(await made.run(replaced, { allow: "replace-nodegroup" })).toMatchObject({
      code: 1,
      writes: [],
      outputs: { cause: "PROTECTED" },
    });
    expect(await made.run(guarded, { mode: "destroy", confirm: "shop" })).toMatchObject({
      code: 1,
      writes: [],
      outputs: { cause: "PROTECTED" },
    });
  });

  it("lets nodes roll inside the maintenance window only, while changes in place go on", async () => {
    await using made = await lab();
    const weekday = new Date(made.clock.now()).toLocaleDateString("en-US", { weekday: "short", timeZone: "UTC" });
    const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].filter((day) => day !== weekday);
    const closed = {
      config: GROUP,
      extension: `${EXTENSION}maintenanceWindows: [{days: [${days.join(", ")}], start: "00:00", duration: 24h}]\n`,
    };
    await settle(made, closed);
    const config = `${GROUP.replace("maxSize: 4", "maxSize: 5")}    volumeSize: 100\n`;
    const outside = await made.run({ ...closed, config });
    expect(outside.writes.filter((write) => /Update/.test(write))).toEqual(["eks:UpdateNodegroupConfig"]);
    expect(outside).toMatchObject({ code: 0, outputs: { status: "pending" } });
    expect(outside.annotations.map((note) => note.title)).toContain("OUTSIDE_WINDOW");
    const inside = closed.extension.replace(/\[\{days: .*\]/, `[{start: "00:00", duration: 24h}]`);
    expect(await settle(made, { config, extension: inside })).toEqual(["eks:UpdateNodegroupVersion"]);
  });

  it("finds the subnets of an existing VPC by tag", async () => {
    await using made = await lab();
    await settle(made, HEAD);
    for (const subnet of made.aws.account.network.subnets.values()) {
      const isPrivate = subnet.Tags?.some((tag) => tag.Key === "kubernetes.io/role/internal-elb");
      subnet.Tags = [{ Key: "team", Value: isPrivate === true ? "shop" : "edge" }];
    }
    const other = HEAD.replace("name: shop", "name: second");
    const found = {
      config: `${other}managedNodeGroups: [{name: web, privateNetworking: true}]\n`,
      extension: `${EXTENSION}vpc: {discover: {private: {team: shop}}}\n`,
    };
    const sent = await settle(made, found);
    expect(sent.filter((write) => /Vpc|Subnet/.test(write))).toEqual([]);
    const network = made.aws.account.clusters.get("second")?.cluster.resourcesVpcConfig;
    expect(network?.subnetIds).toHaveLength(3);
    const none = { ...found, extension: found.extension.replace("team: shop", "team: nobody") };
    const third = { ...none, config: none.config.replace("name: second", "name: third") };
    expect(await made.run(third)).toMatchObject({ code: 1, writes: [], outputs: { cause: "SUBNET_INVALID" } });
  });
});

it("the README's extension file can be read as it stands there", () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const text = /```yaml\n(apiVersion: eks-actions\.dev\/v1\n[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const config = `${HEAD}autoModeConfig: {enabled: true}\nmanagedNodeGroups: [{name: web}, {name: db}]\n`;
  const { extension } = parseClusterConfig(config, {
    file: "cluster.yaml",
    extension: { text, file: "extension.yaml" },
  });
  expect(extension).toMatchObject({ deletionProtection: true, protect: ["nodegroup/db", "addon/vpc-cni"] });
});

describe("the file that an extension extends", () => {
  const folder = mkdtempSync(join(tmpdir(), "extension-"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, "clusters"));
  write("clusters/cluster.yaml", HEAD);
  write("clusters/extension.yaml", EXTENSION);
  write("clusters/twice.yaml", EXTENSION.replace("cluster.yaml", "extension.yaml"));
  write("clusters/out.yaml", EXTENSION.replace("cluster.yaml", "../../../etc/hostname"));
  write("clusters/link.yaml", EXTENSION.replace("cluster.yaml", "linked.yaml"));
  symlinkSync("/etc/hostname", join(folder, "clusters/linked.yaml"));

  it("lies beside it, inside the workspace, and extends nothing itself", () => {
    expect(readConfigFiles("clusters/extension.yaml", folder)).toMatchObject({
      config: { path: "clusters/cluster.yaml" },
      extension: { path: "clusters/extension.yaml" },
    });
    for (const name of ["twice", "out", "link"]) {
      expect(() => readConfigFiles(`clusters/${name}.yaml`, folder)).toThrow(
        expect.objectContaining({ code: "CONFIG_PATH_REFUSED", message: expect.stringContaining("`extends`") }),
      );
    }
  });
});

describe("a maintenance window", () => {
  const berlin = { days: ["Sat"], start: "22:00", minutes: 240, timezone: "Europe/Berlin" } as const;

  it.each([
    ["2026-11-28T20:59:00Z", false],
    ["2026-11-28T21:00:00Z", true],
    ["2026-11-29T00:59:00Z", true],
    ["2026-11-29T01:00:00Z", false],
    ["2026-11-27T22:00:00Z", false],
    // Summer time.
    ["2026-07-04T20:00:00Z", true],
  ])("at %s is open: %s", (time, expected) => {
    expect(isOpen([berlin], Date.parse(time))).toBe(expected);
  });
});
