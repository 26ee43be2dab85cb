import { type Lab, type LabOptions, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const FILE = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1}
managedNodeGroups: [{name: web}]
`;
const FEW = "addonsConfig: {disableDefaultAddons: true}\naddons: [{name: vpc-cni}, {name: coredns}]\n";
const LAB: LabOptions = { latency: false, smallPages: false };
const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((note) => note.level === "error");

describe("an add-on of Deployments", () => {
  it("may be DEGRADED while there is no node: it is waited for until one is ready", async () => {
    await using lab = await startLab({ ...LAB, durations: "bench" });
    const addon = () => lab.aws.account.clusters.get("shop")?.addons.get("coredns")?.status;
    const seen = new Set<string | undefined>();
    const watch = (async () => {
      for (let second = 0; second < 760; second += 5) {
        await lab.clock.sleep(5_000);
        seen.add(addon());
      }
    })();
    const ran = await lab.run(`${FILE}${FEW}`);
    await watch;
    expect(errorsOf(ran)).toEqual([]);
    expect([...seen]).toContain("DEGRADED");
    expect(addon()).toBe("ACTIVE");
  });

  it("that stays DEGRADED with ready nodes fails after `addon-timeout`, with EKS's own issue", async () => {
    await using lab = await startLab({ ...LAB, durations: "brief" });
    const issues = [{ code: "InsufficientNumberOfReplicas" as const, message: "no replica is ready" }];
    const after = (_: number, operation: string) => {
      const addon = lab.aws.account.clusters.get("shop")?.addons.get("coredns");
      if (operation !== "CreateAddon" || addon === undefined) return;
      // Whatever happens to the nodes, it stays as it is.
      const stays = (value: unknown) => ({ get: () => value, set: () => undefined, enumerable: true });
      Object.defineProperties(addon, { status: stays("DEGRADED"), health: stays({ issues }) });
    };
    const ran = await lab.run(`${FILE}${FEW}`, { "addon-timeout": "5m" }, { after });
    expect(ran).toMatchObject({ code: 1, outputs: { cause: "ADDON_FAILED" } });
    expect(
      errorsOf(ran)
        .map((note) => note.message)
        .join("\n"),
    ).toContain(
      "add-on coredns is DEGRADED although nodes are ready: InsufficientNumberOfReplicas: no replica is ready",
    );
    expect(ran.seconds).toBeGreaterThan(300);
  });
});

describe("what AWS makes one at a time", () => {
  it("is never asked for twice at once: Fargate profiles follow each other, node groups do not", async () => {
    const profiles = ["a", "b", "c"].map((name) => `{name: ${name}, selectors: [{namespace: ${name}}]}`).join(", ");
    const groups = ["one", "two", "three"].map((name) => `{name: ${name}}`).join(", ");
    const file = FILE.replace("{name: web}", groups).concat(`fargateProfiles: [${profiles}]\n`);
    await using lab = await startLab({ ...LAB, durations: "brief" });
    expect(errorsOf(await lab.run(file))).toEqual([]);
    const times = (operation: string) =>
      lab.aws.requests
        .filter((request) => request.operation === operation && request.error === undefined)
        .map((request) => request.at);
    const fargate = times("CreateFargateProfile");
    expect(fargate).toHaveLength(3);
    for (const [index, at] of fargate.slice(1).entries()) expect(at - (fargate[index] ?? 0)).toBeGreaterThan(12_000);
    expect(new Set(times("CreateNodegroup")).size).toBe(1);
  });
});
