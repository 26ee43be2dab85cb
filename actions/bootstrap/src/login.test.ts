import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { HEAD, settle } from "@eks-actions/test/journeys/bootstrap/settle.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const ROLES = ["ops", "dev", "nodes"] as const;
const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const MAPPINGS = `iamIdentityMappings:
  - {arn: "${arn("ops")}", username: admin, groups: ["system:masters"]}
  - {arn: "${arn("dev")}", username: "dev:{{SessionName}}", groups: [developers]}
  - {arn: "${arn("nodes")}", username: "system:node:{{EC2PrivateDNSName}}", groups: ["system:bootstrappers", "system:nodes"]}
`;

async function lab() {
  const made = await startLab({ iamPropagation: true, latency: false });
  for (const name of ROLES) made.aws.addRole({ name });
  return made;
}

describe("mappings of aws-auth", () => {
  it("become access entries that give the same", async () => {
    await using made = await lab();
    await settle(made, `${HEAD}${MAPPINGS}`);
    const entries = made.aws.account.clusters.get("shop")?.accessEntries;
    const shown = ROLES.map((name) => {
      const live = entries?.get(arn(name));
      return [live?.entry.type, live?.entry.kubernetesGroups, live?.policies.map((p) => p.policyArn?.split("/")[1])];
    });
    expect(shown).toEqual([
      ["STANDARD", [], ["AmazonEKSClusterAdminPolicy"]],
      ["STANDARD", ["developers"], []],
      ["EC2_LINUX", ["system:nodes"], []],
    ]);
    expect(entries?.get(arn("ops"))?.entry.username).toBe("admin");
  });

  it("are all there before the cluster stops to read aws-auth", async () => {
    await using made = await lab();
    const old = `${HEAD}accessConfig: {authenticationMode: CONFIG_MAP}\n`;
    await settle(made, old);
    const sent = await settle(made, `${HEAD}accessConfig: {authenticationMode: API}\n${MAPPINGS}`);
    expect(sent.filter((write) => !/Associate/.test(write))).toEqual([
      "eks:UpdateClusterConfig",
      "eks:CreateAccessEntry",
      "eks:CreateAccessEntry",
      "eks:CreateAccessEntry",
      "eks:UpdateClusterConfig",
    ]);
    expect(made.aws.account.clusters.get("shop")?.cluster.accessConfig?.authenticationMode).toBe("API");
    const back = await made.run(old);
    expect(back).toMatchObject({ code: 1, writes: [], outputs: { cause: "IMMUTABLE_FIELD" } });
    await settle(made, `${HEAD}${MAPPINGS}`);
  });
});

describe("an OIDC provider", () => {
  const provider = (lines: string) => `${HEAD}identityProviders:
  - type: oidc
    name: corp
    issuerURL: https://login.example.com
    clientID: kubernetes
    usernameClaim: email
    ${lines}
`;

  it("is associated, replaced when a claim changes, and retagged in place", async () => {
    await using made = await lab();
    const first = await settle(made, provider("requiredClaims: {team: shop}"));
    expect(first.filter((write) => /Identity/.test(write))).toEqual(["eks:AssociateIdentityProviderConfig"]);
    const tagged = await settle(made, provider("requiredClaims: {team: shop}\n    tags: {env: test}"));
    expect(tagged).toEqual([]);
    const refused = await made.run(provider("requiredClaims: {team: front}"));
    expect(refused).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    expect(await settle(made, provider("requiredClaims: {team: front}"))).toEqual([
      "eks:DisassociateIdentityProviderConfig",
      "eks:AssociateIdentityProviderConfig",
    ]);
    expect(made.aws.account.clusters.get("shop")?.identityProviders.get("corp")).toMatchObject({
      issuerUrl: "https://login.example.com",
      requiredClaims: { team: "front" },
      status: "ACTIVE",
    });
    expect(await settle(made, HEAD)).toEqual(["eks:DisassociateIdentityProviderConfig"]);
  });
});

describe("settings of control plane components", () => {
  it("are one update, and members that the file leaves out are left alone", async () => {
    await using made = await lab();
    await settle(made, `${HEAD}kubeAPIServerConfig: {eventTtl: 30m}\n`);
    const live = made.aws.account.clusters.get("shop")?.cluster;
    expect(live?.kubeApiServerConfig).toEqual({ eventTtl: "30m" });
    const sent = await settle(
      made,
      `${HEAD}kubeAPIServerConfig: {eventTtl: 1h}\nkubeControllerManagerConfig: {podGcControllerConfig: {terminatedPodGcThreshold: 500}}\n`,
    );
    expect(sent).toEqual(["eks:UpdateClusterConfig"]);
  });
});
