import { at, type KubeObject } from "@eks-actions/manifest";
import { type Condition, conditionOf, conditions, listAt, numberAt, textAt, timeAt } from "./read.ts";
import { failed, failedAfter, healthy, suspended, terminating, waiting } from "./result.ts";
import type { Around, Budgets, FailureCause, Verdict } from "./verdict.ts";

type Rule = (object: KubeObject, around: Around, budgets: Budgets, now: number) => Verdict;

function say(condition: Condition): string {
  return [`${condition.type}=${condition.status}`, condition.reason, condition.message].filter(Boolean).join(": ");
}

/** Trouble that a controller reports and may still take back. */
function borne(
  object: KubeObject,
  around: Around,
  now: number,
  why: FailureCause,
  message: string,
  budgetMs: number,
): Verdict {
  const key = `${why}:${object.metadata.uid}`;
  return failedAfter(object, { why, message, key }, { since: around.firstSeen.get(key) ?? now, budgetMs, now });
}

const judgeGateway: Rule = (object, around, budgets, now) => {
  const listeners = listAt(object, "status", "listeners").flatMap((listener) =>
    conditions({ metadata: object.metadata, status: { conditions: listener["conditions"] } }),
  );
  const bad = [...conditions(object), ...listeners].find(
    (one) => (one.type === "Accepted" || one.type === "ResolvedRefs") && one.status === "False",
  );
  if (bad !== undefined) return borne(object, around, now, "ROUTE_REJECTED", say(bad), budgets.routeMs);
  const isDone =
    conditionOf(object, "Accepted")?.status === "True" && conditionOf(object, "Programmed")?.status === "True";
  if (isDone) return healthy(object, "programmed");
  return failedAfter(
    object,
    { why: "LOAD_BALANCER_PENDING", message: "not programmed yet", key: `address:${object.metadata.uid}` },
    { since: around.startedAt, budgetMs: budgets.loadBalancerMs, now },
  );
};

const judgeRoute: Rule = (object, around, budgets, now) => {
  const statuses = listAt(object, "status", "parents");
  for (const parent of listAt(object, "spec", "parentRefs")) {
    const name = textAt(parent, "name");
    const status = statuses.find(
      (one) =>
        textAt(one, "parentRef", "name") === name &&
        textAt(one, "parentRef", "sectionName") === textAt(parent, "sectionName") &&
        (textAt(parent, "namespace") === "" || textAt(one, "parentRef", "namespace") === textAt(parent, "namespace")),
    );
    const current = conditions({ metadata: object.metadata, status: { conditions: status?.["conditions"] } });
    const find = (type: string) => current.find((one) => one.type === type);
    const bad = [find("Accepted"), find("ResolvedRefs")].find((one) => one?.status === "False");
    if (bad !== undefined)
      return borne(object, around, now, "ROUTE_REJECTED", `parent ${name}: ${say(bad)}`, budgets.routeMs);
    if (find("Accepted")?.status !== "True") return waiting(object, `parent ${name} has not accepted it yet`);
    const programmed = find("Programmed");
    if (programmed !== undefined && programmed.status !== "True")
      return waiting(object, `parent ${name}: ${say(programmed)}`);
  }
  return healthy(object, "accepted by every parent");
};

const judgeArgoRollout: Rule = (object) => {
  const current = conditions(object);
  const bad = current.find(
    (one) =>
      (one.type === "InvalidSpec" && one.status === "True") ||
      (one.type === "Progressing" && /^(RolloutAborted|ProgressDeadlineExceeded)$/.test(one.reason)),
  );
  if (bad !== undefined) return failed(object, "RESOURCE_FAILED", say(bad));
  const workload = at(object, ["spec", "workloadRef"]);
  const wanted = object.metadata.annotations?.["rollout.argoproj.io/workload-generation"];
  if (workload !== undefined && wanted !== String(numberAt(object, "status", "workloadObservedGeneration") ?? "")) {
    return waiting(object, "the controller has not seen the workload's change yet");
  }
  const phase = textAt(object, "status", "phase");
  const message = textAt(object, "status", "message") || phase;
  if (phase === "Healthy") return healthy(object, message);
  if (phase === "Degraded") return failed(object, "RESOURCE_FAILED", message);
  if (phase === "Paused") return suspended(object, message);
  return waiting(object, message || "no phase yet");
};

const judgeTargetGroupBinding: Rule = (object, around, budgets, now) => {
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "False")
    return borne(object, around, now, "LOAD_BALANCER_PENDING", say(ready), budgets.loadBalancerMs);
  if (numberAt(object, "status", "observedGeneration") === undefined) return waiting(object, "not observed yet");
  const gate = `target-health.elbv2.k8s.aws/${object.metadata.name}`;
  const gated = around.pods.filter((pod) =>
    listAt(pod, "spec", "readinessGates").some((one) => one["conditionType"] === gate),
  );
  if (gated.length === 0) {
    return healthy(object, "observed", {
      sure: "likely",
      warnings: [
        around.arePodsUnknown === true
          ? "pods are not watched, so target health is not known"
          : "no pod has this target group's readiness gate, so target health is not known",
      ],
    });
  }
  const bad = gated.filter((pod) => conditionOf(pod, gate)?.status !== "True");
  return bad.length === 0
    ? healthy(object, "every target is healthy")
    : waiting(object, `${bad.length} targets are not healthy yet`);
};

