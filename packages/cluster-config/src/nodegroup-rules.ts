import type { ClusterConfig } from "./model.ts";
import type { ManagedNodeGroup } from "./nodegroup-model.ts";
import { isPublicKey } from "./public-key.ts";
import { type Report, record, records, repeated, textOf } from "./values.ts";

/** Fields that a launch template holds; with one of the user's own they belong there. */
const TEMPLATE_FIELDS = [
  "volumeSize",
  "ami",
  "ssh",
  "securityGroups",
  "maxPodsPerNode",
  "preBootstrapCommands",
  "overrideBootstrapCommand",
  "additionalVolumes",
  "bottlerocket",
] as const;

/** Sizes, taints, disks and what belongs into a template of the user's own. `value` is the checked YAML. */
export function nodeGroupRules(config: ClusterConfig, value: unknown, report: Report): void {
  const groups = config.managedNodeGroups;
  for (const group of groups) {
    sizeRules(group, report);
    bootRules(group, report);
  }
  for (const kind of ["managedNodeGroups", "nodeGroups"]) {
    records(record(value)[kind]).forEach((raw, index) => {
      const types = raw["instanceTypes"] !== undefined;
      if (types && textOf(raw, "instanceType") !== undefined) {
        report(`${kind}[${index}].instanceType`, "excludes `instanceTypes`", "keep one of the two");
      }
      if (raw["launchTemplate"] !== undefined) {
        const both = TEMPLATE_FIELDS.find((name) => raw[name] !== undefined);
        if (both !== undefined) {
          report(`${kind}[${index}].${both}`, "belongs into your own launch template", `leave \`${both}\` out`);
        }
      }
      if (kind === "nodeGroups") taintMapRules(raw["taints"], `${kind}[${index}].taints`, report);
    });
  }
  repeated(groups.map((group) => group.name).filter((name) => name !== "")).forEach((name) => {
    const again = groups.filter((group) => group.name === name).at(-1);
    report(`${again?.source}.name`, `node group ${name} stands twice`, "give each node group a name of its own");
  });
  if (groups.length > 30)
    report("managedNodeGroups", `${groups.length} node groups, EKS allows 30`, "ask AWS for a higher quota");
}

function sizeRules(group: ManagedNodeGroup, report: Report): void {
  const { minSize, maxSize, desiredCapacity, source } = group;
  if (minSize > maxSize)
    report(`${source}.minSize`, `minSize ${minSize} is above maxSize ${maxSize}`, `maxSize: ${minSize}`);
  else if (desiredCapacity < minSize || desiredCapacity > maxSize) {
    report(
      `${source}.desiredCapacity`,
      `${desiredCapacity} is outside ${minSize}–${maxSize}`,
      `desiredCapacity: ${minSize}`,
    );
  }
  const update = group.updateConfig;
  if (update?.maxUnavailable !== undefined && update.maxUnavailablePercentage !== undefined) {
    report(`${source}.updateConfig`, "has a number and a percentage", "keep one of the two");
  }
  const repair = group.nodeRepairConfig;
  if (
    repair?.maxUnhealthyNodeThresholdCount !== undefined &&
    repair.maxUnhealthyNodeThresholdPercentage !== undefined
  ) {
    report(`${source}.nodeRepairConfig`, "has a threshold as number and as percentage", "keep one of the two");
  }
  if (repair?.maxParallelNodesRepairedCount !== undefined && repair.maxParallelNodesRepairedPercentage !== undefined) {
    report(`${source}.nodeRepairConfig`, "has parallel repairs as number and as percentage", "keep one of the two");
  }
  repeated(group.taints.map((taint) => `${taint.key}:${taint.effect}`)).forEach((taint) => {
    report(`${source}.taints`, `taint ${taint} stands twice`, "one taint for each key and effect");
  });
  if (group.volume.throughput !== undefined && group.volume.type !== "gp3") {
    report(`${source}.volumeThroughput`, `${group.volume.type} has no throughput of its own`, "volumeType: gp3");
  }
  if (
    group.iam.instanceRoleARN !== undefined &&
    (group.iam.attachPolicyARNs.length > 0 || group.iam.withAddonPolicies.length > 0)
  ) {
    report(
      `${source}.iam.instanceRoleARN`,
      "is a role of yours, so its policies are not ours to set",
      "keep one of the two",
    );
  }
}

