import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Incoming } from "./http.ts";
import { isSignedBy, readSignature, signingText, signingTime } from "./sigv4.ts";

const credentials = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret/key+1", sessionToken: "token==" };
const signer = new SignatureV4({ service: "eks", region: "us-east-1", credentials, sha256: Sha256 });
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
// The signer itself loses a parameter of this name.
const name = text.filter((given) => given !== "__proto__");

it("agrees with the SDK's signer on any path, query and body, and on nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 3 }),
      fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true }),
      fc.string({ maxLength: 40 }),
      async (segments, query, body) => {
        const path = `/${segments.map(encodeURIComponent).join("/")}`;
        const headers = { host: "127.0.0.1:1", "content-type": "application/json" };
        const request = new HttpRequest({ method: "POST", hostname: "127.0.0.1", path, query, headers, body });
        const signed = await signer.sign(request);
        const incoming: Incoming = {
          method: "POST",
          path,
          query: Object.entries(query),
          headers: signed.headers,
          body: Buffer.from(body),
        };
        const signature = readSignature(incoming);
        if (signature === undefined) throw new Error("no signature");
        expect(isSignedBy(credentials.secretAccessKey, signature, incoming)).toBe(true);
        expect(isSignedBy("other", signature, incoming)).toBe(false);
        const changed = { ...incoming, body: Buffer.from(`${body} `) };
        expect(isSignedBy(credentials.secretAccessKey, signature, changed)).toBe(false);
        const moved = { ...incoming, path: `${path}x` };
        expect(isSignedBy(credentials.secretAccessKey, signature, moved)).toBe(false);
      },
    ),
    { numRuns: 60, examples: [[[], { "a ": " ", a: " " }, ""]] },
  );
});

it("reads times as they are signed", () => {
  expect(signingTime("20261124T101500Z")).toBe(Date.UTC(2026, 10, 24, 10, 15));
  expect(signingText(Date.UTC(2026, 10, 24, 10, 15))).toBe("20261124T101500Z");
  expect(signingTime("yesterday")).toBeNaN();
});
