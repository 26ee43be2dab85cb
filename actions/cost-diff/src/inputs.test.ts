import { describe, expect, it } from "vitest";
import { inputs, readInputs } from "./inputs.ts";

describe("inputs", () => {
  it.each([
    [{ manifests: "a", kustomize: "b" }, "exclude each other"],
    [{ set: "a=b" }, "`set` needs `chart`"],
    [{ mode: "render" }, "needs `merge`"],
    [{ "fail-on": "threshold" }, "needs a limit"],
    [{ "max-increase-usd": "-1" }, "max-increase-usd"],
    [{ "base-ref": "--upload-pack=x" }, "base-ref"],
    [{ "as-of": "2026-13-01" }, "as-of"],
    [{ "availability-zones": "7" }, "availability-zones"],
    [{ "spot-discount": "0.96" }, "spot-discount"],
    [{ "comment-key": "a --> b" }, "comment-key"],
    [{ "instance-types": "m5.large; rm" }, "instance-types"],
    [{ mode: "coment" }, "did you mean `comment`"],
  ])("refuse %j", (raw, message) => {
    expect(() => readInputs(raw)).toThrow(message);
  });

  it("reads its own defaults", () => {
    expect(inputs.read({})).toMatchObject({
      mode: "comment",
      availabilityZones: undefined,
      replicaBasis: "spec",
      commentKey: "default",
    });
  });
});
