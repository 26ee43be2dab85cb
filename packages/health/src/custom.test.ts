import type { KubeObject } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import { around, conditions, iso, object, parent, pod, START, status } from "./scene.ts";
import { type Around, defaultBudgets } from "./verdict.ts";

const at = (seconds: number) => START + seconds * 1000;
const verdict = (one: KubeObject, parts: Partial<Around> = {}, seconds = 5) =>
  judge(one, around({ replicaSets: [], ...parts }), defaultBudgets, at(seconds));

const gate = "target-health.elbv2.k8s.aws/x";
const gated = (ready: string) =>
  pod({ spec: { readinessGates: [{ conditionType: gate }] }, conditions: [{ type: gate, status: ready }] });
const binding = (fields: Readonly<Record<string, unknown>>) =>
  object("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", fields);

describe("kinds of controllers in the cluster", () => {
  it.each([
    [
      "a target group whose targets are healthy",
      binding(status({ observedGeneration: 1 })),
      "healthy",
      [gated("True")],
    ],
    [
      "a target group with a target that is not",
      binding(status({ observedGeneration: 1 })),
      "progressing",
      [gated("True"), gated("False")],
    ],
    ["a target group nobody has looked at", binding({}), "progressing", []],
    [
      "a target group whose controller complains",
      binding(conditions(["Ready", "False", "NoSuchGroup"])),
      "progressing",
      [],
    ],
    [
      "a GRPCRoute accepted by its parent",
      object("gateway.networking.k8s.io/v1", "GRPCRoute", {
        spec: { parentRefs: [{ name: "g" }] },
        status: { parents: [parent("g", "True")] },
      }),
      "healthy",
      [],
    ],
    [
      "a Gateway with a listener that cannot resolve its certificate",
      object("gateway.networking.k8s.io/v1", "Gateway", {
        status: { listeners: [{ conditions: [{ type: "ResolvedRefs", status: "False" }] }] },
      }),
      "progressing",
      [],
    ],
    [
      "an Argo Rollout that was aborted",
      object("argoproj.io/v1alpha1", "Rollout", conditions(["Progressing", "False", "RolloutAborted"])),
      "failed",
      [],
    ],
    [
      "an Argo Rollout that has not seen its workload's change",
      object(
        "argoproj.io/v1alpha1",
        "Rollout",
        {
          spec: { workloadRef: {} },
          status: { observedGeneration: 1, phase: "Healthy", workloadObservedGeneration: 2 },
        },
        { annotations: { "rollout.argoproj.io/workload-generation": "3" } },
      ),
      "progressing",
      [],
    ],
    [
      "an Argo Rollout on its way",
      object("argoproj.io/v1alpha1", "Rollout", status({ observedGeneration: 1 })),
      "progressing",
      [],
    ],
    [
      "a ScaledObject that is ready, on its fallback",
      object("keda.sh/v1alpha1", "ScaledObject", conditions(["Ready", "True"], ["Fallback", "True"])),
      "healthy",
      [],
    ],
    ["a ScaledObject without a condition", object("keda.sh/v1alpha1", "ScaledObject"), "progressing", []],
    [
      "a certificate that is ready",
      object("cert-manager.io/v1", "Certificate", conditions(["Ready", "True"])),
      "healthy",
      [],
    ],
    [
      "a certificate not yet ready",
      object("cert-manager.io/v1", "Certificate", conditions(["Ready", "False", "DoesNotExist"])),
      "progressing",
      [],
    ],
    ["a new certificate", object("cert-manager.io/v1", "Certificate"), "progressing", []],
    [
      "an ExternalSecret not synced since its change",
      object("external-secrets.io/v1", "ExternalSecret", {
        spec: { refreshPolicy: "OnChange" },
        status: {
          refreshTime: iso(at(9)),
          conditions: [{ type: "Ready", status: "True", lastTransitionTime: iso(at(1)) }],
        },
      }),
      "progressing",
      [],
    ],
    ["a new ExternalSecret", object("external-secrets.io/v1", "ExternalSecret"), "progressing", []],
    [
      "a node class without subnets",
      object("karpenter.k8s.aws/v1", "EC2NodeClass", conditions(["SubnetsReady", "False"])),
      "progressing",
      [],
    ],
    ["a NodePool without a condition", object("karpenter.sh/v1", "NodePool"), "progressing", []],
    ["a NodeClaim that is ready", object("karpenter.sh/v1", "NodeClaim", conditions(["Ready", "True"])), "healthy", []],
    [
      "a NodeClaim being replaced",
      object("karpenter.sh/v1", "NodeClaim", conditions(["Disrupting", "True"])),
      "suspended",
      [],
    ],
    [
      "a NodeClaim that cannot be launched",
      object("karpenter.sh/v1", "NodeClaim", conditions(["Launched", "False"])),
      "progressing",
      [],
    ],
    ["a canary that succeeded", object("flagger.app/v1beta1", "Canary", status({ phase: "Succeeded" })), "healthy", []],
    ["a canary at work", object("flagger.app/v1beta1", "Canary", status({ phase: "Progressing" })), "progressing", []],
    [
      "a canary that ends",
      object("flagger.app/v1beta1", "Canary", status({ phase: "Terminating" })),
      "terminating",
      [],
    ],
    [
      "an API service",
      object("apiregistration.k8s.io/v1", "APIService", conditions(["Available", "True"])),
      "healthy",
      [],
    ],
    [
      "an API service without a backend",
      object("apiregistration.k8s.io/v1", "APIService", conditions(["Available", "False"])),
      "progressing",
      [],
    ],
  ] as readonly (readonly [string, KubeObject, string, readonly KubeObject[]])[])("%s", (_, one, expected, pods) => {
    expect(verdict(one, { pods }).status).toBe(expected);
  });

  it("admits that it does not know the targets when no pod has the readiness gate", () => {
    expect(verdict(binding(status({ observedGeneration: 1 })), { pods: [pod()] })).toMatchObject({
      status: "healthy",
      sure: "likely",
      warnings: [expect.stringContaining("readiness gate")],
    });
    const unread = verdict(binding(status({ observedGeneration: 1 })), { arePodsUnknown: true });
    expect(unread.warnings).toEqual(["pods are not watched, so target health is not known"]);
  });

  it("fails a certificate that is not ready for a minute", () => {
    const one = object("cert-manager.io/v1", "Certificate", conditions(["Ready", "False", "Denied"]));
    const firstSeen = new Map(verdict(one).watching.map((key) => [key, at(0)]));
    expect(verdict(one, { firstSeen }, 59).status).toBe("progressing");
    expect(verdict(one, { firstSeen }, 60)).toMatchObject({ status: "failed", why: "RESOURCE_FAILED" });
  });
});
