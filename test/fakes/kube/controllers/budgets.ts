import { printAmount, quotaUsage } from "../admission.ts";
import { canonical, clone, ensure, type JsonObject, numberAt, objectAt, textAt, textsAt } from "../json.ts";
import { matchesSelector } from "../selectors.ts";
import { keyOf } from "../store.ts";
import { type Control, controllerOf, setCondition } from "./control.ts";
import type { Controller } from "./loop.ts";
import { isActive, isReady } from "./pods.ts";

const budgets = "poddisruptionbudgets.policy";

/** Keeps the status of PodDisruptionBudgets, from which the eviction endpoint decides. */
export function budgetController(control: Control): Controller {
  return {
    name: "budget",
    *keysFor(event) {
      if (event.resource === budgets && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      for (const budget of control.list(budgets, namespace)) yield keyOf(budget);
    },
    reconcile(key) {
      const budget = control.get(budgets, key);
      if (budget !== undefined) syncBudget(control, budget);
      return undefined;
    },
  };
}

/** How many pods the owners of the selected pods want. */
function expected(control: Control, pods: readonly JsonObject[]): number {
  const namespace = textAt(pods[0], "metadata", "namespace") ?? "";
  const owners = new Map<string, number>();
  let bare = 0;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const kind = textAt(owner, "kind") ?? "";
    const resource = { ReplicaSet: "replicasets.apps", StatefulSet: "statefulsets.apps" }[kind];
    if (owner === undefined || resource === undefined) {
      bare += 1;
      continue;
    }
    const name = textAt(owner, "name") ?? "";
    const set = control.get(resource, `${namespace}/${name}`);
    const above = set === undefined ? undefined : controllerOf(set);
    const top =
      above === undefined ? set : control.get("deployments.apps", `${namespace}/${textAt(above, "name") ?? ""}`);
    owners.set(textAt(top, "metadata", "uid") ?? name, numberAt(top, "spec", "replicas") ?? 0);
  }
  return bare + [...owners.values()].reduce((sum, count) => sum + count, 0);
}

function syncBudget(control: Control, budget: JsonObject) {
  const namespace = textAt(budget, "metadata", "namespace") ?? "";
  const selector = objectAt(budget, "spec", "selector");
  const pods = control
    .list("pods", namespace)
    .filter((pod) => isActive(pod) && matchesSelector(selector, textsAt(pod, "metadata", "labels")));
  const count = expected(control, pods);
  const healthy = pods.filter(isReady).length;
  const share = (value: unknown) =>
    typeof value === "number" ? value : Math.ceil((Number.parseInt(String(value), 10) * count) / 100);
  const { maxUnavailable, minAvailable } = objectAt(budget, "spec");
  const desired = maxUnavailable === undefined ? share(minAvailable ?? 1) : Math.max(0, count - share(maxUnavailable));
  const allowed = count > 0 ? Math.max(0, healthy - desired) : 0;
  control.changeStatus(budgets, budget, (status) => {
    const gone = Object.keys(objectAt(status, "disruptedPods")).filter(
      (name) => !pods.some((pod) => textAt(pod, "metadata", "name") === name),
    );
    const disrupted = objectAt(status, "disruptedPods");
    for (const name of gone) delete disrupted[name];
    if (Object.keys(disrupted).length === 0) delete status["disruptedPods"];
    status["observedGeneration"] = numberAt(budget, "metadata", "generation") ?? 0;
    status["currentHealthy"] = healthy;
    status["desiredHealthy"] = desired;
    status["expectedPods"] = count;
    status["disruptionsAllowed"] = allowed;
    const generation = numberAt(budget, "metadata", "generation") ?? 0;
    const reason = allowed > 0 ? "SufficientPods" : "InsufficientPods";
    const condition = {
      type: "DisruptionAllowed",
      status: allowed > 0 ? "True" : "False",
      reason,
      message: "",
      observedGeneration: generation,
    };
    setCondition(status, condition, control.time());
  });
}

/** Shows what a ResourceQuota limits and what is used; admission does the refusing. */
export function quotaController(control: Control): Controller {
  return {
    name: "quota",
    *keysFor(event) {
      if (event.resource === "resourcequotas" && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      for (const quota of control.list("resourcequotas", textAt(event.object, "metadata", "namespace") ?? ""))
        yield keyOf(quota);
    },
    reconcile(key) {
      const quota = control.get("resourcequotas", key);
      if (quota === undefined) return undefined;
      const hard = objectAt(quota, "spec", "hard");
      const total: Record<string, number> = {};
      for (const pod of control.list("pods", textAt(quota, "metadata", "namespace"))) {
        for (const [name, amount] of Object.entries(quotaUsage(pod))) total[name] = (total[name] ?? 0) + amount;
      }
      const used: JsonObject = {};
      for (const name of Object.keys(hard)) used[name] = printAmount(name, total[name] ?? 0);
      if (canonical(objectAt(quota, "status")) === canonical({ hard, used })) return undefined;
      control.changeStatus("resourcequotas", quota, (status) => {
        ensure(status, "hard");
        status["hard"] = clone(hard);
        status["used"] = used;
      });
      return undefined;
    },
  };
}
