import { ActionError } from "@eks-actions/action";
import { awsErrorInfo, type EksInsight } from "@eks-actions/aws";
import type { Context } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import type { Ports } from "../ports.ts";
import { plainWrite } from "../run/plain-write.ts";
import { pollUntil } from "../run/poll.ts";

/** A refresh that takes longer than this is not waited for. */
const PATIENCE_SECONDS = 600;

/** How much an insight in ERROR weighs; `undefined`: nobody asks for it. */
export function insightLevel({ inputs, config }: Context): "block" | "warn" | undefined {
  if (inputs.insights === "off") return undefined;
  const isForced = inputs.allow.includes("force-upgrade") || config.metadata.forceUpdateVersion;
  return inputs.insights === "warn" || isForced ? "warn" : "block";
}

/** What the insights about going to `version` say; `level` is that of an ERROR. */
export function insightFindings(
  level: "block" | "warn",
  version: string,
  insights: readonly EksInsight[],
): readonly Finding[] {
  const failing = insights.filter((insight) => insight.insightStatus?.status === "ERROR");
  const doubtful = insights.filter((insight) => /^(WARNING|UNKNOWN)$/.test(insight.insightStatus?.status ?? ""));
  return [
    ...(failing.length === 0
      ? []
      : [
          {
            level,
            code: "INSIGHT_ERROR",
            path: "metadata.version",
            message: `upgrade to ${version}: ${said(failing)}`,
            hint: "cure the findings of the insight, or add `allow: force-upgrade`",
            allow: "force-upgrade",
          } as const,
        ]),
    ...(doubtful.length === 0
      ? []
      : [
          {
            level: "warn",
            code: "NOTICE",
            path: "metadata.version",
            message: `upgrade to ${version}: ${said(doubtful)}`,
          } as const,
        ]),
  ];
}

function said(insights: readonly EksInsight[]): string {
  return insights
    .map(({ name, insightStatus }) => {
      const reason = insightStatus?.reason ?? "";
      return `${name} is ${insightStatus?.status}${reason === "" ? "" : ` (${reason.split("\n")[0]?.slice(0, 200)})`}`;
    })
    .join("; ");
}

/** Has EKS look at the cluster anew; its insights are up to a day old else. Answers whether it did. */
export async function refreshInsights(ports: Ports, cluster: string, signal: AbortSignal): Promise<boolean> {
  const call = { service: "eks", operation: "StartInsightsRefresh", args: { clusterName: cluster } } as const;
  await plainWrite(ports, call, signal).catch((error: unknown) => {
    // One that runs already is as good; the API has no token by which two could be one.
    if (!(error instanceof ActionError) || awsErrorInfo(error.cause).code !== "InvalidRequest") throw error;
  });
  return pollUntil(ports.clock, usual.insights, signal, async (elapsed) => {
    const status = await ports.aws.eks.insightsRefresh(cluster, signal);
    if (status === "COMPLETED") return true;
    return status === "FAILED" || elapsed > PATIENCE_SECONDS ? false : undefined;
  });
}

/** Makes the insights anew and lets the upgrade pass or not. @throws ActionError `INSIGHT_ERROR` */
export async function askInsights(
  ports: Ports,
  cluster: string,
  version: string,
  level: "block" | "warn",
  signal: AbortSignal,
): Promise<{ readonly note?: string }> {
  const isFresh = await refreshInsights(ports, cluster, signal);
  const findings = insightFindings(level, version, await ports.aws.eks.upgradeInsights(cluster, version, signal));
  const blocking = findings.find((finding) => finding.level === "block");
  if (blocking !== undefined) {
    throw new ActionError("INSIGHT_ERROR", { message: blocking.message, hint: blocking.hint });
  }
  const remarks = [
    ...(isFresh ? [] : ["EKS did not refresh its insights; the last ones count"]),
    ...findings.map((finding) => finding.message),
  ];
  return remarks.length === 0 ? {} : { note: remarks.join("; ") };
}
