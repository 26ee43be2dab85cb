import { describe, expect, it } from "vitest";
import { checkEndpoint, endpointFromEnv } from "./endpoint.ts";
import { createAgents, proxySecrets, readProxy } from "./proxy.ts";

describe("checkEndpoint", () => {
  it.each([
    "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com",
    "http://127.0.0.1:4566",
    "http://127.9.9.9",
    "http://[::1]:80",
    "http://localhost:1",
  ])("lets a token travel to %s", (url) => {
    expect(checkEndpoint(url, "x")).toBe(url);
  });

  it.each([
    "http://10.0.0.1",
    "http://example.test",
    "http://localhost.evil.test",
    "http://127.0.0.1.evil.test",
    "https://user@sts.amazonaws.com",
    "https://user:pass@127.0.0.1",
    "ftp://127.0.0.1",
    "not a url",
    "http://0.0.0.0",
  ])("refuses %s", (url) => {
    expect(() => checkEndpoint(url, "input `sts-endpoint`")).toThrow(
      expect.objectContaining({ code: "ENDPOINT_REFUSED" }),
    );
  });

  it("never repeats a password or a query in its message", () => {
    expect.assertions(2);
    try {
      checkEndpoint("http://me:hunter2@example.test/?token=abc", "AWS_ENDPOINT_URL");
    } catch (error) {
      expect(String(error)).not.toContain("hunter2");
      expect(String(error)).not.toContain("abc");
    }
  });
});

describe("endpointFromEnv", () => {
  it("prefers the service's own variable and says which it was", () => {
    const env = { AWS_ENDPOINT_URL: "https://a.test", AWS_ENDPOINT_URL_STS: "https://b.test" };
    expect(endpointFromEnv("STS", env)).toEqual({ url: "https://b.test", origin: "AWS_ENDPOINT_URL_STS" });
    expect(endpointFromEnv("EKS", env)).toEqual({ url: "https://a.test", origin: "AWS_ENDPOINT_URL" });
    expect(endpointFromEnv("EKS", {})).toBeUndefined();
    expect(endpointFromEnv("EKS", { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toBeUndefined();
  });
});

describe("readProxy", () => {
  it("takes the input before the variables, and the lower-case variable before the other", () => {
    const env = { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1", NO_PROXY: "a.test" };
    expect(readProxy(env, { url: "http://input:1" })).toEqual({
      url: "http://input:1",
      noProxy: "a.test",
      explicit: true,
    });
    expect(readProxy(env)).toEqual({ url: "http://lower:1", noProxy: "a.test", explicit: false });
    expect(readProxy({})).toBeUndefined();
  });

  it("names every spelling of the password, for masking", () => {
    const secrets = proxySecrets({ url: "http://me:p%40ss@proxy:3128", noProxy: undefined, explicit: true });
    expect(secrets).toEqual(
      expect.arrayContaining(["p%40ss", "p@ss", "me:p@ss", Buffer.from("me:p@ss").toString("base64")]),
    );
    expect(proxySecrets({ url: "http://proxy:3128", noProxy: undefined, explicit: true })).toEqual([]);
  });

  it("makes agents that keep connections", () => {
    const agents = createAgents(undefined);
    expect(agents.https).toHaveProperty("keepAlive", true);
    expect(agents.http).toHaveProperty("keepAlive", true);
  });
});
