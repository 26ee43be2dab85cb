import { describe, expect, it } from "vitest";
import { ActionError, codesByArea, collect, toActionError } from "./error.ts";

describe("ActionError", () => {
  it("describes itself as code, message and hint on its own line", () => {
    const error = new ActionError("INPUT_INVALID", {
      message: "input `mode`: `x` is not accepted",
      hint: "write `plan`",
    });
    expect(error.describe()).toBe("INPUT_INVALID: input `mode`: `x` is not accepted\n→ write `plan`");
  });

  it("keeps what it was caused by", () => {
    const cause = new TypeError("boom");
    expect(toActionError(cause)).toMatchObject({ code: "INTERNAL", message: "TypeError: boom", cause });
  });

  it.each([
    ["open", "EACCES", "FILE_REFUSED", "open /ws/k8s/web.yaml: permission denied"],
    ["scandir", "EPERM", "FILE_REFUSED", "scandir /ws/k8s/web.yaml: operation not permitted"],
    ["mkdir", "EROFS", "FILE_REFUSED", "mkdir /ws/k8s/web.yaml: read-only file system"],
    ["open", "ENOSPC", "FILE_REFUSED", "open /ws/k8s/web.yaml: no space left on device"],
    ["open", "ENOENT", "INTERNAL", "Error: from Node"],
    ["spawn kubectl", "EACCES", "INTERNAL", "Error: from Node"],
  ])("calls %s %s %s", (syscall, code, expected, message) => {
    const cause = Object.assign(new Error("from Node"), { code, syscall, path: "/ws/k8s/web.yaml" });
    expect(toActionError(cause)).toMatchObject({ code: expected, message, cause });
  });

  it("passes an ActionError through unchanged", () => {
    const error = new ActionError("CANCELLED", { message: "stopped" });
    expect(toActionError(error)).toBe(error);
  });

  it("collects the faults of one pass in order", () => {
    const faults = ["a", "b", "c"].map((message) => new ActionError("INPUT_INVALID", { message }));
    expect(
      collect(faults)
        ?.all()
        .map((fault) => fault.message),
    ).toEqual(["a", "b", "c"]);
    expect(collect([])).toBeUndefined();
    expect(collect(faults.slice(0, 1))).toBe(faults[0]);
  });

  it("has no code of an area that the suite has too: a README shows one sentence for each", () => {
    const { suite, ...areas } = codesByArea;
    const twice = Object.values(areas).flatMap((codes) => Object.keys(codes).filter((code) => code in suite));
    expect(twice).toEqual([]);
  });
});
