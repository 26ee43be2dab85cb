import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { words } from "./plan/consent.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = resolve(import.meta.dirname, "../../../../shared/data/eksctl");
const title = existsSync(folder)
  ? "eksctl's examples, with a version of today"
  : "eksctl's examples (skipped: no ../shared/data)";

const podTrust = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "pods.eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] },
  ],
};

/** Roles and policies that the files name as somebody's own. */
function seed(lab: Lab, text: string): void {
  for (const [, name] of text.matchAll(/arn:aws:iam::111122223333:role\/([\w-]+)/g)) {
    lab.aws.addRole({ name: name ?? "", trust: podTrust });
  }
  for (const [arn, name] of text.matchAll(/arn:aws:iam::(?:aws|111122223333):policy\/([\w-]+)/g)) {
    if (!lab.aws.account.managedPolicies.has(arn))
      lab.aws.account.managedPolicies.set(arn, { name: name ?? "", arn, document: "{}" });
  }
  const { network } = lab.aws.account;
  for (const [id] of text.matchAll(/\bsg-\w+/g)) network.securityGroups.set(id, { GroupId: id, GroupName: id });
  for (const [id] of text.matchAll(/\bami-\w+/g)) network.images.set(id, { ImageId: id, Architecture: "x86_64" });
  for (const [id] of text.matchAll(/\blt-\w+/g)) {
    const versions = new Map(
      [1, 2, 3].map((number) => [number, { data: { InstanceType: "m5.large" as const }, createdAt: 0 }]),
    );
    const record = { id, name: id, createdAt: 0, createdBy: "", tags: [], clientToken: undefined, versions };
    network.launchTemplates.set(id, { ...record, defaultVersion: 1, latestVersion: 3 });
  }
}

describe.runIf(existsSync(folder))(title, () => {
  it.each([
    "01-simple-cluster",
    "03-two-nodegroups",
    "09-nat-gateways",
    "11-cloudwatch-cluster-logging",
    "13-iamserviceaccounts",
    "15-managed-nodes",
    "16-fargate-profile",
    "19-kms-cluster",
    "22-managed-nodes-launch-template",
    "25-addons",
    "26-managed-nodegroup-spot-instances",
    "30-vpc-with-ip-family",
    "34-taints",
    "39-pod-identity-association",
    "40-access-entries",
    "42-auto-mode",
    "45-upgrade-policy-example",
    "47-auto-mode-with-ack-kro-capabilities",
  ])("%s is applied, and has nothing left to do", async (name) => {
    const text = readFileSync(join(folder, `${name}.yaml`), "utf8")
      .replace(/^ {2}version: .*\n/m, "")
      // Instance types that the stand-in's table does not hold.
      .replace(/\["c3[^\]]*\]/g, '["c5.large", "m5.large"]');
    const { region, name: cluster } = parse(text).metadata;
    await using lab = await startLab({ iamPropagation: true, latency: false, region });
    seed(lab, text);
    const options = { "nodegroups-selfmanaged": "convert", allow: words.join(",") };
    const ran = await lab.run(text, options);
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(ran.outputs).toMatchObject({ result: "applied", status: "converged", "cluster-name": cluster });
    expect((await lab.run(text, options)).writes).toEqual([]);
  });
});
