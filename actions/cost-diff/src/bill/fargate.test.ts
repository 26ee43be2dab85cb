import { describe, expect, it } from "vitest";
import { fargateRefusal, fargateSize } from "./fargate.ts";

const GI = 2 ** 30;

describe("Fargate sizes", () => {
  it.each([
    [{}, 0.25, 0.5],
    [{ cpu: 250, memory: 0.2 * GI }, 0.25, 0.5],
    [{ cpu: 250, memory: 0.3 * GI }, 0.25, 1],
    [{ cpu: 250, memory: 1.8 * GI }, 0.5, 3],
    [{ cpu: 600, memory: 1.9 * GI }, 1, 3],
    [{ cpu: 4000, memory: 31 * GI }, 8, 32],
    [{ cpu: 16_000, memory: 119 * GI }, 16, 120],
  ])("%j becomes %d vCPU and %d GB", (request, vcpu, gb) => {
    expect(fargateSize(request)).toEqual({ vcpu, gb, ephemeralGb: 0 });
  });

  it("ends at 16 vCPU and 120 GB, and refuses what cannot run there", () => {
    expect(fargateSize({ cpu: 17_000 })).toBeUndefined();
    expect(fargateSize({ memory: 120 * GI })).toBeUndefined();
    const refusal = (request: object, podSpec: object, kind = "Deployment") =>
      fargateRefusal({ kind, request: request as Record<string, number>, podSpec });
    expect(refusal({}, {}, "DaemonSet")).toBe("DaemonSet");
    expect(refusal({ "nvidia.com/gpu": 1 }, {})).toBe("nvidia.com/gpu");
    expect(refusal({ "port:80": 1 }, {})).toBe("hostPort");
    expect(refusal({}, { containers: [{ securityContext: { privileged: true } }] })).toBe("privileged");
    expect(refusal({ "attachable-volumes-aws-ebs": 1 }, {})).toBe("EBS");
    expect(refusal({ cpu: 100 }, {})).toBeUndefined();
  });
});
