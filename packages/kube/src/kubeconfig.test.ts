import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createCertificate } from "@eks-actions/test/cluster/certificate.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig } from "./kubeconfig.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const { cert } = createCertificate({ commonName: "x" });
const base64 = (text: string) => Buffer.from(text).toString("base64");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function config(change: Readonly<Record<string, unknown>> = {}, cluster: object = {}, user: object = { token: "t" }) {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: "https://api.example:6443", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "main", context: { cluster: "c", user: "u", namespace: "apps" } },
      { name: "lost", context: { cluster: "gone", user: "u" } },
      { name: "nobody", context: { cluster: "c", user: "gone" } },
    ],
    "current-context": "main",
    ...change,
  });
}

describe("a kubeconfig", () => {
  it("gives server, context, namespace, trust and login", async () => {
    const text = config({}, { "certificate-authority-data": base64(cert), "tls-server-name": "api.internal" });
    expect(await loadKubeconfig({ text })).toMatchObject({
      server: new URL("https://api.example:6443"),
      context: "main",
      namespace: "apps",
      tls: { ca: cert, servername: "api.internal", rejectUnauthorized: true },
      login: { kind: "header", authorization: "Bearer t" },
    });
  });

  it.each([
    ["a password", { username: "me", password: "p:w" }, { kind: "header", authorization: `Basic ${base64("me:p:w")}` }],
    ["a token file", { tokenFile: "/run/token" }, { kind: "file", tokenFile: "/run/token" }],
    ["nothing", {}, { kind: "none" }],
    [
      "a plugin",
      {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "aws",
          args: ["eks", "get-token"],
          env: [{ name: "A", value: "b" }],
        },
      },
      { kind: "exec", plugin: { command: "aws", args: ["eks", "get-token"], env: { A: "b" }, cluster: undefined } },
    ],
  ])("logs in with %s", async (_what, user, login) => {
    expect((await loadKubeconfig({ text: config({}, {}, user) })).login).toMatchObject(login);
  });

  it("skips verification only where it says so", async () => {
    const skipping = await loadKubeconfig({ text: config({}, { "insecure-skip-tls-verify": true }) });
    expect(skipping.tls.rejectUnauthorized).toBe(false);
  });

  it("impersonates, with groups", async () => {
    const text = config({}, {}, { token: "t", as: "robot", "as-groups": ["a", "b"] });
    expect((await loadKubeconfig({ text })).headers).toEqual({
      "impersonate-user": "robot",
      "impersonate-group": ["a", "b"],
    });
  });

  it("reads files beside it", async () => {
    writeFileSync(join(folder, "ca.crt"), cert);
    const file = join(folder, "config");
    writeFileSync(file, config({}, { "certificate-authority": "ca.crt" }));
    expect((await loadKubeconfig(file)).tls.ca).toBe(cert);
  });

  it("is merged from several files as kubectl does: absent ones skipped, the first wins", async () => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    const part = (server: string, context: string) =>
      config({
        clusters: [{ name: "c", cluster: { server } }],
        contexts: [{ name: context, context: { cluster: "c", user: "u" } }],
        "current-context": context,
      });
    writeFileSync(one, part("https://one", "first"));
    writeFileSync(two, part("https://two", "second"));
    const paths = [join(folder, "absent"), one, two].join(delimiter);
    expect(await loadKubeconfig(paths)).toMatchObject({ context: "first", server: new URL("https://one") });
    expect(await loadKubeconfig(paths, "second")).toMatchObject({ context: "second", server: new URL("https://one") });
  });
});

describe("a kubeconfig is KUBECONFIG_INVALID", () => {
  it.each([
    ["when its file does not exist", "/nowhere/config", undefined, /^kubeconfig \/nowhere\/config does not exist$/],
    ["when it is no YAML", { text: "a: [1" }, undefined, /^the kubeconfig is no kubeconfig: /],
    ["when it is empty", { text: "" }, undefined, /^the kubeconfig is empty$/],
    [
      "without a current context",
      { text: config({ "current-context": "" }) },
      undefined,
      /has no current-context \(contexts: main, lost, nobody\)/,
    ],
    [
      "for a context that is not there",
      { text: config() },
      "prod",
      /has no context prod \(contexts: main, lost, nobody\)/,
    ],
    [
      "when its context names no cluster of it",
      { text: config() },
      "lost",
      /names the cluster gone, which is not there/,
    ],
    ["when its context names no user of it", { text: config() }, "nobody", /names the user gone, which is not there/],
    [
      "when the server is no URL",
      { text: config({}, { server: "api:6443" }) },
      undefined,
      /the server "api:6443", which is no URL/,
    ],
    [
      "when the CA is no PEM",
      { text: config({}, { "certificate-authority-data": base64("x") }) },
      undefined,
      /certificate-authority that is no PEM/,
    ],
    [
      "when a named file is absent",
      { text: config({}, { "certificate-authority": "/nowhere/ca" }) },
      undefined,
      /certificate-authority file \/nowhere\/ca, which cannot be read/,
    ],
  ])("%s", async (_what, source, context, message) => {
    const loading = loadKubeconfig(source, context);
    await expect(loading).rejects.toMatchObject({
      code: "KUBECONFIG_INVALID",
      message: expect.stringMatching(message),
    });
    await expect(loading).rejects.toMatchObject({ hint: expect.stringContaining("actions/auth") });
  });
});
