import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ActionError } from "@eks-actions/action/error";
import { describe, expect, it } from "vitest";
import { parseClusterConfig } from "./index.ts";

const folder = resolve(import.meta.dirname, "../../../../shared/data/eksctl");

type Verdict = "T1" | "T1 convert" | "T2" | "T2 convert" | "refused";

const verdicts: Readonly<Record<Verdict, readonly string[]>> = {
  T1: ["19-kms-cluster", "25-addons", "26-managed-nodegroup-spot-instances", "38-cluster-subnets-sgs"],
  "T1 convert": [
    "01-simple-cluster",
    "03-two-nodegroups",
    "04-existing-vpc",
    "09-nat-gateways",
    "11-cloudwatch-cluster-logging",
    "34-taints",
    "40-access-entries",
  ],
  T2: ["15-managed-nodes", "22-managed-nodes-launch-template", "30-vpc-with-ip-family"],
  "T2 convert": ["13-iamserviceaccounts", "16-fargate-profile"],
  refused: ["08-spot-instances", "36-outposts-vpc"],
};
const more: Readonly<Record<string, Verdict>> = {
  "39-pod-identity-association": "T1",
  "42-auto-mode": "T1",
  "45-upgrade-policy-example": "T1",
  "47-auto-mode-with-ack-kro-capabilities": "T2",
};
const cases = [
  ...Object.entries(verdicts).flatMap(([verdict, names]) => names.map((name) => [name, verdict] as const)),
  ...Object.entries(more),
];

function read(name: string, convertSelfManaged: boolean) {
  const text = readFileSync(resolve(folder, `${name}.yaml`), "utf8");
  return parseClusterConfig(text, { file: `${name}.yaml`, convertSelfManaged });
}

function codes(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof ActionError) return [...new Set(error.all().map((fault) => fault.code))].sort();
    throw error;
  }
}

const title = existsSync(folder) ? "eksctl's examples" : "eksctl's examples (skipped: no ../shared/data)";
describe.runIf(existsSync(folder))(title, () => {
  it.each(cases)("%s is read as %s", (name, verdict) => {
    if (verdict === "refused") {
      expect(codes(() => read(name, true))).toContain("CONFIG_UNSUPPORTED_FIELD");
      return;
    }
    const needsConvert = verdict.endsWith("convert");
    expect(codes(() => read(name, false))).toEqual(needsConvert ? ["SELF_MANAGED_NODEGROUP"] : []);
    const config = read(name, true);
    const tier = Math.max(...config.fields.map((use) => use.field.tier));
    expect(`T${tier}`).toBe(verdict.slice(0, 2));
  });

  it("44 holds repair actions that the API does not have, each named with its line", () => {
    const error = (() => {
      try {
        return read("44-node-repair", false);
      } catch (thrown) {
        return thrown;
      }
    })();
    if (!(error instanceof ActionError)) throw new Error("44 was accepted");
    expect(error.all().map((fault) => `${fault.code} ${fault.line} ${fault.message}`)).toEqual([
      "CONFIG_INVALID_VALUE 61 `managedNodeGroups[3].nodeRepairConfig.nodeRepairConfigOverrides[0].repairAction`: `Terminate` is not accepted",
      "CONFIG_INVALID_VALUE 66 `managedNodeGroups[3].nodeRepairConfig.nodeRepairConfigOverrides[1].repairAction`: `Restart` is not accepted",
      "CONFIG_INVALID_VALUE 85 `managedNodeGroups[4].nodeRepairConfig.nodeRepairConfigOverrides[0].repairAction`: `Restart` is not accepted",
    ]);
  });
});