function taintMapRules(value: unknown, path: string, report: Report): void {
  if (value === undefined) return;
  const effects = Array.isArray(value)
    ? records(value).map((taint) => textOf(taint, "effect") ?? "")
    : Object.values(record(value)).map((text) => String(text).slice(String(text).lastIndexOf(":") + 1));
  for (const effect of effects) {
    if (!["NoSchedule", "PreferNoSchedule", "NoExecute"].includes(effect)) {
      report(path, `effect \`${effect}\` is not accepted`, "write NoSchedule, PreferNoSchedule or NoExecute");
    }
  }
}

function bootRules(group: ManagedNodeGroup, report: Report): void {
  const { source, amiFamily, ami, overrideBootstrapCommand: override } = group;
  const isBottlerocket = amiFamily.startsWith("Bottlerocket");
  if (group.bottlerocket !== undefined && !isBottlerocket) {
    report(`${source}.bottlerocket`, `the image family is ${amiFamily}`, "amiFamily: Bottlerocket");
  }
  if (group.preBootstrapCommands.length > 0 && !/^(AmazonLinux|Ubuntu)/.test(amiFamily)) {
    report(`${source}.preBootstrapCommands`, `${amiFamily} runs no shell commands at boot`, "leave them out");
  }
  if (override !== undefined) overrideRules(group, override, report);
  else if (ami !== undefined && !/^(AmazonLinux2023|Bottlerocket)/.test(amiFamily)) {
    report(
      `${source}.ami`,
      `a ${amiFamily} image of your own has to be told how to join`,
      "add `overrideBootstrapCommand`",
    );
  }
  if (ami !== undefined && group.releaseVersion !== undefined) {
    report(`${source}.releaseVersion`, "belongs to images of EKS, and `ami` is yours", "keep one of the two");
  }
  group.additionalVolumes.forEach((volume, index) => {
    if (volume.device !== undefined) return;
    report(`${source}.additionalVolumes[${index}]`, "names no device", "volumeName: /dev/xvdf");
  });
  sshRules(group, report);
  selectorRules(group, report);
}

function selectorRules({ instanceSelector, instanceTypes, source }: ManagedNodeGroup, report: Report): void {
  if (instanceSelector === undefined) return;
  const path = `${source}.instanceSelector`;
  if (instanceTypes.length > 0) report(path, "excludes `instanceTypes`", "keep one of the two");
  if (instanceSelector.vCPUs === undefined && instanceSelector.memory === undefined) {
    report(path, "bounds neither `vCPUs` nor `memory`", "instanceSelector: {vCPUs: 2, memory: 4GiB}");
  }
  for (const name of ["allow", "deny"] as const) {
    if (!isPattern(instanceSelector[name] ?? "")) {
      report(`${path}.${name}`, "is no regular expression", "allow: ^m5");
    }
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    // The only thing that this constructor refuses is the pattern.
    return false;
  }
}

function overrideRules(group: ManagedNodeGroup, override: string, report: Report): void {
  const { amiFamily } = group;
  const path = `${group.source}.overrideBootstrapCommand`;
  if (amiFamily.startsWith("Bottlerocket")) {
    report(path, "Bottlerocket has no bootstrap command", "write `bottlerocket.settings`");
  } else if (amiFamily === "AmazonLinux2023" && !/^kind:\s*["']?NodeConfig/m.test(override)) {
    const example = "overrideBootstrapCommand: |\n  apiVersion: node.eks.aws/v1alpha1\n  kind: NodeConfig\n  spec: {…}";
    report(path, "AmazonLinux2023 starts by a NodeConfig, and this is none", example);
  } else if (group.ami === undefined && amiFamily !== "AmazonLinux2023") {
    report(path, "counts only with an image of your own", "add `ami: ami-…`");
  }
}

function sshRules({ ssh, source }: ManagedNodeGroup, report: Report): void {
  const ways = [ssh?.publicKey, ssh?.publicKeyName, ssh?.publicKeyPath].filter((key) => key !== undefined);
  if (ways.length > 1) {
    report(`${source}.ssh`, "names more than one key", "keep one of publicKey, publicKeyName, publicKeyPath");
  }
  if (ssh?.publicKey !== undefined && !isPublicKey(ssh.publicKey)) {
    report(
      `${source}.ssh.publicKey`,
      "is no OpenSSH public key of type RSA or ED25519",
      "publicKey: ssh-ed25519 AAAA…",
    );
  }
}
