import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configWith, credentialCommand, ownProfiles, refuseForeign } from "./profile.ts";

const entry = {
  name: "eks-actions",
  region: "eu-west-1",
  command: '"/node" "/c.js" credential-process --session "/s.json"',
};

// Any UTF-16 unit, lone surrogates and control characters too; half of them ASCII.
const unit = fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }));
const anyText = fc.string({ unit: unit.map((code) => String.fromCharCode(code)) });

describe("configWith", () => {
  it("is the text of the contract", () => {
    expect(configWith("", [entry])).toBe(
      [
        "# eks-actions/auth begin eks-actions",
        "[profile eks-actions]",
        "region = eu-west-1",
        'credential_process = "/node" "/c.js" credential-process --session "/s.json"',
        "# eks-actions/auth end eks-actions",
        "",
      ].join("\n"),
    );
  });

  it("calls the section of `default` by its bare name", () => {
    expect(configWith("", [{ ...entry, name: "default" }])).toContain("\n[default]\n");
  });

  it("keeps every byte of what was there in front of ours, for any file", () => {
    fc.assert(
      fc.property(anyText, (existing) => {
        const once = configWith(existing, [entry]);
        expect(once.startsWith(existing)).toBe(true);
        expect(configWith(once, [{ ...entry, region: "us-east-1" }]).startsWith(existing)).toBe(true);
      }),
    );
  });

  it("replaces our own block of the name and no other", () => {
    const two = configWith("# mine\n", [entry, { ...entry, name: "other" }]);
    const again = configWith(two, [{ ...entry, region: "us-east-1" }]);
    expect(ownProfiles(again)).toEqual(["other", "eks-actions"]);
    expect(again).not.toContain("[profile eks-actions]\nregion = eu-west-1");
  });
});

describe("credentialCommand", () => {
  it.each(['"', "$", "`", "%", "!", ";", "#", "~", "\n"])(
    "refuses a path with %j, which tools read differently",
    (sign) => {
      expect(() => credentialCommand("/node", "/c.js", `/temp${sign}/s.json`)).toThrow(
        expect.objectContaining({ code: "PATH_UNSUPPORTED" }),
      );
    },
  );

  it("takes spaces, backslashes and quotes of the other kind", () => {
    expect(credentialCommand("/node 24/node", "C:\\a\\c.js", "/it's/s.json")).toBe(
      `"/node 24/node" "C:\\a\\c.js" credential-process --session "/it's/s.json"`,
    );
  });
});

describe("refuseForeign", () => {
  const refuse = (config: string, credentials: string, name = "work") =>
    refuseForeign([name], { path: "/c", text: config }, { path: "/k", text: credentials });

  it.each([
    ["# x\n[profile work]\n", "", "work", "/c line 2"],
    ["  [ profile   work ]\n", "", "work", "/c line 1"],
    ['[profile "work"]\n', "", "work", "/c line 1"],
    ["", "[a]\n[work]\n", "work", "/k line 2"],
    ["[default]\n", "", "default", "/c line 1"],
    ["", "[default]\n", "default", "/k line 1"],
  ])("finds %j %j", (config, credentials, name, place) => {
    expect(() => refuse(config, credentials, name)).toThrow(
      expect.objectContaining({ code: "PROFILE_EXISTS", message: expect.stringContaining(place) }),
    );
  });

  it.each([
    ["[work]\n", ""],
    ["[profile work2]\n# [profile work]\n", "[work2]\n"],
    [configWith("", [{ ...entry, name: "work" }]), ""],
  ])("lets pass %j %j", (config, credentials) => {
    expect(() => refuse(config, credentials)).not.toThrow();
  });
});
