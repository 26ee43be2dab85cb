import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM. The certificate is its own authority. */
  readonly cert: string;
  readonly key: string;
}

const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: readonly Buffer[]) => tlv(0x30, ...parts);
const oid = (...bytes: readonly number[]) => tlv(0x06, Buffer.from(bytes));
const octets = (body: Buffer) => tlv(0x04, body);
const yes = tlv(0x01, Buffer.from([0xff]));
const utf8 = (text: string) => tlv(0x0c, Buffer.from(text));
const utcTime = (at: Date) => tlv(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, "").slice(2, 14)}Z`));

// 1.2.840.10045.4.3.2 and 2.5.4.3; the extensions are 2.5.29.<n>.
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const commonName = (text: string) => sequence(tlv(0x31, sequence(oid(0x55, 0x04, 0x03), utf8(text))));
const extension = (id: number, isCritical: boolean, value: Buffer) =>
  sequence(oid(0x55, 0x1d, id), ...(isCritical ? [yes] : []), octets(value));

/**
 * A self-signed certificate for 127.0.0.1 and localhost, valid for ten years from yesterday. Node can make keys and
 * signatures but no X.509, so the DER (RFC 5280) is put together here. A test fixture: never for anything else.
 */
export function selfSigned(now: number = Date.now()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const name = commonName("embedded-kubernetes");
  const altNames = sequence(
    tlv(0x82, Buffer.from("localhost")),
    tlv(0x82, Buffer.from("kubernetes.default.svc")),
    tlv(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = sequence(
    extension(0x13, true, sequence(yes)),
    extension(0x0f, true, tlv(0x03, Buffer.from([0x02, 0xa4]))),
    extension(0x11, false, altNames),
  );
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(now - day)), utcTime(new Date(now + 3650 * day))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature));
  return { cert: pem("CERTIFICATE", der), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString("base64").replaceAll(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
