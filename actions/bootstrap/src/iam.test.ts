import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
}

function policy(mode: "plan" | "apply" | "destroy"): Policy {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../iam/${mode}.json`), "utf8"));
}

const CLUSTER = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
managedNodeGroups:
  - name: web
    iam: {withAddonPolicies: {autoScaler: true}}
iam:
  withOIDC: true
  podIdentityAssociations:
    - {namespace: dns, serviceAccountName: dns, wellKnownPolicies: {externalDNS: true}}
addons:
  - name: aws-ebs-csi-driver
    wellKnownPolicies: {ebsCSIController: true}
cloudWatch:
  clusterLogging: {enableTypes: [audit], logRetentionInDays: 30}
`;

const errors = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((entry) => entry.level === "error");
const used = (lab: Lab) => new Set(lab.aws.requests.map((request) => `${request.service}:${request.operation}`));

describe("the policy files", () => {
  it("let each mode do its work, and nothing of it is denied", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false, policy: policy("plan") });
    expect(errors(await lab.run(CLUSTER, { mode: "plan" }))).toEqual([]);
    lab.restrict(policy("apply"));
    expect(errors(await lab.run(CLUSTER))).toEqual([]);
    lab.restrict(policy("plan"));
    expect(await lab.run(CLUSTER, { mode: "drift" })).toMatchObject({ code: 0 });
    const denied = await lab.run(CLUSTER.replace("audit", "api"));
    expect(denied.outputs["cause"]).toBe("ACCESS_DENIED");
    lab.restrict(policy("destroy"));
    expect(errors(await lab.run(CLUSTER, { mode: "destroy", confirm: "shop", allow: "delete-log-group" }))).toEqual([]);
    const reads = policy("plan").Statement.flatMap((statement) => statement.Action);
    expect(reads.filter((action) => !used(lab).has(action)).sort()).toEqual([
      "eks:DescribeFargateProfile",
      "eks:DescribeUpdate",
      "eks:ListInsights",
      "eks:ListUpdates",
    ]);
  });

  it("of apply holds no delete but those that consent words open", () => {
    const deletes = policy("apply")
      .Statement.flatMap((statement) => statement.Action)
      .filter((action) => /:(Delete|Release|Terminate)/.test(action));
    expect(deletes).toEqual([
      "eks:DeleteAccessEntry",
      "eks:DeleteAddon",
      "eks:DeleteFargateProfile",
      "eks:DeleteNodegroup",
      "eks:DeletePodIdentityAssociation",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
    ]);
  });
});
