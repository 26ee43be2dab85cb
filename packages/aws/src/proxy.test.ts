import { describe, expect, it } from "vitest";
import { createAgents, proxySecrets, readProxy } from "./proxy.ts";

const from = (url: string) => readProxy({ HTTPS_PROXY: url });

describe("readProxy", () => {
  it.each([
    ["http://proxy:3128", "http://proxy:3128"],
    ["proxy.corp:3128", "http://proxy.corp:3128"],
    ["user:pass@proxy:3128", "http://user:pass@proxy:3128"],
    [" https://proxy:443 ", "https://proxy:443"],
    ["http://user:100%@proxy:3128", "http://user:100%25@proxy:3128"],
    ["http://user:a%40b@proxy:3128", "http://user:a%40b@proxy:3128"],
  ])("reads %j as curl does, so that Node takes it", (given, url) => {
    const proxy = from(given);
    expect(proxy?.url).toBe(url);
    expect(createAgents(proxy).https).toBeDefined();
  });

  it.each(["socks5://proxy:1080", "::::", "ftp://proxy", "http://"])(
    "refuses %j, which Node would pass over",
    (url) => {
      expect(() => from(url)).toThrow(/cannot be used/);
    },
  );

  it("does not show the user of a proxy that it refuses", () => {
    expect(() => from("socks5://user:se/cr@et@proxy:1080")).toThrow(/^(?!.*cr@et).*$/s);
  });

  it("prefers the input, then the lower-case variable, and takes an empty one for none", () => {
    const env = { https_proxy: "http://a:1", HTTPS_PROXY: "http://b:1", no_proxy: "", NO_PROXY: "x,.y" };
    expect(readProxy(env)).toEqual({ url: "http://a:1", noProxy: "x,.y", explicit: false });
    expect(readProxy(env, { url: "http://c:1", noProxy: "z" })).toEqual({
      url: "http://c:1",
      noProxy: "z",
      explicit: true,
    });
    expect(readProxy({ HTTPS_PROXY: "", https_proxy: "" })).toBeUndefined();
  });
});

describe("proxySecrets", () => {
  it("lists the password in every spelling, and a user name that is a token", () => {
    expect(proxySecrets(from("http://user:p%40ss@proxy:1"))).toEqual(
      expect.arrayContaining(["p%40ss", "p@ss", "user:p%40ss", "user:p@ss", btoa("user:p@ss")]),
    );
    expect(proxySecrets(from("http://ghp_token@proxy:1"))).toContain("ghp_token");
    expect(proxySecrets(from("http://user:100%@proxy:1"))).toContain("100%");
    expect(proxySecrets(from("http://proxy:1"))).toEqual([]);
  });
});
