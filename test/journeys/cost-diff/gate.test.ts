import { describe, expect, it } from "vitest";
import { createScene, webGrows, withCluster } from "./scene.ts";

describe("the gate", () => {
  it("keeps a limit that is met exactly", async () => {
    await using scene = await createScene(webGrows);
    const result = await scene.cost({ ...withCluster, "max-increase-usd": "71.68" });
    expect(result.outputs).toMatchObject({ gate: "passed", result: "created" });
  });

  it("writes the comment, then turns red, a cent above", async () => {
    await using scene = await createScene(webGrows);
    const result = await scene.cost({ ...withCluster, "max-increase-usd": "71.67" });
    expect(result.outcome).toBe("failure");
    expect(result.outputs).toMatchObject({ gate: "failed", cause: "GATE_FAILED", diff: "71.68" });
    const body = scene.github.repo.comments[0]?.body ?? "";
    expect(body).toContain("## ❌ Cost → cluster `prod`: +$71.68/month");
    expect(body).toContain("**Gate failed: the change costs $71.68 a month more, above the limit of $71.67.**");
    expect(result.annotations.filter(({ level }) => level === "error")).toMatchObject([{ title: "GATE_FAILED" }]);
  });

  it("lets a label through", async () => {
    await using scene = await createScene({ ...webGrows, labels: ["cost-approved"] });
    const result = await scene.cost({ ...withCluster, "max-increase-usd": "1" });
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs["gate"]).toBe("overridden");
  });

  it("counts an increase, a percentage and a total", async () => {
    await using scene = await createScene(webGrows);
    const gate = async (inputs: Record<string, string>) =>
      (await scene.cost({ ...withCluster, mode: "compute", ...inputs })).outputs["gate"];
    expect(await gate({ "fail-on": "increase" })).toBe("failed");
    expect(await gate({ "max-increase-percent": "40" })).toBe("passed");
    expect(await gate({ "max-increase-percent": "39" })).toBe("failed");
    expect(await gate({ "max-total-usd": "252.86" })).toBe("passed");
    expect(await gate({ "max-total-usd": "252.85" })).toBe("failed");
    expect(await gate({ "max-total-usd": "1", "fail-on": "none" })).toBe("off");
  });
});
