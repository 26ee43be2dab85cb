import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
const FILE = `${HEAD}capabilities:
  - name: ack
    type: ACK
    attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
  - name: kro
    type: KRO
    accessPolicies: [{policyARN: "${ADMIN}", accessScope: {type: cluster}}]
  - name: cd
    type: ARGOCD
    configuration:
      argocd:
        awsIdc: {idcInstanceArn: "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
        rbacRoleMappings:
          - {role: ADMIN, identities: [{id: ops, type: SSO_GROUP}]}
`;

describe("capabilities", () => {
  it("get their role, are changed in place where EKS allows it, and replaced where it does not", async () => {
    await using made = await startLab({ iamPropagation: true, latency: false });
    const first = await settle(made, FILE);
    expect(first.filter((write) => /Capability|AccessPolicy/.test(write)).sort()).toEqual([
      "eks:AssociateAccessPolicy",
      "eks:CreateCapability",
      "eks:CreateCapability",
      "eks:CreateCapability",
    ]);
    const record = made.aws.account.clusters.get("shop");
    const live = (name: string) => record?.capabilities.get(name);
    expect(record?.accessEntries.get(live("kro")?.roleArn ?? "")?.policies.map((policy) => policy.policyArn)).toEqual([
      ADMIN,
    ]);

    const changed = FILE.replace("role: ADMIN", "role: EDITOR").replace(
      / {4}accessPolicies.*\n/,
      "    tags: {team: shop}\n",
    );
    expect([...(await settle(made, changed))].sort()).toEqual(["eks:DisassociateAccessPolicy", "eks:UpdateCapability"]);
    expect(live("cd")?.configuration?.argoCd?.rbacRoleMappings).toEqual([
      { role: "EDITOR", identities: [{ id: "ops", type: "SSO_GROUP" }] },
    ]);
    expect(live("kro")?.tags?.["team"]).toBe("shop");

    const moved = changed.replace(
      "configuration:\n      argocd:\n",
      "configuration:\n      argocd:\n        namespace: delivery\n",
    );
    expect((await made.run(moved)).outputs["cause"]).toBe("CONSENT_REQUIRED");
    expect(await settle(made, moved)).toEqual(["eks:DeleteCapability", "eks:CreateCapability"]);
    const destroyed = await made.run(moved, { mode: "destroy", confirm: "shop" });
    expect(destroyed).toMatchObject({ code: 0, outputs: { result: "destroyed" } });
  });
});
