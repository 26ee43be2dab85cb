import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { addonVersion, compareAddonVersions } from "../upgrade/versions.ts";

const WARN_DAYS = 90;
const DAY_MS = 24 * 3600_000;

/** What no file says and a look at a cluster should show: what will hurt later, though nothing differs today. */
export function watchFindings(context: Context): readonly Finding[] {
  const { cluster } = context.facts;
  if (cluster === undefined) return [];
  return [...supportEnd(context), ...unprotected(context), ...addonsBehind(context)];
}

function supportEnd({ facts }: Context): readonly Finding[] {
  const version = facts.cluster?.version;
  const end = facts.versions.find((entry) => entry.clusterVersion === version)?.endOfStandardSupportDate;
  if (end === undefined || end.getTime() - facts.now > WARN_DAYS * DAY_MS) return [];
  const date = end.toISOString().slice(0, 10);
  const isOver = end.getTime() <= facts.now;
  return [
    {
      level: "warn",
      code: "NOTICE",
      path: "metadata.version",
      message: `standard support of Kubernetes ${version} ${isOver ? "ended" : "ends"} on ${date}; extended support costs extra`,
      hint: "raise `metadata.version`, with `allow: upgrade`",
    },
  ];
}

function unprotected({ facts }: Context): readonly Finding[] {
  if (facts.cluster?.deletionProtection === true) return [];
  return [
    {
      level: "info",
      code: "NOTICE",
      message: `cluster ${facts.cluster?.name} may be deleted by one call`,
      hint: "deletionProtection: true in an extension file",
    },
  ];
}

function addonsBehind({ facts, config }: Context): readonly Finding[] {
  const behind = facts.addons.flatMap(({ addonName = "", addonVersion: installed = "" }) => {
    const addon = config.addons.find((candidate) => candidate.name === addonName);
    const info = facts.addonInfos.get(addonName);
    if (addon === undefined || info === undefined) return [];
    const offered = addonVersion({ ...addon, version: undefined }, info, facts.cluster?.version ?? "");
    const isBehind = offered !== undefined && compareAddonVersions(installed, offered) < 0;
    return isBehind ? [`${addonName} ${installed} (default ${offered})`] : [];
  });
  if (behind.length === 0) return [];
  return [{ level: "info", code: "NOTICE", message: `add-ons behind EKS's default: ${behind.join(", ")}` }];
}
