import { ActionError } from "@eks-actions/action/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseClusterConfig } from "./index.ts";

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: shop\n  region: eu-west-1\n";

function refusal(text: string, convertSelfManaged = false): ActionError {
  try {
    parseClusterConfig(text, { file: "cluster.yaml", convertSelfManaged });
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error("the text was accepted");
}

const brief = (error: ActionError) => error.all().map((e) => `${e.line}:${e.column} ${e.code} ${e.message}`);

describe("a small file", () => {
  const config = parseClusterConfig(`${HEAD}managedNodeGroups:\n  - name: web\n`, { file: "cluster.yaml" });

  it("gets eksctl's defaults", () => {
    expect(config.managedNodeGroups[0]).toMatchObject({
      instanceTypes: ["m5.large"],
      minSize: 2,
      maxSize: 2,
      desiredCapacity: 2,
      amiFamily: "AmazonLinux2023",
      disableIMDSv1: true,
      disablePodIMDS: false,
      volume: { size: 80, type: "gp3", iops: 3000, throughput: 125, encrypted: false },
    });
    expect(config.vpc).toMatchObject({
      cidr: "192.168.0.0/16",
      nat: "Single",
      clusterEndpoints: { publicAccess: true, privateAccess: false },
    });
    expect(config.accessConfig.authenticationMode).toBe("API_AND_CONFIG_MAP");
    expect(config.addons.map((addon) => addon.name)).toEqual(["vpc-cni", "kube-proxy", "coredns", "metrics-server"]);
  });

  it.each([
    ["desiredCapacity: 4", { minSize: 4, maxSize: 4, desiredCapacity: 4 }],
    ["minSize: 1\n    maxSize: 5", { minSize: 1, maxSize: 5, desiredCapacity: 1 }],
    ["minSize: 0", { minSize: 0, maxSize: 1, desiredCapacity: 0 }],
    ["maxSize: 6", { minSize: 2, maxSize: 6, desiredCapacity: 2 }],
  ])("derives the sizes that `%s` leaves open", (lines, sizes) => {
    const parsed = parseClusterConfig(`${HEAD}managedNodeGroups:\n  - name: web\n    ${lines}\n`, { file: "c.yaml" });
    expect(parsed.managedNodeGroups[0]).toMatchObject(sizes);
  });

  it("adds the pod identity agent where an association needs it", () => {
    const text = `${HEAD}iam:\n  podIdentityAssociations:\n    - {namespace: a, serviceAccountName: b, roleARN: "arn:aws:iam::111122223333:role/x"}\n`;
    const names = parseClusterConfig(text, { file: "c.yaml" }).addons.map((addon) => addon.name);
    expect(names).toContain("eks-pod-identity-agent");
  });

  it("installs only metrics-server under Auto Mode, and not in regions that lack it", () => {
    const auto = parseClusterConfig(`${HEAD}autoModeConfig: {enabled: true}\n`, { file: "c.yaml" });
    expect(auto.addons.map((addon) => addon.name)).toEqual(["metrics-server"]);
    const china = parseClusterConfig(HEAD.replace("eu-west-1", "cn-north-1"), { file: "c.yaml" });
    expect(china.addons.map((addon) => addon.name)).toEqual(["vpc-cni", "kube-proxy", "coredns"]);
  });

  it("gives vpc-cni its policy by IRSA when withOIDC is set and vpc-cni is not listed", () => {
    const config = parseClusterConfig(`${HEAD}iam: {withOIDC: true}\n`, { file: "c.yaml" });
    const cni = config.addons.find((addon) => addon.name === "vpc-cni");
    expect(cni?.attachPolicyARNs).toEqual(["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]);
  });

  it("may be JSON", () => {
    const json = JSON.stringify({
      apiVersion: "eksctl.io/v1alpha5",
      kind: "ClusterConfig",
      metadata: { name: "a", region: "eu-west-1" },
    });
    expect(parseClusterConfig(json, { file: "c.json" }).metadata.name).toBe("a");
  });
});

describe("faults", () => {
  it("tells a typo from a field that is refused, in one run, each with its line", () => {
    const text = `${HEAD}managedNodeGroups:\n  - name: web\n    desiredCapcity: 3\ngitops:\n  flux: {gitProvider: github}\n`;
    const error = refusal(text);
    expect(brief(error)).toEqual([
      "8:5 CONFIG_UNKNOWN_FIELD `managedNodeGroups[0].desiredCapcity` is not a field of eksctl's ClusterConfig",
      "9:1 CONFIG_UNSUPPORTED_FIELD `gitops` is not supported: Flux needs a cluster login and a Git token in this step",
    ]);
    expect(error.hint).toBe("did you mean `desiredCapacity`?");
    expect(error.also[0]?.hint).toContain("ARGOCD");
  });

  it("refuses an unquoted version, because YAML reads 1.30 as 1.3", () => {
    const error = refusal(HEAD.replace("region:", "version: 1.30\n  region:"));
    expect(brief(error)).toEqual(["5:12 CONFIG_INVALID_VALUE `metadata.version`: `1.30` is not accepted"]);
    expect(error.hint).toContain('"1.30"');
  });

  it("names the self-managed groups and the input that converts them", () => {
    const text = `${HEAD}nodeGroups:\n  - name: one\n  - name: two\n`;
    const error = refusal(text);
    expect(brief(error)).toEqual(["6:1 SELF_MANAGED_NODEGROUP `nodeGroups` are self-managed: one, two"]);
    expect(error.hint).toContain("nodegroups-selfmanaged: convert");
    const converted = parseClusterConfig(text, { file: "c.yaml", convertSelfManaged: true });
    expect(converted.managedNodeGroups.map((group) => [group.name, group.isConverted])).toEqual([
      ["one", true],
      ["two", true],
    ]);
    expect(converted.notices).toEqual(["self-managed node groups become managed ones: one, two"]);
  });

  it("reads taints of self-managed groups as a list and as a map", () => {
    const text = `${HEAD}nodeGroups:\n  - name: one\n    taints: {dedicated: "db:NoSchedule"}\n`;
    const config = parseClusterConfig(text, { file: "c.yaml", convertSelfManaged: true });
    expect(config.managedNodeGroups[0]?.taints).toEqual([{ key: "dedicated", value: "db", effect: "NoSchedule" }]);
    expect(brief(refusal(text.replace("NoSchedule", "Never"), true))[0]).toContain("effect `Never` is not accepted");
  });

  it.each([
    ["two documents", `${HEAD}---\n${HEAD}`, "7:1 CONFIG_PARSE cluster.yaml holds more than one document"],
    ["nothing", "# empty\n", "undefined:undefined CONFIG_PARSE cluster.yaml holds no document"],
    ["a list", "- a\n", "1:1 CONFIG_PARSE the document is no map"],
    ["another kind", "apiVersion: v1\nkind: Service\n", "2:7 CONFIG_PARSE kind is `Service`, not ClusterConfig"],
    ["a duplicate key", `${HEAD}vpc: {}\nvpc: {}\n`, "7:1 CONFIG_PARSE not YAML: Map keys must be unique"],
    ["a broken bracket", `${HEAD}availabilityZones: [a\n`, "CONFIG_PARSE not YAML:"],
    ["a tab", `${HEAD}vpc:\n\tid: vpc-1\n`, "CONFIG_PARSE not YAML:"],
  ])("refuses %s with its place", (_, text, expected) => {
    expect(brief(refusal(text))[0]).toContain(expected);
  });

  it("stops an alias bomb and deep nesting within a second", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`,
    );
    const bomb = `${HEAD}x:\n  l0: &l0 [a, a]\n${levels.join("\n")}\n`;
    const started = performance.now();
    expect(refusal(bomb).message).toBe("more than 100 aliases");
    expect(refusal(`${HEAD}x: ${"[".repeat(300)}${"]".repeat(300)}\n`).message).toBe("more than 50 levels deep");
    expect(refusal(`# ${"x".repeat(1024 * 1024)}\n`).message).toContain("larger than 1 MiB");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("lists at most 50 faults", () => {
    const fields = Array.from({ length: 80 }, (_, i) => `zz${i}: 1`).join("\n");
    expect(refusal(`${HEAD}${fields}\n`).all()).toHaveLength(50);
  });

  it.each([
    ["vpc: {cidr: 10.0.0.0/30}", "`vpc.cidr`: /30 is not accepted"],
    ["vpc: {cidr: banana}", "`vpc.cidr`: `banana` is not accepted"],
    ["vpc: {clusterEndpoints: {publicAccess: false}}", "both endpoints are off"],
    ["availabilityZones: [eu-west-1a]", "EKS needs at least two zones"],
    ["accessConfig: {accessEntries: [{principalARN: banana}]}", "`banana` is not accepted"],
    [
      'accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::111122223333:role/a", kubernetesGroups: ["system:masters"]}]}',
      "the API refuses the group system:masters",
    ],
    ["iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b}]}", "names no role and no permissions"],
    ["iam: {serviceAccounts: [{metadata: {name: a}}]}", "need `iam.withOIDC: true`"],
    ["managedNodeGroups: [{name: a, minSize: 3, maxSize: 1}]", "minSize 3 is above maxSize 1"],
    ["managedNodeGroups: [{name: a}, {name: a}]", "node group a stands twice"],
    [
      "managedNodeGroups: [{name: a, labels: {gpu: true}}]",
      "`managedNodeGroups[0].labels.gpu`: `true` is not accepted",
    ],
    ["managedNodeGroups: [{name: a, minSize: two}]", "`two` is not accepted"],
    ["managedNodeGroups: [{name: a, amiFamily: AmazonLinux2024}]", "`AmazonLinux2024` is not accepted"],
    ["managedNodeGroups: [{name: a, updateConfig: {maxUnavailable: 1, maxUnavailablePercentage: 10}}]", "a percentage"],
    ["managedNodeGroups: [{name: a, taints: [{key: k, effect: Never}]}]", "`Never` is not accepted"],
    ["managedNodeGroups: {name: a}", "a map is not accepted"],
    ["addons: [{name: coredns}, {name: coredns}]", "add-on coredns stands twice"],
    ["addons: [{name: coredns, configurationValues: nonsense}]", "is no JSON or YAML object"],
    ["cloudWatch: {clusterLogging: {logRetentionInDays: 8}}", "8 is not accepted"],
    ["kubernetesNetworkConfig: {serviceIPv6CIDR: 'fd00::/108'}", "EKS assigns this range itself"],
    ["managedNodeGroups: [{name: a, nodeadmConfig: {}}]", "is not a field of eksctl's ClusterConfig"],
  ])("refuses %s", (lines, message) => {
    expect(refusal(`${HEAD}${lines}\n`).message).toContain(message);
  });

  it("reads any text without an exception of its own kind", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => HEAD + text),
        ),
        (text) => {
          try {
            parseClusterConfig(text, { file: "c.yaml" });
          } catch (error) {
            expect(error).toBeInstanceOf(ActionError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
