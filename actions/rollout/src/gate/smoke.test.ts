import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { silentLog } from "@eks-actions/test/fakes/log.ts";
import { describe, expect, it } from "vitest";
import { inputsOf, NOW } from "../samples.ts";
import { smoke } from "./smoke.ts";

const ofService = "- {service: web, port: http, path: /healthz, body: ok, within: 5s, times: 2}";

async function outcome(answers: readonly (readonly [number, string])[], input = ofService) {
  const { smoke: probes } = inputsOf({ smoke: input });
  const clock = virtualClock(NOW);
  using _ = clock.autoAdvance();
  const asked: string[] = [];
  const answer = async (path: string) => {
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)] ?? [0, ""];
    asked.push(path);
    return { status, headers: {}, body };
  };
  const kube = { raw: async (_method: string, path: string) => await answer(path) };
  try {
    await smoke(probes, "shop", { kube, fetchUrl: answer, clock, log: silentLog(clock) }, new AbortController().signal);
    return { asked, error: undefined, ms: clock.now() - NOW };
  } catch (error) {
    return { asked, error, ms: clock.now() - NOW };
  }
}

describe("a smoke probe", () => {
  it("passes after as many good answers in a row as asked for, through the API server's proxy", async () => {
    const { asked, error } = await outcome([
      [503, ""],
      [200, "ok"],
      [500, ""],
      [200, "all ok"],
      [200, "ok"],
    ]);
    expect(error).toBeUndefined();
    expect(asked).toHaveLength(5);
    expect(asked[0]).toBe("/api/v1/namespaces/shop/services/http:web:http/proxy/healthz");
  });

  it("fails within its time with the last answer", async () => {
    const { error, ms } = await outcome([[200, "starting up"]]);
    expect(error).toMatchObject({ code: "SMOKE_FAILED", message: expect.stringContaining("starting up") });
    expect(ms).toBeLessThanOrEqual(5_000);
  });

  it("asks an address directly, and says when nobody answers there", async () => {
    const input = "{url: https://shop.example/healthz, within: 2s}";
    expect((await outcome([[200, ""]], input)).asked).toEqual(["https://shop.example/healthz"]);
    const { error } = await outcome([[0, "connect ECONNREFUSED"]], input);
    expect(error).toMatchObject({
      code: "SMOKE_FAILED",
      message: "https://shop.example/healthz did not answer in place of 200 for 2 s: connect ECONNREFUSED",
    });
  });
});
