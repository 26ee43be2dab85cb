import { describe, expect, it } from "vitest";
import { isScaledBy, readCount, readScaler, replicasFor } from "./replicas.ts";

const source = { object: "default/HorizontalPodAutoscaler/web" };
const hpa = (spec: object) => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web" },
  spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, ...spec },
});
const keda = (spec: object) => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { name: "web" },
  spec: { scaleTargetRef: { name: "web" }, ...spec },
});

describe("scalers", () => {
  it("takes the defaults of each kind", () => {
    expect(readScaler(hpa({ maxReplicas: 5 }), "default", source)).toMatchObject({ min: 1, max: 5 });
    expect(readScaler(keda({}), "default", source)).toMatchObject({ min: 0, max: 100, cron: [] });
    expect(readScaler({ ...hpa({}), kind: "Deployment" }, "default", source)).toBeUndefined();
  });

  it("joins by group, kind, name and namespace", () => {
    const scaler = readScaler(hpa({ maxReplicas: 5 }), "default", source);
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
    expect(scaler && isScaledBy(deployment, "default", scaler)).toBe(true);
    expect(scaler && isScaledBy(deployment, "other", scaler)).toBe(false);
    expect(scaler && isScaledBy({ ...deployment, kind: "StatefulSet" }, "default", scaler)).toBe(false);
  });

  it("reads KEDA's cron windows and refuses broken ones", () => {
    const trigger = {
      type: "cron",
      metadata: { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *", desiredReplicas: "10" },
    };
    expect(readScaler(keda({ triggers: [{ type: "cpu" }, trigger] }), "default", source)?.cron).toEqual([
      { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *", replicas: 10 },
    ]);
    const broken = keda({ triggers: [{ type: "cron", metadata: { start: "0 8 * * *" } }] });
    expect(() => readScaler(broken, "default", source)).toThrow("spec.triggers.0.metadata");
  });

  it("refuses a maximum below the minimum", () => {
    expect(() => readScaler(hpa({ minReplicas: 5, maxReplicas: 2 }), "default", source)).toThrow("below the minimum 5");
  });
});

describe("replicasFor", () => {
  const scaler = readScaler(hpa({ minReplicas: 2, maxReplicas: 10 }), "default", source);
  it.each([
    ["spec", 3, 3],
    ["spec", 30, 2],
    ["spec", undefined, 2],
    ["min", 3, 2],
    ["max", 3, 10],
    ["mid", 3, 6],
  ] as const)("counts %s of %j as %d between 2 and 10", (basis, specified, count) => {
    expect(replicasFor(basis, specified, scaler)).toBe(count);
  });

  it("keeps the manifest's count without a scaler, 1 if none", () => {
    expect(replicasFor("max", 7, undefined)).toBe(7);
    expect(replicasFor("spec", undefined, undefined)).toBe(1);
  });
});

describe("readCount", () => {
  it.each([-1, 1.5, 1e12, "3", true])("refuses %j", (value) => {
    expect(() => readCount(value, ["spec", "replicas"], source)).toThrow("spec.replicas");
  });
  it("reads 0 and nothing", () => {
    expect(readCount(0, ["spec", "replicas"], source)).toBe(0);
    expect(readCount(undefined, ["spec", "replicas"], source)).toBeUndefined();
  });
});
