import { ActionError } from "@eks-actions/action/error";
import { check } from "./check.ts";
import { withDefaults } from "./defaults.ts";
import { many, type Place, readDocument, type Tree } from "./document.ts";
import { type ExtensionText, extended, readExtension } from "./extension.ts";
import type { ClusterConfig } from "./model.ts";
import { ruleFaults } from "./rules.ts";
import { clusterConfigSchema } from "./schema/cluster.ts";

export interface ParseOptions {
  /** Path relative to the workspace, for messages and annotations. */
  readonly file: string;
  /** `nodegroups-selfmanaged: convert` */
  readonly convertSelfManaged?: boolean | undefined;
  /** A ClusterExtension that extends this file. */
  readonly extension?: ExtensionText | undefined;
}

/**
 * Reads an eksctl ClusterConfig (v1alpha5). All faults of a file are found in one pass.
 * @throws ActionError `CONFIG_PARSE`, `CONFIG_UNKNOWN_FIELD`, `CONFIG_UNSUPPORTED_FIELD`, `CONFIG_INVALID_VALUE`,
 * `SELF_MANAGED_NODEGROUP`; the further ones in `also`
 */
export function parseClusterConfig(text: string, options: ParseOptions): ClusterConfig {
  const { file } = options;
  const { root } = readDocument(text, file);
  expectClusterConfig(root, file);
  const checked = check(root, clusterConfigSchema, file);
  const extension = options.extension === undefined ? undefined : readExtension(options.extension);
  const selfManaged = options.convertSelfManaged === true ? undefined : selfManagedFault(root, file);
  const plain: ClusterConfig = {
    file,
    ...withDefaults(checked.value),
    fields: checked.uses,
    notices: checked.notices,
  };
  const config = extension === undefined ? plain : extended(plain, extension);
  const faults = [
    ...checked.faults,
    ...(extension?.faults ?? []),
    ...(selfManaged === undefined ? [] : [selfManaged]),
    ...ruleFaults(config, checked.value, extension?.value),
  ];
  if (faults.length > 0) throw many(faults);
  return { ...config, notices: [...config.notices, ...conversionNotices(config)] };
}

function expectClusterConfig(root: Tree, file: string): void {
  const fail = (place: Place, message: string, hint: string) =>
    new ActionError("CONFIG_PARSE", { message, file, line: place.line, column: place.column, hint });
  if (root.kind !== "map") throw fail(root.place, "the document is no map", "write a ClusterConfig");
  const kind = root.entries.find((entry) => entry.key === "kind")?.value;
  if (kind?.kind === "scalar" && kind.value !== null && kind.value !== "ClusterConfig") {
    const written = kind.written.slice(0, 100);
    throw fail(kind.place, `kind is \`${written}\`, not ClusterConfig`, "kind: ClusterConfig");
  }
}

function selfManagedFault(root: Tree, file: string): ActionError | undefined {
  const entry = root.kind === "map" ? root.entries.find(({ key }) => key === "nodeGroups") : undefined;
  if (entry === undefined || entry.value.kind !== "list" || entry.value.items.length === 0) return undefined;
  const names = entry.value.items.map((item, index) => {
    const name = item.kind === "map" ? item.entries.find(({ key }) => key === "name")?.value : undefined;
    return name?.kind === "scalar" && typeof name.value === "string" ? name.value : `#${index + 1}`;
  });
  return new ActionError("SELF_MANAGED_NODEGROUP", {
    message: `\`nodeGroups\` are self-managed: ${names.slice(0, 20).join(", ")}`,
    file,
    line: entry.place.line,
    column: entry.place.column,
    hint: "to have them as managed node groups, add to the step:\n  with:\n    nodegroups-selfmanaged: convert",
  });
}

function conversionNotices(config: ClusterConfig): readonly string[] {
  const names = config.managedNodeGroups.filter((group) => group.isConverted).map((group) => group.name);
  return names.length === 0 ? [] : [`self-managed node groups become managed ones: ${names.join(", ")}`];
}
