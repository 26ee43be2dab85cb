import type { Action, Step } from "./action.ts";
import { create } from "./build.ts";
import type { Context } from "./context.ts";
import { usual } from "./durations.ts";
import type { Finding } from "./finding.ts";
import { minorOf, upgradePath } from "./versions.ts";

/** Kubelets may be three minors behind their API server. */
const MAX_SKEW = 3;

/** The way from the live version to the wanted one, one minor at a time, behind every other change of the cluster. */
export function planUpgrade(context: Context, target: string, after: readonly string[]): Step {
  const { config, facts } = context;
  const live = facts.cluster?.version;
  if (live === undefined || facts.cluster?.status === "DELETING") return { actions: [] };
  // The version that the running update ends at is known only once it has ended.
  if (facts.updates.some(({ type }) => /^Version/.test(type))) return { actions: [] };
  const path = minorOf(target) < minorOf(live) ? [target] : upgradePath(live, target);
  const down = minorOf(target) < minorOf(live);
  const force = config.metadata.forceUpdateVersion;
  const rollback = config.metadata.rollbackConfig;
  const actions: Action[] = [];
  for (const [index, version] of path.entries()) {
    actions.push(
      create({
        part: "cluster",
        suffix: version,
        op: down ? "rollback" : "upgrade",
        target: { kind: "Cluster", name: config.metadata.name },
        class: "C",
        needs: [down ? "rollback" : "upgrade", ...(force ? (["force-upgrade"] as const) : [])],
        after: index === 0 ? after : [actions[index - 1]?.id ?? ""],
        locks: [{ name: "cluster", shared: false }],
        calls: [
          {
            service: "eks",
            operation: "UpdateClusterVersion",
            args: {
              name: config.metadata.name,
              version,
              ...(force || context.inputs.allow.includes("force-upgrade") ? { force: true } : {}),
              ...(rollback === undefined ? {} : { rollbackConfig: rollback }),
            },
          },
        ],
        until: { kind: "update" },
        changes: [
          { path: "metadata.version", from: index === 0 ? live : path[index - 1], to: version, origin: "config" },
        ],
        expectedSeconds: usual.clusterUpgrade.usual,
      }),
    );
  }
  return { actions, findings: path.length === 0 || down ? [] : gates(context, path) };
}

function gates(context: Context, path: readonly string[]): readonly Finding[] {
  const { facts, inputs, config } = context;
  const findings: Finding[] = [];
  const [next] = path;
  const target = path.at(-1) ?? "";
  const failing = facts.insights.filter((insight) => insight.insightStatus?.status === "ERROR");
  if (failing.length > 0 && inputs.insights !== "off") {
    const allowed = inputs.allow.includes("force-upgrade");
    findings.push({
      level: inputs.insights === "warn" || allowed ? "warn" : "block",
      code: "INSIGHT_ERROR",
      path: "metadata.version",
      message: `upgrade to ${next}: ${failing.map((insight) => insight.name).join(", ")} ${failing.length === 1 ? "is" : "are"} in ERROR`,
      hint: "cure the findings of the insight, or add `allow: force-upgrade`",
      allow: "force-upgrade",
    });
  }
  for (const group of facts.nodegroups) {
    if (group.version !== undefined && minorOf(target) - minorOf(group.version) > MAX_SKEW) {
      findings.push({
        level: "block",
        code: "SKEW_TOO_WIDE",
        target: { kind: "NodeGroup", name: group.nodegroupName ?? "" },
        message: `node group ${group.nodegroupName} is at ${group.version}, more than ${MAX_SKEW} minors below ${target}`,
        hint: `first write \`version: "1.${minorOf(group.version) + MAX_SKEW}"\``,
      });
    }
  }
  const info = facts.versions.find((entry) => entry.clusterVersion === target);
  if (
    config.upgradePolicy?.supportType === "STANDARD" &&
    info !== undefined &&
    !/STANDARD/i.test(info.versionStatus ?? info.status ?? "STANDARD")
  ) {
    findings.push({
      level: "block",
      code: "VERSION_UNSUPPORTED",
      path: "metadata.version",
      message: `Kubernetes ${target} is past standard support, and upgradePolicy is STANDARD`,
      hint: "choose a newer version",
    });
  }
  return findings;
}
