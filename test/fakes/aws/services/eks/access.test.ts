import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreatePodIdentityAssociationCommand,
  DeleteAccessEntryCommand,
  DeletePodIdentityAssociationCommand,
  DescribeAccessEntryCommand,
  DescribePodIdentityAssociationCommand,
  DisassociateAccessPolicyCommand,
  EKSClient,
  ListAccessEntriesCommand,
  ListAssociatedAccessPoliciesCommand,
  ListPodIdentityAssociationsCommand,
  ListTagsForResourceCommand,
  paginateListAccessPolicies,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAccessEntryCommand,
  UpdateClusterConfigCommand,
  UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

const clusterName = "prod";
const editPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy";

async function clusterWith(authenticationMode: "API" | "CONFIG_MAP" | "API_AND_CONFIG_MAP" = "API") {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench" });
  aws.addCluster({ name: clusterName, authenticationMode });
  const principalArn = aws.addRole({ name: "deploy" });
  const podRole = aws.addRole({
    name: "pod",
    trust: {
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "pods.eks.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:TagSession"],
        },
      ],
    },
  });
  return { aws, clock, eks: new EKSClient(clientConfig(aws)), principalArn, podRole };
}

describe("access entries", () => {
  it("are created, changed, given policies and deleted", async () => {
    const { aws, eks, principalArn } = await clusterWith();
    await using _ = aws;
    const entry = { clusterName, principalArn };
    const made = await eks.send(new CreateAccessEntryCommand({ ...entry, kubernetesGroups: ["deployers"] }));
    expect(made.accessEntry).toMatchObject({
      type: "STANDARD",
      username: "arn:aws:sts::111122223333:assumed-role/deploy/{{SessionName}}",
    });
    await expect(eks.send(new CreateAccessEntryCommand(entry))).rejects.toMatchObject({
      name: "ResourceInUseException",
    });
    await eks.send(new UpdateAccessEntryCommand({ ...entry, kubernetesGroups: ["viewers"] }));
    const shown = await eks.send(new DescribeAccessEntryCommand(entry));
    expect(shown.accessEntry?.kubernetesGroups).toEqual(["viewers"]);
    const policy = { ...entry, policyArn: editPolicy };
    const accessScope = { type: "namespace" as const, namespaces: ["shop"] };
    await eks.send(new AssociateAccessPolicyCommand({ ...policy, accessScope }));
    const policies = await eks.send(new ListAssociatedAccessPoliciesCommand(entry));
    expect(policies.associatedAccessPolicies).toMatchObject([{ policyArn: editPolicy, accessScope }]);
    const filtered = new ListAccessEntriesCommand({ clusterName, associatedPolicyArn: editPolicy });
    expect((await eks.send(filtered)).accessEntries).toEqual([principalArn]);
    await eks.send(new DisassociateAccessPolicyCommand(policy));
    await eks.send(new DeleteAccessEntryCommand(entry));
    expect((await eks.send(new ListAccessEntriesCommand({ clusterName }))).accessEntries).toEqual([]);
    await expect(eks.send(new DescribeAccessEntryCommand(entry))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  it.each([
    ["reserved groups", { kubernetesGroups: ["system:masters"] }, "cannot start with [system:]"],
    ["groups on a node entry", { type: "EC2_LINUX", kubernetesGroups: ["x"] }, "takes neither kubernetesGroups"],
    ["a principal that does not exist", { principalArn: "arn:aws:iam::111122223333:role/absent" }, "invalid principal"],
    [
      "a session instead of a role",
      { principalArn: "arn:aws:sts::111122223333:assumed-role/deploy/x" },
      "invalid principal",
    ],
  ])("refuse %s", async (_name, more, text) => {
    const { aws, eks, principalArn } = await clusterWith();
    await using _ = aws;
    await expect(eks.send(new CreateAccessEntryCommand({ clusterName, principalArn, ...more }))).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining(text),
    });
  });

  it("need an authentication mode with the API, which can only be raised", async () => {
    const { aws, clock, eks, principalArn } = await clusterWith("CONFIG_MAP");
    await using _ = aws;
    const create = () => eks.send(new CreateAccessEntryCommand({ clusterName, principalArn }));
    await expect(create()).rejects.toThrow(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    );
    const change = (authenticationMode: "API" | "CONFIG_MAP" | "API_AND_CONFIG_MAP") =>
      eks.send(new UpdateClusterConfigCommand({ name: clusterName, accessConfig: { authenticationMode } }));
    await expect(change("API")).rejects.toThrow("Unsupported authentication mode update from CONFIG_MAP to API");
    await change("API_AND_CONFIG_MAP");
    await clock.advance(120_000);
    await create();
    await expect(change("CONFIG_MAP")).rejects.toThrow("Unsupported authentication mode update");
  });

  it("list the policies that exist, by pages", async () => {
    const { aws, eks } = await clusterWith();
    await using _ = aws;
    const names: (string | undefined)[] = [];
    for await (const page of paginateListAccessPolicies({ client: eks }, {})) {
      names.push(...(page.accessPolicies ?? []).map((policy) => policy.name));
    }
    expect(names).toContain("AmazonEKSClusterAdminPolicy");
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("pod identity associations", () => {
  it("bind one role to one service account", async () => {
    const { aws, eks, podRole, principalArn } = await clusterWith();
    await using _ = aws;
    const wish = { clusterName, namespace: "shop", serviceAccount: "api" };
    const { association } = await eks.send(new CreatePodIdentityAssociationCommand({ ...wish, roleArn: podRole }));
    const associationId = association?.associationId;
    await expect(eks.send(new CreatePodIdentityAssociationCommand({ ...wish, roleArn: podRole }))).rejects.toThrow(
      `Association already exists: ${associationId}`,
    );
    const list = await eks.send(new ListPodIdentityAssociationsCommand({ clusterName, namespace: "shop" }));
    expect(list.associations?.map((item) => item.associationId)).toEqual([associationId]);
    await eks.send(
      new UpdatePodIdentityAssociationCommand({
        clusterName,
        associationId,
        roleArn: podRole,
        disableSessionTags: true,
      }),
    );
    const shown = await eks.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId }));
    expect(shown.association?.disableSessionTags).toBe(true);
    await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
    const other = { ...wish, roleArn: "arn:aws:iam::111122223333:role/absent" };
    await expect(eks.send(new CreatePodIdentityAssociationCommand(other))).rejects.toThrow(
      "Role provided in the request does not exist.",
    );
    await expect(eks.send(new CreatePodIdentityAssociationCommand({ ...wish, roleArn: principalArn }))).rejects.toThrow(
      "does not allow pods.eks.amazonaws.com",
    );
  });
});

describe("tags", () => {
  it("are set and removed by ARN on any object", async () => {
    const { aws, eks, principalArn } = await clusterWith();
    await using _ = aws;
    const made = await eks.send(new CreateAccessEntryCommand({ clusterName, principalArn, tags: { a: "1" } }));
    const resourceArn = made.accessEntry?.accessEntryArn;
    await eks.send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
    await eks.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect((await eks.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: "2" });
    const absent = `${resourceArn}x`;
    await expect(eks.send(new TagResourceCommand({ resourceArn: absent, tags: {} }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });
});
