import type { Bottlerocket, InstanceSelector, NodeSsh, NodeVolume } from "./nodegroup-model.ts";
import { flagOf, numberOf, type Raw, record, records, textOf, textsOf } from "./values.ts";

/** How a node's disks look, and what else eksctl writes into a launch template. Sizes in GiB, throughput in MiB/s. */
export function rootVolume(raw: Raw): NodeVolume & { readonly size: number } {
  return { ...volume(raw), size: numberOf(raw, "volumeSize") ?? 80 };
}

export function additionalVolumes(value: unknown): readonly NodeVolume[] {
  return records(value).map((raw) => {
    const snapshotID = textOf(raw, "snapshotID");
    const size = numberOf(raw, "volumeSize") ?? (snapshotID === undefined ? 80 : undefined);
    return { ...volume(raw), size, snapshotID };
  });
}

function volume(raw: Raw): NodeVolume {
  const type = textOf(raw, "volumeType") ?? "gp3";
  const gp3 = type === "gp3";
  return {
    type,
    iops: numberOf(raw, "volumeIOPS") ?? (gp3 ? 3000 : undefined),
    throughput: numberOf(raw, "volumeThroughput") ?? (gp3 ? 125 : undefined),
    encrypted: flagOf(raw, "volumeEncrypted") ?? textOf(raw, "volumeKmsKeyID") !== undefined,
    kmsKeyID: textOf(raw, "volumeKmsKeyID"),
    device: textOf(raw, "volumeName"),
  };
}

/** A key that is named allows access too, as in eksctl. */
export function ssh(value: unknown): NodeSsh | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  const keys = [textOf(raw, "publicKey"), textOf(raw, "publicKeyName"), textOf(raw, "publicKeyPath")];
  const [publicKey, publicKeyName, publicKeyPath] = keys;
  const allow = flagOf(raw, "allow") ?? keys.some((key) => key !== undefined);
  return {
    allow,
    publicKey: publicKey?.trim(),
    publicKeyName,
    publicKeyPath:
      publicKeyPath ??
      (allow && publicKey === undefined && publicKeyName === undefined ? "~/.ssh/id_rsa.pub" : undefined),
    sourceSecurityGroupIds: textsOf(raw, "sourceSecurityGroupIds"),
  };
}

export function bottlerocket(value: unknown): Bottlerocket | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  return { enableAdminContainer: flagOf(raw, "enableAdminContainer"), settings: record(raw["settings"]) };
}

export function instanceSelector(value: unknown): InstanceSelector | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  const memory = /^(\d+(?:\.\d+)?)\s*(Mi?B?|Gi?B?|Ti?B?)?$/i.exec(textOf(raw, "memory")?.trim() ?? "");
  const unit = memory?.[2]?.[0]?.toUpperCase();
  const scale = unit === "M" ? 1 / 1024 : unit === "T" ? 1024 : 1;
  return {
    vCPUs: numberOf(raw, "vCPUs"),
    memory: memory === null ? undefined : Number(memory[1]) * scale,
    gpus: numberOf(raw, "gpus"),
    neuronDevices: numberOf(raw, "neuron_devices"),
    cpuArchitecture: textOf(raw, "cpuArchitecture") === "arm64" ? "arm64" : "x86_64",
    allow: textOf(raw, "allow"),
    deny: textOf(raw, "deny"),
  };
}

/** `ami: auto` and its kin are what EKS does anyway. */
export function ownImage(raw: Raw): string | undefined {
  const ami = textOf(raw, "ami");
  return ami?.startsWith("ami-") === true ? ami : undefined;
}