const judgeScaledObject: Rule = (object, around, budgets, now) => {
  const of = (type: string) => conditionOf(object, type);
  if (of("Paused")?.status === "True") return suspended(object, "paused");
  const ready = of("Ready");
  if (ready?.status === "False") return borne(object, around, now, "AUTOSCALER_INVALID", say(ready), budgets.routeMs);
  const fallback = of("Fallback");
  const warnings = fallback?.status === "True" ? [say(fallback)] : [];
  return ready?.status === "True"
    ? healthy(object, "ready", { warnings })
    : waiting(object, "not ready yet", { warnings });
};

const judgeCertificate: Rule = (object, around, _, now) => {
  const issuing = conditionOf(object, "Issuing");
  if (issuing?.status === "True") return waiting(object, say(issuing));
  if (issuing?.status === "False" && issuing.reason === "Failed")
    return failed(object, "RESOURCE_FAILED", say(issuing));
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "True") return healthy(object, "ready");
  return ready === undefined
    ? waiting(object, "not ready yet")
    : borne(object, around, now, "RESOURCE_FAILED", say(ready), 60_000);
};

const judgeExternalSecret: Rule = (object, around, budgets, now) => {
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "False") return borne(object, around, now, "RESOURCE_FAILED", say(ready), budgets.routeMs);
  if (ready?.status !== "True") return waiting(object, "not synced yet");
  const refreshed = timeAt(object, "status", "refreshTime");
  const isOnChange = textAt(object, "spec", "refreshPolicy") === "OnChange";
  if (isOnChange && refreshed !== undefined && (ready.lastTransitionTime ?? 0) < refreshed)
    return waiting(object, "not synced since its change");
  return healthy(object, "synced");
};

const judgeKarpenter: Rule = (object, around, budgets, now) => {
  const names = ["Ready", "NodeClassReady", "SubnetsReady", "SecurityGroupsReady", "ValidationSucceeded"];
  const bad = names.map((name) => conditionOf(object, name)).find((one) => one?.status === "False");
  if (bad !== undefined) return borne(object, around, now, "RESOURCE_FAILED", say(bad), budgets.routeMs);
  return conditionOf(object, "Ready")?.status === "True" ? healthy(object, "ready") : waiting(object, "not ready yet");
};

const judgeNodeClaim: Rule = (object, around, budgets, now) => {
  const of = (type: string) => conditionOf(object, type);
  if (of("Disrupting")?.status === "True") return suspended(object, "being replaced");
  if (of("Ready")?.status === "True") return healthy(object, "ready");
  const launched = of("Launched");
  if (launched?.status === "False")
    return borne(object, around, now, "RESOURCE_FAILED", say(launched), budgets.routeMs);
  const last = ["Initialized", "Registered", "Launched"].find((type) => of(type)?.status === "True");
  return waiting(object, last === undefined ? "not launched yet" : `last step: ${last}`);
};

const judgeCanary: Rule = (object) => {
  const phase = textAt(object, "status", "phase");
  const message = conditionOf(object, "Promoted")?.message || phase || "no phase yet";
  switch (phase) {
    case "Failed":
      return failed(object, "RESOURCE_FAILED", message);
    case "Succeeded":
    case "Initialized":
      return healthy(object, message);
    case "Waiting":
    case "WaitingPromotion":
      return suspended(object, message);
    case "Terminating":
    case "Terminated":
      return terminating(object, message);
    default:
      return waiting(object, message);
  }
};

/** Rules of kinds that controllers in the cluster bring, by `group/Kind`. */
export const customRules: Readonly<Record<string, Rule>> = {
  "gateway.networking.k8s.io/Gateway": judgeGateway,
  "gateway.networking.k8s.io/HTTPRoute": judgeRoute,
  "gateway.networking.k8s.io/GRPCRoute": judgeRoute,
  "argoproj.io/Rollout": judgeArgoRollout,
  "elbv2.k8s.aws/TargetGroupBinding": judgeTargetGroupBinding,
  "eks.amazonaws.com/TargetGroupBinding": judgeTargetGroupBinding,
  "keda.sh/ScaledObject": judgeScaledObject,
  "cert-manager.io/Certificate": judgeCertificate,
  "external-secrets.io/ExternalSecret": judgeExternalSecret,
  "karpenter.sh/NodePool": judgeKarpenter,
  "karpenter.k8s.aws/EC2NodeClass": judgeKarpenter,
  "karpenter.sh/NodeClaim": judgeNodeClaim,
  "flagger.app/Canary": judgeCanary,
};

/** Any other kind, by the conditions that most controllers write. */
export function judgeGeneric(object: KubeObject): Verdict {
  const of = (type: string) => conditionOf(object, type);
  const guess = { sure: "guess" as const };
  const bad = [of("Stalled"), of("Failed")].find((one) => one?.status === "True");
  if (bad !== undefined) return failed(object, "RESOURCE_FAILED", say(bad), guess);
  const reconciling = of("Reconciling");
  if (reconciling?.status === "True") return waiting(object, say(reconciling), guess);
  const ready = of("Ready");
  if (ready === undefined) return healthy(object, "present", guess);
  return ready.status === "True"
    ? healthy(object, "ready", guess)
    : waiting(object, say(ready), { ...guess, suspect: { why: "RESOURCE_FAILED", message: say(ready) } });
}
