import { ActionError } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { readInputs } from "./inputs.ts";
import { inputsOf, run } from "./samples.ts";

function codesOf(raw: Readonly<Record<string, string>>): readonly string[] {
  try {
    readInputs(raw, run);
    return [];
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return error.all().map((one) => one.code);
  }
}

describe("readInputs", () => {
  it("puts the budgets together from their defaults", () => {
    expect(inputsOf().budgets).toEqual({
      configErrorMs: 10_000,
      imageMissingMs: 20_000,
      imagePullMs: 120_000,
      restarts: 3,
      ooms: 2,
      unschedulableMs: "auto",
      volumeMs: 120_000,
      sandboxMs: 120_000,
      failedCreateMs: 15_000,
      loadBalancerMs: 300_000,
      routeMs: 30_000,
      autoscalerMs: 300_000,
      requiredRollout: "full",
      strict: false,
      jobPolicy: "complete",
    });
  });

  it.each([
    [{ "required-rollout": "80%" }, { requiredRollout: { percent: 80 } }],
    [{ "required-rollout": "maxUnavailable" }, { requiredRollout: "maxUnavailable" }],
    [{ "unschedulable-grace": "90s" }, { unschedulableGrace: 90_000 }],
    [{ "prune-limit": "100%" }, { pruneLimit: 100 }],
    [{ images: "a=b:1, c/d:2" }, { images: ["a=b:1", "c/d:2"] }],
    [
      { "health-rules": "kind: Database.example.com\nhealthy: {path: status.phase, in: [Up]}" },
      {
        healthRules: [
          { kind: "Database.example.com", healthy: { path: "status.phase", in: ["Up"] }, failed: undefined },
        ],
      },
    ],
    [
      { smoke: "- {service: web, path: /healthz, within: 10s}" },
      {
        smoke: [
          {
            target: { kind: "service", service: "web", port: "80", path: "/healthz" },
            status: 200,
            body: undefined,
            withinMs: 10_000,
            times: 1,
          },
        ],
      },
    ],
  ])("reads %j", (raw, values) => {
    expect(inputsOf(raw)).toMatchObject(values);
  });

  it.each([
    [{}, ["INPUT_REQUIRED"]],
    [{ app: "Shop" }, ["INPUT_INVALID"]],
    [{ app: "shop" }, ["SOURCE_EMPTY"]],
    [{ app: "*", manifests: "k8s" }, ["INPUT_CONFLICT"]],
    [{ app: "shop", manifests: "k8s", values: "a.yaml" }, ["INPUT_CONFLICT"]],
    [
      { app: "shop", manifests: "k8s", timeout: "soon", "restart-budget": "0", mode: "aply" },
      ["INPUT_INVALID", "INPUT_INVALID", "INPUT_INVALID"],
    ],
    [{ app: "shop", manifests: "k8s", "required-rollout": "101%" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", "health-rules": "- {kind: A}" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", "health-rules": "[" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", smoke: "- {service: web, path: ../x}" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", smoke: "- {service: web, url: https://a.example}" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", smoke: "- {url: file:///etc/passwd}" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", smoke: "- {service: web, times: often}" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", "prune-allow": "Secret" }, ["INPUT_INVALID"]],
    [{ app: "shop", manifests: "k8s", "environment-url": "javascript:x" }, ["INPUT_INVALID"]],
    [{ app: "*", mode: "reconcile" }, []],
    [{ app: "shop", mode: "revert" }, []],
  ])("answers %j with %j", (raw, codes) => {
    expect(codesOf(raw)).toEqual(codes);
  });
});
