import { describe, expect, it } from "vitest";
import { nearestKind } from "./nearest-kind.ts";

describe("the kind that was likely meant", () => {
  it.each([
    ["extensions/v1beta1", "Ingress", "Ingress of networking.k8s.io/v1"],
    ["apps/v1beta2", "Deployment", "Deployment of apps/v1"],
    ["policy/v1beta1", "PodDisruptionBudget", "PodDisruptionBudget of policy/v1"],
    ["autoscaling/v2beta2", "HorizontalPodAutoscaler", "HorizontalPodAutoscaler of autoscaling/v2"],
    ["apps/v1", "Deploymnet", "Deployment of apps/v1"],
    ["v1", "Configmap", "ConfigMap of v1"],
    ["example.com/v1", "Thing", undefined],
    ["example.com/v1", "Pad", undefined],
  ])("for %s %s is %s", (apiVersion, kind, nearest) => {
    expect(nearestKind(apiVersion, kind)).toBe(nearest);
  });
});
