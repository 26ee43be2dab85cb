import { describe, expect, it } from "vitest";
import { startAws } from "./index.ts";
import { eksToken } from "./testing.ts";

async function accountWithCluster() {
  const aws = await startAws();
  const roleArn = aws.addRole({ name: "deploy", path: "/ci/" });
  aws.addCluster({ name: "prod" });
  aws.addCluster({ name: "stage" });
  aws.addAccessEntry("prod", {
    principalArn: roleArn,
    groups: ["deployers"],
    policies: [{ name: "AmazonEKSEditPolicy", namespaces: ["shop", "pay"] }, { name: "AmazonEKSViewPolicy" }],
  });
  return { aws, roleArn };
}

describe("tokenReview", () => {
  it("answers the access entry's user, its groups and a group per access policy", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    const session = aws.issueSession(roleArn, { sessionName: "shop-1-1" });
    const review = await aws.tokenReview(await eksToken(session, "prod"));
    expect(review?.user).toEqual({
      username: "arn:aws:sts::111122223333:assumed-role/deploy/shop-1-1",
      uid: expect.stringMatching(/^aws-iam-authenticator:111122223333:AROA/),
      groups: [
        "deployers",
        "eks-access-policy:AmazonEKSEditPolicy:shop",
        "eks-access-policy:AmazonEKSEditPolicy:pay",
        "eks-access-policy:AmazonEKSViewPolicy:*",
      ],
    });
  });

  it("denies a token signed for another cluster", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    aws.addAccessEntry("stage", { principalArn: roleArn });
    const token = await eksToken(aws.issueSession(roleArn), "prod");
    expect(await aws.tokenReview(token, { cluster: "stage" })).toBeUndefined();
    expect(await aws.tokenReview(token, { cluster: "prod" })).toBeDefined();
  });

  it("asks only the clusters connected to the server that asks", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    aws.connect("prod", { endpoint: "https://127.0.0.1:6443", caData: "eA==" });
    const token = await eksToken(aws.issueSession(roleArn), "prod");
    expect(await aws.tokenReview(token, { endpoint: "https://127.0.0.1:7443" })).toBeUndefined();
    expect(await aws.tokenReview(token, { endpoint: "https://127.0.0.1:6443" })).toBeDefined();
  });

  it("denies at once when the access entry is deleted", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    const token = await eksToken(aws.issueSession(roleArn), "prod");
    expect(await aws.tokenReview(token)).toBeDefined();
    aws.account.clusters.get("prod")?.accessEntries.delete(roleArn);
    expect(await aws.tokenReview(token)).toBeUndefined();
  });

  it("denies the old entry of a role that was made again under its ARN", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    aws.account.roles.delete("deploy");
    aws.addRole({ name: "deploy", path: "/ci/" });
    expect(await aws.tokenReview(await eksToken(aws.issueSession(roleArn), "prod"))).toBeUndefined();
  });

  it.each([
    ["older than 15 minutes", { signedAt: new Date(Date.now() - 16 * 60_000) }, false],
    ["14 minutes old, its X-Amz-Expires long over", { signedAt: new Date(Date.now() - 14 * 60_000) }, true],
    ["with X-Amz-Expires over 900", { expires: 901 }, false],
    ["for a host that is not STS", { host: "sts.us-east-1.evil.com" }, false],
    ["for the global host of STS", { host: "sts.amazonaws.com" }, true],
  ])("judges a token %s", async (_name, options, isAccepted) => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    const review = await aws.tokenReview(await eksToken(aws.issueSession(roleArn), "prod", options));
    expect(review !== undefined).toBe(isAccepted);
  });

  it("denies an expired session, a forged signature and text that is no token", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    const expired = aws.issueSession(roleArn, { durationSeconds: -1 });
    expect(await aws.tokenReview(await eksToken(expired, "prod"))).toBeUndefined();
    const session = aws.issueSession(roleArn);
    const forged = await eksToken({ ...session, secretAccessKey: "x".repeat(40) }, "prod");
    expect(await aws.tokenReview(forged)).toBeUndefined();
    for (const token of ["", "k8s-aws-v1.", "k8s-aws-v1.%%%", "k8s-aws-v1.aGVsbG8", `k8s-aws-v1.${"a".repeat(5000)}`]) {
      expect(await aws.tokenReview(token)).toBeUndefined();
    }
  });

  it("knows only the creator of a cluster in CONFIG_MAP mode", async () => {
    const { aws, roleArn } = await accountWithCluster();
    await using _ = aws;
    aws.addCluster({ name: "old", authenticationMode: "CONFIG_MAP" });
    expect(await aws.tokenReview(await eksToken(aws.issueSession(roleArn), "old"))).toBeUndefined();
    const record = aws.account.clusters.get("old");
    if (record === undefined) throw new Error("no cluster");
    record.creatorArn = roleArn;
    record.cluster.accessConfig = { authenticationMode: "CONFIG_MAP", bootstrapClusterCreatorAdminPermissions: true };
    const review = await aws.tokenReview(await eksToken(aws.issueSession(roleArn), "old"));
    expect(review?.user.groups).toEqual(["system:masters"]);
  });
});
