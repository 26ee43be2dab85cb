import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRestoreState, type RestoreState, restoredVariables, savedVariables } from "./restore.ts";

type Env = Record<string, string | undefined>;

function state(
  exports: Readonly<Record<string, string>>,
  env: Env,
  onPost: RestoreState["onPost"] = "restore",
): RestoreState {
  const saved = {
    schemaVersion: 1,
    onPost,
    variables: savedVariables(exports, env),
    folder: undefined,
    kubeconfig: undefined,
  };
  const parsed = parseRestoreState(JSON.stringify(saved));
  if (parsed === undefined) throw new Error("no state");
  return parsed;
}

describe("restoredVariables", () => {
  it("unwinds two logins like a stack", () => {
    const env: Env = {};
    const a = state({ AWS_REGION: "eu-west-1", AWS_PROFILE: "a" }, env);
    Object.assign(env, { AWS_REGION: "eu-west-1", AWS_PROFILE: "a" });
    const b = state({ AWS_REGION: "us-east-1", AWS_PROFILE: "b" }, env);
    Object.assign(env, { AWS_REGION: "us-east-1", AWS_PROFILE: "b" });
    Object.assign(env, restoredVariables(b, env));
    expect(env).toEqual({ AWS_REGION: "eu-west-1", AWS_PROFILE: "a" });
    Object.assign(env, restoredVariables(a, env));
    expect(env).toEqual({ AWS_REGION: "", AWS_PROFILE: "" });
  });

  it("leaves alone what somebody changed", () => {
    const saved = state({ AWS_REGION: "eu-west-1" }, {});
    expect(restoredVariables(saved, { AWS_REGION: "us-west-2" })).toEqual({});
  });

  it("empties with `clear` and does nothing with `keep`", () => {
    const env = { AWS_REGION: "us-west-2" };
    const now = { AWS_REGION: "eu-west-1" };
    expect(restoredVariables(state(now, env, "clear"), now)).toEqual({ AWS_REGION: "" });
    expect(restoredVariables(state(now, env, "keep"), now)).toEqual({});
    expect(restoredVariables(state(now, env), now)).toEqual({ AWS_REGION: "us-west-2" });
  });

  it("brings an emptied key back", () => {
    const env = { AWS_ACCESS_KEY_ID: "AKIAOLD" };
    expect(restoredVariables(state({ AWS_ACCESS_KEY_ID: "" }, env), { AWS_ACCESS_KEY_ID: "" })).toEqual(env);
  });
});

describe("parseRestoreState", () => {
  it("has nothing to say without state, and refuses what it did not write", () => {
    expect(parseRestoreState(undefined)).toBeUndefined();
    expect(parseRestoreState("")).toBeUndefined();
    for (const text of [
      "{}",
      "[]",
      '{"schemaVersion":2}',
      '{"schemaVersion":1,"onPost":"x"}',
      '{"schemaVersion":1,"onPost":"keep","variables":{"A":1}}',
    ]) {
      expect(() => parseRestoreState(text)).toThrow();
    }
  });

  it("answers any text with a state of its own shape, or with an error", () => {
    const value = fc.oneof(fc.jsonValue(), fc.string());
    const near = fc.record(
      {
        schemaVersion: fc.constantFrom(1, 2),
        onPost: fc.constantFrom("keep", "clear", "x"),
        variables: value,
        folder: value,
        kubeconfig: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          near.map((state) => JSON.stringify(state)),
        ),
        (text) => {
          let read: RestoreState | undefined;
          try {
            read = parseRestoreState(text);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            return;
          }
          if (read === undefined) return;
          expect(["restore", "clear", "keep"]).toContain(read.onPost);
          for (const saved of Object.values(read.variables)) expect(typeof saved.sha256).toBe("string");
          expect(["string", "undefined"]).toContain(typeof read.folder);
          expect(["string", "undefined"]).toContain(typeof read.kubeconfig?.path);
        },
      ),
    );
  });
});
