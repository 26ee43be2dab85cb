import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListOpenIDConnectProvidersCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

const trust = (principal: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
  });
const ec2Trust = trust({ Service: "ec2.amazonaws.com" });

async function account() {
  const aws = await startAws({ latency: false });
  return { aws, iam: new IAMClient(clientConfig(aws)) };
}

describe("roles", () => {
  it("keep path, tags, trust and policies as they were given", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    const Tags = [{ Key: "eks-actions/owner", Value: "acme/infra@clusters/prod.yaml" }];
    const made = await iam.send(
      new CreateRoleCommand({
        RoleName: "prod-node",
        Path: "/eks-actions/prod/",
        AssumeRolePolicyDocument: ec2Trust,
        Tags,
      }),
    );
    expect(made.Role?.Arn).toBe("arn:aws:iam::111122223333:role/eks-actions/prod/prod-node");
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
    await iam.send(new AttachRolePolicyCommand({ RoleName: "prod-node", PolicyArn }));
    const PolicyDocument = JSON.stringify({ Statement: [{ Effect: "Allow", Action: "s3:Get*", Resource: "*" }] });
    await iam.send(new PutRolePolicyCommand({ RoleName: "prod-node", PolicyName: "own", PolicyDocument }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: "prod-node" }));
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).toBe(ec2Trust);
    expect(Role?.Tags).toEqual(Tags);
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: "prod-node" }));
    expect(attached.AttachedPolicies).toEqual([{ PolicyName: "AmazonEKSWorkerNodePolicy", PolicyArn }]);
    const own = await iam.send(new GetRolePolicyCommand({ RoleName: "prod-node", PolicyName: "own" }));
    expect(decodeURIComponent(own.PolicyDocument ?? "")).toBe(PolicyDocument);
    await iam.send(new TagRoleCommand({ RoleName: "prod-node", Tags: [{ Key: "a", Value: "" }] }));
    await iam.send(new UntagRoleCommand({ RoleName: "prod-node", TagKeys: ["eks-actions/owner"] }));
    const tags = await iam.send(new ListRoleTagsCommand({ RoleName: "prod-node" }));
    expect(tags.Tags).toEqual([{ Key: "a", Value: "" }]);
    await expect(iam.send(new DeleteRoleCommand({ RoleName: "prod-node" }))).rejects.toMatchObject({
      name: "DeleteConflictException",
    });
  });

  it("come by pages below a path, without their tags", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    for (const name of ["a", "b", "c"]) aws.addRole({ name, path: "/eks-actions/prod/", tags: { owner: "me" } });
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListRoles({ client: iam }, { PathPrefix: "/eks-actions/prod/" })) {
      pages += 1;
      expect(page.Roles?.every((role) => role.Tags === undefined)).toBe(true);
      names.push(...(page.Roles ?? []).map((role) => role.RoleName));
    }
    expect([pages, names]).toEqual([2, ["a", "b", "c"]]);
  });

  it.each([
    ["no JSON", "{", "invalid Json"],
    [
      "no principal",
      JSON.stringify({ Statement: [{ Effect: "Allow", Action: "sts:AssumeRole" }] }),
      "Missing required field Principal",
    ],
    [
      "a role that does not exist",
      trust({ AWS: "arn:aws:iam::111122223333:role/absent" }),
      "Invalid principal in policy",
    ],
  ])("refuse a trust policy with %s", async (_name, AssumeRolePolicyDocument, text) => {
    const { aws, iam } = await account();
    await using _ = aws;
    await expect(iam.send(new CreateRoleCommand({ RoleName: "bad", AssumeRolePolicyDocument }))).rejects.toMatchObject({
      name: "MalformedPolicyDocumentException",
      message: expect.stringContaining(text),
    });
  });

  it("are unknown, taken, or the service's own", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    await expect(iam.send(new GetRoleCommand({ RoleName: "absent" }))).rejects.toMatchObject({
      name: "NoSuchEntityException",
      $metadata: { httpStatusCode: 404 },
    });
    const wish = { RoleName: "one", AssumeRolePolicyDocument: ec2Trust };
    await iam.send(new CreateRoleCommand(wish));
    await expect(iam.send(new CreateRoleCommand({ ...wish, RoleName: "ONE" }))).rejects.toMatchObject({
      name: "EntityAlreadyExistsException",
    });
    const { Role } = await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "eks.amazonaws.com" }));
    expect(Role?.Arn).toContain("role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS");
    await expect(iam.send(new DeleteRoleCommand({ RoleName: Role?.RoleName }))).rejects.toMatchObject({
      name: "UnmodifiableEntityException",
    });
  });

  it("are not usable for a moment after their trust has changed", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    aws.addRole({ name: "one" });
    const before = aws.account.roles.get("one")?.usableAt;
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "one", PolicyDocument: ec2Trust }));
    expect(aws.account.roles.get("one")?.usableAt).toBeGreaterThan(Math.max(before ?? 0, aws.clock.now() - 3600_000));
  });
});

describe("policies of a role", () => {
  it("are listed, bounded and taken away", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    const RoleName = "one";
    const boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    aws.addRole({ name: RoleName, inline: { own: { Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] } } });
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(["own"]);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "own" }));
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: boundary }));
    const bounded = await iam.send(new GetRoleCommand({ RoleName }));
    expect(bounded.Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(boundary);
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    await iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7200 }));
    expect((await iam.send(new GetRoleCommand({ RoleName }))).Role?.MaxSessionDuration).toBe(7200);
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: boundary }));
    expect(Policy).toMatchObject({ PolicyName: "ReadOnlyAccess", IsAttachable: true, AttachmentCount: 0 });
  });
});

describe("OIDC providers", () => {
  it("take and lose client ids", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    const OpenIDConnectProviderArn = aws.trustIssuer("https://idp.example");
    const ask = new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn });
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "more" }));
    expect((await iam.send(ask)).ClientIDList).toEqual(["sts.amazonaws.com", "more"]);
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "more" }));
    await iam.send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: [{ Key: "a", Value: "1" }] }));
    const shown = await iam.send(ask);
    expect([shown.ClientIDList, shown.Tags]).toEqual([["sts.amazonaws.com"], [{ Key: "a", Value: "1" }]]);
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    await expect(iam.send(ask)).rejects.toMatchObject({ name: "NoSuchEntityException" });
  });

  it("are named by their issuer without a scheme", async () => {
    const { aws, iam } = await account();
    await using _ = aws;
    const Url = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC";
    const wish = { Url, ClientIDList: ["sts.amazonaws.com"] };
    const made = await iam.send(new CreateOpenIDConnectProviderCommand(wish));
    expect(made.OpenIDConnectProviderArn).toBe(
      "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC",
    );
    const { OpenIDConnectProviderArn } = made;
    const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    expect([found.Url, found.ClientIDList]).toEqual(["oidc.eks.us-east-1.amazonaws.com/id/ABC", ["sts.amazonaws.com"]]);
    const list = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    expect(list.OpenIDConnectProviderList?.length).toBe(1);
    await expect(iam.send(new CreateOpenIDConnectProviderCommand(wish))).rejects.toMatchObject({
      name: "EntityAlreadyExistsException",
    });
  });
});
