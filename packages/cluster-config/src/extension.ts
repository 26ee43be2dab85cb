import { ActionError } from "@eks-actions/action/error";
import { type Checked, check } from "./check.ts";
import { readDocument } from "./document.ts";
import type { ClusterExtension, IgnoredField, MaintenanceWindow, WarmPool, Weekday } from "./extension-model.ts";
import type { ClusterConfig } from "./model.ts";
import type { ManagedNodeGroup } from "./nodegroup-model.ts";
import { extensionSchema } from "./schema/extension.ts";
import { flagOf, numberOf, type Raw, record, records, tagsOf, textOf, textsOf, wordOf } from "./values.ts";

/** An extension file beside the ClusterConfig that it names. */
export interface ExtensionText {
  readonly text: string;
  /** Path relative to the workspace. */
  readonly file: string;
}

/**
 * The file that an extension extends, as written; `undefined` when the text is no ClusterExtension.
 * @throws ActionError `CONFIG_PARSE` when it is no YAML, `CONFIG_INVALID_VALUE` when it names no file
 */
export function extendedFile({ text, file }: ExtensionText): string | undefined {
  const { root } = readDocument(text, file);
  if (root.kind !== "map") return undefined;
  const scalar = (key: string) => {
    const value = root.entries.find((entry) => entry.key === key)?.value;
    return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
  };
  if (scalar("kind") !== "ClusterExtension") return undefined;
  const path = scalar("extends");
  if (path !== undefined && path !== "") return path;
  throw new ActionError("CONFIG_INVALID_VALUE", {
    message: "`extends` is missing",
    file,
    line: root.place.line,
    column: root.place.column,
    hint: "name the ClusterConfig beside it: `extends: cluster.yaml`",
  });
}

export interface CheckedExtension extends Checked {
  readonly extension: ClusterExtension;
}

export function readExtension({ text, file }: ExtensionText): CheckedExtension {
  const checked = check(readDocument(text, file).root, extensionSchema, file, "a ClusterExtension");
  const root = record(checked.value);
  const discover = record(root["vpc"])["discover"];
  const upgrade = record(root["upgrade"]);
  const side = (name: string) => (record(discover)[name] === undefined ? undefined : tagsOf(record(discover), name));
  return {
    ...checked,
    extension: {
      file,
      deletionProtection: flagOf(root, "deletionProtection"),
      gatewayApiCrds: flagOf(record(record(root["gatewayApi"])["crds"]), "managed"),
      discover: discover === undefined ? undefined : { private: side("private"), public: side("public") },
      upgrade: { nodeRoll: wordOf(upgrade, "nodeRoll"), insights: wordOf(upgrade, "insights") },
      maintenanceWindows: records(root["maintenanceWindows"]).map(maintenanceWindow),
      protect: textsOf(root, "protect"),
      ignoreFields: textsOf(record(root["ownership"]), "ignoreFields").map(ignoredField),
    },
  };
}

function maintenanceWindow(raw: Raw): MaintenanceWindow {
  const [, count = "0", unit] = /^(\d+)([hm])$/.exec(textOf(raw, "duration") ?? "") ?? [];
  return {
    // The schema holds the closed list.
    days: textsOf(raw, "days") as readonly Weekday[],
    start: textOf(raw, "start") ?? "00:00",
    minutes: Number(count) * (unit === "h" ? 60 : 1),
    timezone: textOf(raw, "timezone") ?? "UTC",
  };
}

function ignoredField(written: string, index: number): IgnoredField {
  const [object = "", ...field] = written.split(":");
  const [kind = "", ...name] = object.split("/");
  return { kind, name: name.join("/"), field: field.join(":"), source: `ownership.ignoreFields[${index}]` };
}

/** The config with what the extension says about it. */
export function extended(config: ClusterConfig, checked: CheckedExtension): ClusterConfig {
  const root = record(checked.value);
  const groups = record(root["managedNodeGroups"]);
  const kube = (key: "kubeAPIServerConfig" | "kubeSchedulerConfig" | "kubeControllerManagerConfig") =>
    root[key] === undefined ? config[key] : { ...record(config[key]), ...record(root[key]) };
  return {
    ...config,
    kubeAPIServerConfig: kube("kubeAPIServerConfig"),
    kubeSchedulerConfig: kube("kubeSchedulerConfig"),
    kubeControllerManagerConfig: kube("kubeControllerManagerConfig"),
    managedNodeGroups: config.managedNodeGroups.map((group) => extendedGroup(group, record(groups[group.name]))),
    extension: checked.extension,
    fields: [...config.fields, ...checked.uses],
    notices: [...config.notices, ...checked.notices],
  };
}

function extendedGroup(group: ManagedNodeGroup, raw: Raw): ManagedNodeGroup {
  const updateStrategy = wordOf<"DEFAULT" | "MINIMAL">(raw, "updateStrategy");
  return {
    ...group,
    manageDesired: flagOf(raw, "manageDesired") ?? group.manageDesired,
    updateConfig: updateStrategy === undefined ? group.updateConfig : { ...group.updateConfig, updateStrategy },
    warmPoolConfig:
      raw["warmPoolConfig"] === undefined ? group.warmPoolConfig : warmPool(record(raw["warmPoolConfig"])),
  };
}

function warmPool(raw: Raw): WarmPool {
  const given = {
    enabled: flagOf(raw, "enabled"),
    minSize: numberOf(raw, "minSize"),
    maxGroupPreparedCapacity: numberOf(raw, "maxGroupPreparedCapacity"),
    poolState: wordOf<NonNullable<WarmPool["poolState"]>>(raw, "poolState"),
    reuseOnScaleIn: flagOf(raw, "reuseOnScaleIn"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
