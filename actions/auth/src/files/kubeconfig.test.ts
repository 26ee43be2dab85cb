import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kubeconfig } from "./kubeconfig.ts";

// Any UTF-16 unit, lone surrogates and control characters too; half of them ASCII.
const unit = fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }));
const anyText = fc.string({ unit: unit.map((code) => String.fromCharCode(code)) });

const access = {
  name: "payments",
  tokenName: "payments",
  arn: "arn:aws:eks:eu-west-1:111122223333:cluster/payments",
  region: "eu-west-1",
  endpoint: "https://ABC.gr7.eu-west-1.eks.amazonaws.com",
  certificateAuthority: "LS0tLS1CRUdJTg==",
  status: "ACTIVE",
  authenticationMode: "API",
};
const base = {
  clusters: [{ access, contextName: undefined, sessionFile: "/tmp/s/session-eks-actions.json" }],
  namespace: "payments",
  node: "/node24/bin/node",
  program: "/actions/auth/dist/credential/index.js",
  clockOffsetSeconds: 0,
};

describe("kubeconfig", () => {
  it("is the text of the contract", () => {
    expect(kubeconfig(base)).toMatchInlineSnapshot(`
      "# eks-actions/auth v1: written for one job, holds no credentials
      apiVersion: "v1"
      kind: "Config"
      current-context: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
      clusters:
      - name: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
        cluster:
          server: "https://ABC.gr7.eu-west-1.eks.amazonaws.com"
          certificate-authority-data: "LS0tLS1CRUdJTg=="
      contexts:
      - name: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
        context:
          cluster: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
          user: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
          namespace: "payments"
      users:
      - name: "arn:aws:eks:eu-west-1:111122223333:cluster/payments"
        user:
          exec:
            apiVersion: "client.authentication.k8s.io/v1"
            command: "/node24/bin/node"
            args:
            - "/actions/auth/dist/credential/index.js"
            - "eks-token"
            - "--cluster"
            - "payments"
            - "--region"
            - "eu-west-1"
            - "--session"
            - "/tmp/s/session-eks-actions.json"
            interactiveMode: "Never"
            provideClusterInfo: false
      "
    `);
  });

  it("names the skew from a minute on", () => {
    expect(kubeconfig({ ...base, clockOffsetSeconds: 59 })).not.toContain("--clock-offset");
    expect(kubeconfig({ ...base, clockOffsetSeconds: -60 })).toContain('      - "--clock-offset"\n      - "-60"');
  });

  it("gives each role its own user of a cluster that two roles look at, and the cluster once", () => {
    const text = kubeconfig({
      ...base,
      clusters: [
        { ...base.clusters[0], access, contextName: "a", sessionFile: "/a" },
        { access, contextName: "b", sessionFile: "/b" },
      ],
    });
    expect(text.match(/server:/g)).toHaveLength(1);
    expect(text).toContain(`user: "${access.arn}#0"`);
    expect(text).toContain(`user: "${access.arn}#1"`);
  });

  it("writes every value as one JSON string on one line, whatever it holds", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const text = kubeconfig({ ...base, clusters: [{ access, contextName: name, sessionFile: undefined }] });
        const line = text.split("\n").find((candidate) => candidate.startsWith("current-context: "));
        expect(JSON.parse(line?.slice("current-context: ".length) ?? "")).toBe(name);
        expect(text.split("\n")).toHaveLength(
          kubeconfig({ ...base, clusters: [{ access, contextName: "x", sessionFile: undefined }] }).split("\n").length,
        );
      }),
    );
  });
});
