import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { selfSigned } from "./certificate.ts";

describe("selfSigned", () => {
  it("makes a certificate that signs itself, for the loopback address and localhost", () => {
    const { cert, key } = selfSigned();
    const read = new X509Certificate(cert);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.ca).toBe(true);
    expect(read.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(read.checkHost("localhost")).toBe("localhost");
    expect(read.checkHost("example.com")).toBeUndefined();
    expect(key).toContain("BEGIN PRIVATE KEY");
  });

  it("is valid for ten years from yesterday", () => {
    const now = Date.UTC(2026, 10, 23);
    const read = new X509Certificate(selfSigned(now).cert);
    expect(Date.parse(read.validFrom)).toBe(now - 86_400_000);
    expect(Date.parse(read.validTo)).toBe(now + 3650 * 86_400_000);
  });
});
