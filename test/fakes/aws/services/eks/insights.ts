import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { clusterNamed, invalidRequest, notFound } from "./find.ts";
import { minorOf, versionsOf } from "./versions.ts";

const checks = [
  ["Kubelet version skew", "Checks for kubelet versions of worker nodes that would be too old after the upgrade."],
  ["Deprecated APIs removed in Kubernetes", "Checks for usage of deprecated APIs that the next version removes."],
  ["EKS add-on version compatibility", "Checks version of installed EKS add-ons against the next Kubernetes version."],
  ["kube-proxy version skew", "Checks version of kube-proxy against the control plane."],
] as const;

/** Puts an insight into a cluster; a test makes one ERROR with it. */
export function putInsight(
  world: World,
  record: ClusterRecord,
  wish: {
    readonly name: string;
    readonly description: string;
    readonly kubernetesVersion: string;
    readonly status: Eks.InsightStatusValue;
    readonly reason?: string;
  },
): Eks.Insight {
  const known = [...record.insights.values()].find(
    (insight) => insight.name === wish.name && insight.kubernetesVersion === wish.kubernetesVersion,
  );
  const insight: Eks.Insight = {
    id: known?.id ?? world.random.uuid("insight"),
    name: wish.name,
    category: "UPGRADE_READINESS",
    kubernetesVersion: wish.kubernetesVersion,
    description: wish.description,
    lastRefreshTime: new Date(world.agenda.now()),
    lastTransitionTime: new Date(world.agenda.now()),
    insightStatus: { status: wish.status, reason: wish.reason ?? "" },
    recommendation: "See the EKS user guide.",
    additionalInfo: {},
    resources: [],
  };
  record.insights.set(insight.id ?? "", insight);
  return insight;
}

/** What a refresh finds: PASSING for the next version, unless node groups would fall out of the skew. */
function refresh(world: World, record: ClusterRecord): void {
  const { version = "" } = record.cluster;
  const next = versionsOf(world).find((entry) => minorOf(entry.version) === minorOf(version) + 1)?.version;
  record.insightsRefreshedAt = world.agenda.now();
  if (next === undefined) return;
  for (const [name, description] of checks) {
    const seeded = [...record.insights.values()].find(
      (insight) => insight.name === name && insight.insightStatus?.status !== "PASSING",
    );
    if (seeded !== undefined) {
      seeded.lastRefreshTime = new Date(world.agenda.now());
      continue;
    }
    const lagging = [...record.nodegroups.values()].some(
      (nodegroup) => minorOf(next) - minorOf(nodegroup.version ?? next) > 3,
    );
    const status = name === "Kubelet version skew" && lagging ? "ERROR" : "PASSING";
    putInsight(world, record, { name, description, kubernetesVersion: next, status });
  }
}

const startRefresh = handler<Eks.StartInsightsRefreshCommandInput, Eks.StartInsightsRefreshCommandOutput>(
  ({ world }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const isRunning = (record.insightsRefreshEndsAt ?? 0) > world.agenda.now();
    if (isRunning) throw invalidRequest("An insights refresh is already in progress.");
    const seconds = world.durations("insightsRefresh", input.clusterName ?? "");
    record.insightsRefreshStartedAt = world.agenda.now();
    record.insightsRefreshEndsAt = world.agenda.now() + seconds * 1000;
    world.agenda.after(seconds, () => refresh(world, record));
    return { message: "Insights refresh is in progress", status: "IN_PROGRESS" };
  },
);

const describeRefresh = handler<Eks.DescribeInsightsRefreshCommandInput, Eks.DescribeInsightsRefreshCommandOutput>(
  ({ world }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const { insightsRefreshStartedAt: started, insightsRefreshEndsAt: ends } = record;
    if (started === undefined || ends === undefined) throw notFound("No insights refresh was started.");
    const isOver = ends <= world.agenda.now();
    return {
      message: isOver ? "Insights refresh completed" : "Insights refresh is in progress",
      status: isOver ? "COMPLETED" : "IN_PROGRESS",
      startedAt: new Date(started),
      ...(isOver ? { endedAt: new Date(ends) } : {}),
    };
  },
);

const listInsights = handler<Eks.ListInsightsCommandInput, Eks.ListInsightsCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.clusterName);
  const { categories, kubernetesVersions, statuses } = input.filter ?? {};
  const matching = [...record.insights.values()]
    .filter((insight) => categories === undefined || categories.some((category) => category === insight.category))
    .filter(
      (insight) => kubernetesVersions === undefined || kubernetesVersions.includes(insight.kubernetesVersion ?? ""),
    )
    .filter((insight) => statuses === undefined || statuses.some((status) => status === insight.insightStatus?.status));
  const result = page(world, matching, { size: input.maxResults, token: input.nextToken, max: 100 });
  return {
    insights: result.items.map(
      ({ id, name, category, kubernetesVersion, lastRefreshTime, lastTransitionTime, description, insightStatus }) => ({
        id,
        name,
        category,
        kubernetesVersion,
        lastRefreshTime,
        lastTransitionTime,
        description,
        insightStatus,
      }),
    ),
    ...(result.next === undefined ? {} : { nextToken: result.next }),
  };
});

const describeInsight = handler<Eks.DescribeInsightCommandInput, Eks.DescribeInsightCommandOutput>(
  ({ world }, input) => {
    const insight = clusterNamed(world, input.clusterName).insights.get(input.id ?? "");
    if (insight === undefined) throw notFound(`No insight found for id: ${input.id}`);
    return { insight: structuredClone(insight) };
  },
);

export const insights: Readonly<Record<string, Handler>> = {
  StartInsightsRefresh: startRefresh,
  DescribeInsightsRefresh: describeRefresh,
  ListInsights: listInsights,
  DescribeInsight: describeInsight,
};
