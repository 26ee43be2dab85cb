import { describe, expect, it } from "vitest";
import { type ClusterAnswer, readCluster } from "./describe-cluster.ts";

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const good = {
  name: "payments",
  arn: "arn:aws:eks:eu-west-1:111122223333:cluster/payments",
  endpoint: "https://ABC.gr7.eu-west-1.eks.amazonaws.com",
  status: "ACTIVE",
  certificateAuthority: { data: Buffer.from(pem).toString("base64") },
  accessConfig: { authenticationMode: "API" },
} satisfies ClusterAnswer;
const options = {
  name: "payments",
  accountId: "111122223333",
  partition: "aws",
  principal: "arn:aws:sts::111122223333:assumed-role/deploy/x",
};
const read = (more: ClusterAnswer) => readCluster({ ...good, ...more }, options, "eu-west-1");

describe("readCluster", () => {
  it("takes an active cluster, and one that is being updated", () => {
    expect(read({})).toMatchObject({ arn: good.arn, tokenName: "payments", authenticationMode: "API" });
    expect(read({ status: "UPDATING" }).status).toBe("UPDATING");
  });

  it("names a local cluster on Outposts by its id in tokens", () => {
    expect(read({ id: "b4c1-id" }).tokenName).toBe("b4c1-id");
  });

  it.each(["CREATING", "PENDING", "DELETING", "FAILED", undefined])(
    "has to wait for a cluster that is %s",
    (status) => {
      expect(() => read({ status })).toThrow(expect.objectContaining({ code: "CLUSTER_NOT_READY" }));
    },
  );

  it.each<[string, ClusterAnswer]>([
    ["an endpoint in clear text", { endpoint: "http://x" }],
    ["no endpoint", { endpoint: undefined }],
    ["a user in the endpoint", { endpoint: "https://a:b@x" }],
    ["no certificate", { certificateAuthority: undefined }],
    ["a certificate that is no PEM", { certificateAuthority: { data: "bm8=" } }],
    ["a certificate that is no base64", { certificateAuthority: { data: "x\ny" } }],
    ["another account", { arn: "arn:aws:eks:eu-west-1:999999999999:cluster/payments" }],
    ["another region", { arn: "arn:aws:eks:us-east-1:111122223333:cluster/payments" }],
    ["another name", { arn: "arn:aws:eks:eu-west-1:111122223333:cluster/other" }],
    ["no ARN", { arn: undefined }],
  ])("refuses an answer with %s", (_, more) => {
    expect(() => read(more)).toThrow(expect.objectContaining({ code: "CLUSTER_RESPONSE_INVALID" }));
  });
});
