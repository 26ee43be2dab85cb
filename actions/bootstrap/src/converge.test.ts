import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { inventory } from "@eks-actions/test/journeys/bootstrap/inventory.ts";
import fc from "fast-check";
import { expect, it } from "vitest";
import { words } from "./plan/consent.ts";

const label = fc.dictionary(fc.constantFrom("role", "tier", "team"), fc.constantFrom("a", "b"), { maxKeys: 2 });
const taint = fc.record({
  key: fc.constantFrom("x", "y"),
  value: fc.constantFrom("1", "2"),
  effect: fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute"),
});
const group = fc
  .record({
    min: fc.nat({ max: 2 }),
    more: fc.nat({ max: 2 }),
    instanceType: fc.constantFrom("m5.large", "m5.xlarge"),
    privateNetworking: fc.boolean(),
    labels: label,
    tags: label,
    taints: fc.uniqueArray(taint, { maxLength: 2, selector: (entry) => `${entry.key}${entry.effect}` }),
    volumeSize: fc.constantFrom(80, 100),
  })
  .map(({ min, more, ...rest }) => ({
    ...rest,
    minSize: min,
    maxSize: Math.max(1, min + more),
    desiredCapacity: Math.max(min, min + more > 0 ? min : 0),
  }));

const config = fc
  .record({
    metadata: fc.record({ tags: label }),
    groups: fc.dictionary(fc.constantFrom("web", "jobs"), group, { maxKeys: 2 }),
    logs: fc.subarray(["api", "audit"]),
    privateAccess: fc.boolean(),
    nat: fc.constantFrom("Single", "HighlyAvailable"),
    ebs: fc.boolean(),
    entry: fc.option(fc.constantFrom("AmazonEKSViewPolicy", "AmazonEKSEditPolicy"), { nil: undefined }),
    identity: fc.boolean(),
    login: fc.boolean(),
    mapped: fc.boolean(),
    boot: fc.boolean(),
  })
  .map((drawn) => ({
    apiVersion: "eksctl.io/v1alpha5",
    kind: "ClusterConfig",
    metadata: { name: "shop", region: "eu-west-1", ...drawn.metadata },
    vpc: { nat: { gateway: drawn.nat }, clusterEndpoints: { publicAccess: true, privateAccess: drawn.privateAccess } },
    cloudWatch: { clusterLogging: { enableTypes: drawn.logs } },
    iam: {
      withOIDC: true,
      podIdentityAssociations: drawn.identity
        ? [{ namespace: "a", serviceAccountName: "b", wellKnownPolicies: { externalDNS: true } }]
        : [],
    },
    accessConfig: {
      accessEntries:
        drawn.entry === undefined
          ? []
          : [
              {
                principalARN: "arn:aws:iam::111122223333:role/dev",
                accessPolicies: [
                  {
                    policyARN: `arn:aws:eks::aws:cluster-access-policy/${drawn.entry}`,
                    accessScope: { type: "cluster" },
                  },
                ],
              },
            ],
    },
    identityProviders: drawn.login
      ? [{ type: "oidc", name: "corp", issuerURL: "https://login.example.com", clientID: "shop" }]
      : [],
    iamIdentityMappings: drawn.mapped
      ? [{ arn: "arn:aws:iam::111122223333:role/ops", username: "admin", groups: ["system:masters"] }]
      : [],
    addons: drawn.ebs ? [{ name: "aws-ebs-csi-driver", wellKnownPolicies: { ebsCSIController: true } }] : [],
    managedNodeGroups: Object.entries(drawn.groups).map(([name, one]) => ({
      name,
      ...one,
      ...(drawn.boot ? { preBootstrapCommands: ["echo ready"], ssh: { allow: true } } : {}),
    })),
  }));

const OPTIONS = { mode: "apply", allow: words.join(","), unmanaged: "delete" };

/** What an account is like after the files were applied in turn, each of them to its end. */
async function after(...files: readonly unknown[]): Promise<readonly string[]> {
  await using lab = await startLab({ iamPropagation: true, latency: false, durations: "brief", smallPages: false });
  for (const name of ["dev", "ops"]) lab.aws.addRole({ name });
  for (const file of files) {
    const text = JSON.stringify(file);
    const ran = await lab.run(text, OPTIONS);
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(ran.code).toBe(0);
    expect((await lab.look(text, OPTIONS)).actions).toEqual([]);
  }
  return comparable(inventory(lab.aws.account));
}

/**
 * Without what may differ: a group that took another's place has a hash in its name; tags of the file come on new parts
 * only; a live group keeps its size, and add-ons their nodes with it; EKS leaves its own entry of a role behind; logs,
 * templates and the SSH group of a former group are kept.
 */
function comparable(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => !/^(log group|launch template|security group shop\/sg-ssh|access entry \S+ +\[\])/.test(line))
    .map((line) =>
      line.replace(/-[0-9a-f]{6}\b/g, "").replace(/ (role|tier|team)(?=[ \]])|(?<=\[)(role|tier|team)\b/g, ""),
    )
    .map((line) => line.replace("[ ", "[").replace(/^(add-on .*) (ACTIVE|DEGRADED)/, "$1"))
    .sort();
}

it("any file, and then any other, ends where the other alone ends, with nothing left to do", async () => {
  await fc.assert(
    fc.asyncProperty(config, config, async (first, second) => {
      expect(await after(first, second)).toEqual(await after(second));
    }),
    { numRuns: 6, seed: 20261124, endOnFailure: true },
  );
}, 180_000);
