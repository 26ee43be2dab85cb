import { createHash } from "node:crypto";
import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler } from "../../world.ts";
import { newId, passes, tagsFor } from "./find.ts";

const publicKey = /^(ssh-rsa|ssh-ed25519) ([A-Za-z0-9+/]+={0,3})( .*)?\s*$/;

const importKeyPair = handler<Ec2.ImportKeyPairCommandInput, Ec2.ImportKeyPairCommandOutput>(({ world }, input) => {
  const { keyPairs } = world.account.network;
  const name = input.KeyName ?? "";
  if ([...keyPairs.values()].some((pair) => pair.KeyName === name)) {
    throw fault("InvalidKeyPair.Duplicate", `The keypair '${name}' already exists.`);
  }
  const material = Buffer.from(input.PublicKeyMaterial ?? []).toString("utf8");
  const [, type, body] = publicKey.exec(material) ?? [];
  if (body === undefined) throw fault("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
  const id = newId(world, "key");
  const pair: Ec2.KeyPairInfo = {
    KeyPairId: id,
    KeyName: name,
    KeyType: type === "ssh-rsa" ? "rsa" : "ed25519",
    KeyFingerprint: createHash("md5")
      .update(Buffer.from(body, "base64"))
      .digest("hex")
      .replace(/..(?=.)/g, "$&:"),
    CreateTime: new Date(world.agenda.now()),
    Tags: tagsFor(input.TagSpecifications, "key-pair"),
  };
  keyPairs.set(id, pair);
  return { KeyPairId: id, KeyName: name, KeyFingerprint: pair.KeyFingerprint, Tags: pair.Tags };
});

const describeKeyPairs = handler<Ec2.DescribeKeyPairsCommandInput, Ec2.DescribeKeyPairsCommandOutput>(
  ({ world }, input) => {
    const all = [...world.account.network.keyPairs.values()];
    const unknown = input.KeyNames?.find((name) => !all.some((pair) => pair.KeyName === name));
    if (unknown !== undefined) {
      throw fault("InvalidKeyPair.NotFound", `The key pair '${unknown}' does not exist`);
    }
    const matching = all
      .filter((pair) => input.KeyNames === undefined || input.KeyNames.includes(pair.KeyName ?? ""))
      .filter((pair) => passes(input.Filters, { tags: pair.Tags ?? [], values: { "key-name": [pair.KeyName] } }));
    return { KeyPairs: structuredClone(matching) };
  },
);

/** Answers alike whether the pair was there or not, as EC2 does. */
const deleteKeyPair = handler<Ec2.DeleteKeyPairCommandInput, Ec2.DeleteKeyPairCommandOutput>(({ world }, input) => {
  const { keyPairs } = world.account.network;
  const found = [...keyPairs.values()].find((pair) =>
    input.KeyPairId === undefined ? pair.KeyName === input.KeyName : pair.KeyPairId === input.KeyPairId,
  );
  if (found?.KeyPairId !== undefined) keyPairs.delete(found.KeyPairId);
  return { Return: true, ...(found?.KeyPairId === undefined ? {} : { KeyPairId: found.KeyPairId }) };
});

export const keyPairs: Readonly<Record<string, Handler>> = {
  ImportKeyPair: importKeyPair,
  DescribeKeyPairs: describeKeyPairs,
  DeleteKeyPair: deleteKeyPair,
};
