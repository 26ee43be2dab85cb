import { ActionError } from "@eks-actions/action/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containerDefaults, podRequest, type RequestOptions } from "./requests.ts";

const MI = 2 ** 20;
const source = { object: "default/Deployment/web" };
const container = (cpu?: string, memory?: string, extra: object = {}) => ({
  name: "c",
  resources: { requests: { ...(cpu && { cpu }), ...(memory && { memory }) } },
  ...extra,
});
const sidecar = { restartPolicy: "Always" };
const request = (spec: object, options: RequestOptions = {}) => podRequest(spec, source, ["spec"], options).resources;

describe("podRequest", () => {
  it("counts a sidecar beside the init container that follows it", () => {
    const containers = [container("200m"), container("300m")];
    expect(request({ containers, initContainers: [container("100m", undefined, sidecar), container("700m")] })).toEqual(
      {
        cpu: 800,
      },
    );
    expect(request({ containers, initContainers: [container("700m"), container("100m", undefined, sidecar)] })).toEqual(
      {
        cpu: 700,
      },
    );
  });

  it("takes the limit where no request stands", () => {
    const containers = [{ name: "c", resources: { limits: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": 1 } } }];
    expect(request({ containers })).toEqual({ cpu: 1000, memory: 1024 * MI, "nvidia.com/gpu": 1 });
  });

  it.each([
    [{ max: { memory: "2Gi" } }, 2048],
    [{ max: { memory: "2Gi" }, min: { memory: "64Mi" } }, 2048],
    [{ min: { memory: "64Mi" } }, 64],
    [{ default: { memory: "512Mi" }, max: { memory: "2Gi" } }, 512],
    [{ defaultRequest: { memory: "128Mi" }, default: { memory: "512Mi" } }, 128],
  ])("fills in from a LimitRange %j", (limits, mebibytes) => {
    const range = {
      spec: {
        limits: [
          { type: "Pod", max: { memory: "9Gi" } },
          { type: "Container", ...limits },
        ],
      },
    };
    const defaults = containerDefaults(range, source);
    expect(request({ containers: [{ name: "c" }] }, { defaults })).toEqual({ memory: mebibytes * MI });
    expect(request({ containers: [container(undefined, "1Mi")] }, { defaults })).toEqual({ memory: MI });
  });

  it("names the containers without requests and assumes what it is told", () => {
    const spec = { containers: [{ name: "a" }, container("1", "1Mi"), { name: "b" }] };
    expect(podRequest(spec, source).missing).toEqual(["a", "b"]);
    expect(podRequest(spec, source).resources).toEqual({ cpu: 1000, memory: MI });
    expect(request(spec, { assume: { cpu: 100, memory: 128 * MI } })).toEqual({ cpu: 1200, memory: 257 * MI });
  });

  it("puts pod-level requests in place of the containers'", () => {
    const spec = {
      containers: [container("2", "1Gi")],
      resources: { requests: { cpu: "500m" }, limits: { memory: "4Gi" } },
      overhead: { cpu: "250m", memory: "120Mi" },
    };
    expect(request(spec)).toEqual({ cpu: 750, memory: 1144 * MI });
    expect(request({ containers: [{ name: "c" }], resources: { limits: { cpu: 1, memory: "1Gi" } } })).toEqual({
      cpu: 1000,
      memory: 1024 * MI,
    });
  });

  it("adds the RuntimeClass's overhead unless the pod carries its own", () => {
    const overhead = { cpu: 100 };
    expect(request({ containers: [container("1")] }, { overhead })).toEqual({ cpu: 1100 });
    expect(request({ containers: [container("1")], overhead: { cpu: "5m" } }, { overhead })).toEqual({ cpu: 1005 });
  });

  it.each([
    ["1cpu", /resources\.requests\.cpu is "1cpu"/],
    ["-1", /is "-1"/],
    ["9e999", /is "9e999"/],
  ])("refuses the CPU %j by its field", (cpu, message) => {
    const attempt = () =>
      podRequest({ containers: [container(cpu)] }, { ...source, place: () => ({ file: "web.yaml", line: 7 }) });
    expect(attempt).toThrow(ActionError);
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: "MANIFEST_INVALID", file: "web.yaml", line: 7 });
    }
  });

  it("reads any shape without a crash that is not an ActionError", () => {
    fc.assert(
      fc.property(fc.anything(), (spec) => {
        try {
          podRequest(spec, source);
        } catch (error) {
          expect(error).toBeInstanceOf(ActionError);
        }
      }),
    );
  });

  it("equals the peak of the pod's life, played through", () => {
    const init = fc.record({ cpu: fc.nat({ max: 9 }), isSidecar: fc.boolean() });
    fc.assert(
      fc.property(fc.array(init, { maxLength: 6 }), fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), (inits, mains) => {
        const running: number[] = [];
        let peak = 0;
        for (const step of inits) {
          peak = Math.max(peak, running.reduce((a, b) => a + b, 0) + step.cpu);
          if (step.isSidecar) running.push(step.cpu);
        }
        peak = Math.max(
          peak,
          [...running, ...mains].reduce((a, b) => a + b, 0),
        );
        const spec = {
          initContainers: inits.map((step) => container(`${step.cpu}m`, undefined, step.isSidecar ? sidecar : {})),
          containers: mains.map((cpu) => container(`${cpu}m`)),
        };
        expect(request(spec)["cpu"] ?? 0).toBe(peak);
      }),
    );
  });
});
