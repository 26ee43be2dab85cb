import type { ClusterExtension } from "./extension-model.ts";
import type { ClusterConfig } from "./model.ts";
import { nearest } from "./nearest.ts";
import { type Report, record } from "./values.ts";

/** Fields that another tool may own, by kind of object. */
const IGNORABLE: Readonly<Record<string, readonly RegExp[]>> = {
  nodegroup: [/^labels(\..+)?$/, /^tags\..+$/, /^taints$/, /^minSize$/, /^maxSize$/, /^releaseVersion$/],
  addon: [/^version$/, /^configurationValues$/],
  cluster: [/^tags\..+$/, /^logging$/, /^publicAccessCIDRs$/],
};

/** What the extension says about objects must fit the file that it extends. `value` is the extension's own YAML. */
export function extensionRules(
  config: ClusterConfig,
  extension: ClusterExtension,
  value: unknown,
  report: Report,
): void {
  const groups = config.managedNodeGroups.map((group) => group.name);
  const unknown = (path: string, what: string, name: string, known: readonly string[]) => {
    const near = nearest(name, known);
    const hint = near === undefined ? `there are: ${known.join(", ") || "none"}` : `did you mean \`${near}\`?`;
    report(path, `the file has no ${what} ${name}`, hint);
  };
  for (const name of Object.keys(record(record(value)["managedNodeGroups"]))) {
    if (!groups.includes(name)) unknown(`managedNodeGroups.${name}`, "node group", name, groups);
  }
  extension.protect.forEach((object, index) => {
    const [kind, name = ""] = object.split("/");
    if (kind === "nodegroup" && !groups.includes(name)) unknown(`protect[${index}]`, "node group", name, groups);
  });
  for (const { kind, name, field, source } of extension.ignoreFields) {
    const fields = IGNORABLE[kind];
    if (fields?.some((pattern) => pattern.test(field)) !== true) {
      report(
        source,
        `\`${kind}\` has no field \`${field}\` that can be left to another tool`,
        "nodegroup/<name>: labels, labels.<key>, tags.<key>, taints, minSize, maxSize, releaseVersion; addon/<name>: version, configurationValues; cluster: tags.<key>, logging, publicAccessCIDRs",
      );
    } else if (kind === "nodegroup" && !groups.includes(name)) unknown(source, "node group", name, groups);
  }
  extension.maintenanceWindows.forEach(({ timezone }, index) => {
    if (!isTimeZone(timezone))
      report(`maintenanceWindows[${index}].timezone`, `${timezone} is no time zone`, "timezone: Europe/Berlin");
  });
  if (extension.discover !== undefined) {
    const { subnets } = config.vpc;
    if (subnets.private.length + subnets.public.length > 0) {
      report("vpc.discover", "the file lists subnets already", "keep `vpc.subnets` or `vpc.discover`");
    }
  }
  if (extension.gatewayApiCrds === true && !config.autoModeConfig.enabled) {
    report("gatewayApi", "belongs to Auto Mode, which is off", "autoModeConfig: {enabled: true}");
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // The only thing that this constructor refuses here is the name.
    return false;
  }
}
