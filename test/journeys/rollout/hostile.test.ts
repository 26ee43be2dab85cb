import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { StepOptions } from "../../runner/index.ts";
import { createScene, deployment, released } from "./scene.ts";

describe("hostile text", () => {
  it("in names of files and in events never becomes Markdown, a mention or a command", async () => {
    await using scene = await createScene();
    const image = "registry.example/web:missing";
    const annotations = {
      "sim.test/pull-error":
        "not found | <script>alert(1)</script> @team [x](http://evil.example) `code`\n::error::injected",
    };
    scene.write("k8s/we|b `x` <img>.yaml", deployment({ image, annotations }));
    const bad = await scene.rollout({ "image-missing-grace": "0s", environment: "pr|od <b>" });
    expect(bad.outputs).toMatchObject({ result: "held", cause: "IMAGE_NOT_FOUND" });
    expect(
      bad.annotations.filter((one) => one.message.includes("injected") && one.title !== "IMAGE_NOT_FOUND"),
    ).toEqual([]);
    for (const text of ["<script>", "<img>", "od <b>", "[x](http", "@team"]) expect(bad.summary).not.toContain(text);
  });

  it("in a Deployment's name is refused by the server and shown inert", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment().replace("  name: web\n", '  name: "we|b`x`<img>@team"\n'));
    const bad = await scene.rollout();
    expect(bad.outputs, bad.log).toMatchObject({ result: "failed", cause: "REJECTED" });
    for (const text of ["<img>", "@team", "we|b"]) expect(bad.summary).not.toContain(text);
    expect(scene.writes()).toEqual([]);
  });

  it("in a manifest's values is data in the plan", async () => {
    await using scene = await createScene();
    const value = "a\\n::error title=x::injected\\n##[error]fake | <b>";
    scene.write("k8s/c.yaml", `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {text: "${value}"}\n`);
    const planned = await scene.rollout({ mode: "plan" });
    expect(planned.outputs["result"], planned.log).toBe("planned");
    expect(planned.annotations).toEqual([]);
    expect(planned.summary).not.toContain("fake | <b>");
  });

  it("in pod logs is printed with commands stopped", async () => {
    await using scene = await released();
    const words =
      "::set-output name=result::applied\n\u001b[31m| a | table | breaker |\n##[error]fake\n::error file=x,line=1::injected";
    scene.write(
      "k8s/web.yaml",
      deployment({ behaviour: "crashloop", annotations: { "sim.test/previous-log": words } }),
    );
    const bad = await scene.rollout({ "restart-budget": "1", "stable-for": "3s" });
    expect(bad.outputs).toMatchObject({ result: "reverted", cause: "CRASH_LOOP" });
    expect(bad.annotations.filter((one) => one.message === "injected")).toEqual([]);
    expect(bad.log).not.toContain("\u001b");
    expect(bad.summary).not.toContain("| a | table");
  });

  it("never shows a value of a Secret, whether new, changed or snapshotted", async () => {
    await using scene = await createScene();
    const secret = (value: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  url: ${value}\n`;
    scene.write("k8s/db.yaml", secret("first-password-1234"));
    const secrets = { first: "first-password-1234", second: "second-password-5678" };
    // The manifest itself lies in the workspace; the files that the action writes are read below.
    const options: Partial<StepOptions> = { secrets, allowSecretsIn: ["files"] };
    expect((await scene.rollout({}, options)).outputs["result"]).toBe("applied");
    scene.write("k8s/db.yaml", secret("second-password-5678"));
    const changed = await scene.rollout({}, options);
    expect(changed.outputs).toMatchObject({ result: "applied", updated: "1" });
    expect(changed.log).toMatch(/data\.url: hmac:[0-9a-f]{8} → hmac:[0-9a-f]{8}/);
    for (const output of ["plan-json", "report-json"]) {
      expect(readFileSync(changed.outputs[output] ?? "", "utf8")).not.toMatch(/password|cGFzc3dvcmQ|Zmlyc3Q|c2Vjb25k/);
    }
    expect((await scene.rollout({}, options)).outputs["result"]).toBe("unchanged");
  });
});
