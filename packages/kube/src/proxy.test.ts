import { describe, expect, it } from "vitest";
import { chooseProxy } from "./proxy.ts";

const server = new URL("https://ABC.gr7.us-east-1.eks.amazonaws.com");

describe("the proxy", () => {
  it.each([
    ["none without a setting", {}, undefined, undefined],
    ["HTTPS_PROXY", { HTTPS_PROXY: "http://p:3128" }, undefined, "http://p:3128/"],
    ["https_proxy in lower case", { https_proxy: "http://p:3128" }, undefined, "http://p:3128/"],
    ["a proxy without a scheme", { HTTPS_PROXY: "p:3128" }, undefined, "http://p:3128/"],
    ["not HTTP_PROXY for https", { HTTP_PROXY: "http://p:3128" }, undefined, undefined],
    ["proxy-url before the environment", { HTTPS_PROXY: "http://p:3128" }, "http://k:1", "http://k:1/"],
    ["proxy-url whatever NO_PROXY says", { NO_PROXY: "*" }, "http://k:1", "http://k:1/"],
    ["NO_PROXY: everything", { HTTPS_PROXY: "http://p", NO_PROXY: "*" }, undefined, undefined],
    ["NO_PROXY: a domain", { HTTPS_PROXY: "http://p", NO_PROXY: "x, eks.amazonaws.com" }, undefined, undefined],
    ["NO_PROXY: a dotted domain", { HTTPS_PROXY: "http://p", NO_PROXY: ".amazonaws.com" }, undefined, undefined],
    ["NO_PROXY: a wildcard", { HTTPS_PROXY: "http://p", NO_PROXY: "*.amazonaws.com" }, undefined, undefined],
    ["NO_PROXY: this port", { HTTPS_PROXY: "http://p", NO_PROXY: "amazonaws.com:443" }, undefined, undefined],
    ["NO_PROXY: another port", { HTTPS_PROXY: "http://p", NO_PROXY: "amazonaws.com:8443" }, undefined, "http://p/"],
    ["NO_PROXY: part of a name only", { HTTPS_PROXY: "http://p", NO_PROXY: "zonaws.com" }, undefined, "http://p/"],
  ])("is %s", (_what, env, proxyUrl, expected) => {
    expect(chooseProxy(server, proxyUrl, env)?.href).toBe(expected);
  });

  it.each([
    ["https://10.1.2.3", "10.0.0.0/8", undefined],
    ["https://11.1.2.3", "10.0.0.0/8", "http://p/"],
    ["https://[fd00::1]:6443", "fd00::/8", undefined],
    ["https://10.1.2.3", "fd00::/8", "http://p/"],
    ["https://127.0.0.1:6443", "", undefined],
    ["https://localhost:6443", "", undefined],
    ["https://[::1]:6443", "", undefined],
  ])("for %s with NO_PROXY %j is %s", (url, noProxy, expected) => {
    expect(chooseProxy(new URL(url), undefined, { HTTPS_PROXY: "http://p", NO_PROXY: noProxy })?.href).toBe(expected);
  });
});
