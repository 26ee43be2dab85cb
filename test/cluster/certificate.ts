import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads groups of a client certificate from here. */
  readonly organization?: string;
  /** DNS names and IPv4 addresses. Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** Default: signed by itself, and a CA. */
  readonly issuer?: Certificate & { readonly commonName: string };
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

const DAY_MS = 86_400_000;

/** An X.509 certificate (P-256, ECDSA with SHA-256) made in this process: no openssl on the machine is needed. */
export function createCertificate(request: CertificateRequest): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const from = request.validFrom ?? new Date(now - DAY_MS);
  const until = request.validUntil ?? new Date(now + 30 * DAY_MS);
  const subject = distinguishedName(request.commonName, request.organization);
  const issuer = request.issuer === undefined ? subject : distinguishedName(request.issuer.commonName);
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_SHA256,
    issuer,
    sequence(utcTime(from), utcTime(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions(request, publicKey))),
  );
  const signer: KeyObject | string = request.issuer?.key ?? privateKey;
  const signature = sign("sha256", body, signer);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    cert: pem("CERTIFICATE", whole),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function extensions(request: CertificateRequest, publicKey: KeyObject): readonly Buffer[] {
  const names = (request.names ?? ["localhost", "127.0.0.1"]).map((name) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name, "ascii")),
  );
  const keyId = createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
  const isAuthority = request.issuer === undefined;
  return [
    extension("2.5.29.19", true, isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    extension("2.5.29.14", false, der(0x04, keyId)),
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))),
    extension("2.5.29.17", false, sequence(...names)),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

function distinguishedName(commonName: string, organization?: string): Buffer {
  const attribute = (id: string, text: string) => der(0x31, sequence(oid(id), der(0x0c, Buffer.from(text, "utf8"))));
  const o = organization === undefined ? [] : [attribute("2.5.4.10", organization)];
  return sequence(...o, attribute("2.5.4.3", commonName));
}

const ECDSA_SHA256: Buffer = sequence(oid("1.2.840.10045.4.3.2"));

// DER, ITU-T X.690: tag, length, contents.
function der(tag: number, contents: Buffer): Buffer {
  const length = contents.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), contents]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), contents]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function tagged(tag: number, contents: Buffer): Buffer {
  return der(0xa0 + tag, contents);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`, "ascii"));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
