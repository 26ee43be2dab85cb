import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCertificate } from "./certificate.ts";

describe("a certificate", () => {
  it("names its subject, holds for its names and is signed by itself", () => {
    const { cert, key } = createCertificate({
      commonName: "router",
      organization: "tests",
      names: ["127.0.0.1", "api.test"],
    });
    const read = new X509Certificate(cert);
    expect(read.subject).toBe("O=tests\nCN=router");
    expect([read.checkIP("127.0.0.1"), read.checkHost("api.test"), read.checkHost("other")]).toEqual([
      "127.0.0.1",
      "api.test",
      undefined,
    ]);
    expect([read.ca, read.verify(read.publicKey)]).toEqual([true, true]);
    expect(key).toContain("-----BEGIN PRIVATE KEY-----");
  });

  it("is signed by its issuer, when it has one", () => {
    const issuer = { ...createCertificate({ commonName: "ca" }), commonName: "ca" };
    const leaf = new X509Certificate(createCertificate({ commonName: "leaf", issuer }).cert);
    const ca = new X509Certificate(issuer.cert);
    expect([leaf.checkIssued(ca), leaf.verify(ca.publicKey), leaf.ca]).toEqual([true, true, false]);
  });

  it("is valid from and until when it is told", () => {
    const validFrom = new Date("2020-01-02T03:04:05Z");
    const validUntil = new Date("2021-01-02T03:04:05Z");
    const read = new X509Certificate(createCertificate({ commonName: "old", validFrom, validUntil }).cert);
    expect([new Date(read.validFrom), new Date(read.validTo)]).toEqual([validFrom, validUntil]);
  });
});
