import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import fc from "fast-check";
import { expect, it } from "vitest";
import { words } from "./consent.ts";

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
    addons: drawn.ebs ? [{ name: "aws-ebs-csi-driver", wellKnownPolicies: { ebsCSIController: true } }] : [],
    managedNodeGroups: Object.entries(drawn.groups).map(([name, one]) => ({ name, ...one })),
  }));

it("any file, and then any other, ends in a cluster that has nothing left to do", async () => {
  const options = { mode: "apply", allow: words.join(","), unmanaged: "delete" };
  await fc.assert(
    fc.asyncProperty(config, config, async (first, second) => {
      await using lab = await startLab({ iamPropagation: true, latency: false });
      lab.aws.addRole({ name: "dev" });
      for (const one of [first, second]) {
        const text = JSON.stringify(one);
        const ran = await lab.run(text, options);
        expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
        expect(ran.code).toBe(0);
        expect((await lab.look(text, options)).actions).toEqual([]);
      }
    }),
    { numRuns: 4, seed: 20261124, endOnFailure: true },
  );
}, 180_000);
