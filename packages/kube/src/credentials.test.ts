import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificate } from "@eks-actions/test/cluster/certificate.ts";
import { startFaultServer } from "@eks-actions/test/cluster/fault-server.ts";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { credentialsOf } from "./credentials.ts";
import type { ExecPlugin } from "./exec-auth.ts";

// The library's first import takes seconds on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);

const never = new AbortController().signal;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exec-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A plugin that counts its runs in a file and prints the result of `print(n)`. */
function plugin(name: string, print: string): ExecPlugin & { runs(): number } {
  const counter = join(folder, `${name}.count`);
  const script = join(folder, `${name}.cjs`);
  writeFileSync(counter, "");
  writeFileSync(
    script,
    `const fs = require("node:fs"); fs.appendFileSync(${JSON.stringify(counter)}, "x");
     const n = fs.readFileSync(${JSON.stringify(counter)}, "utf8").length; ${print}`,
  );
  return {
    apiVersion: "client.authentication.k8s.io/v1",
    command: process.execPath,
    args: [script],
    env: { FROM_KUBECONFIG: "yes" },
    installHint: "",
    cluster: { server: "https://api" },
    runs: () => readFileSync(counter, "utf8").length,
  };
}

const credential = (status: string) =>
  `console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: ${status} }))`;

describe("a credential plugin", () => {
  it("runs once for callers that come together", async () => {
    const exec = plugin("single", credential("{ token: 'n' + n }"));
    const credentials = credentialsOf({ kind: "exec", plugin: exec }, virtualClock());
    const found = await Promise.all(Array.from({ length: 20 }, () => credentials.current(never)));
    expect(new Set(found.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer n1"]));
    expect(exec.runs()).toBe(1);
  });

  it("gets KUBERNETES_EXEC_INFO, its own variables and those of the step", async () => {
    const exec = plugin(
      "info",
      credential(
        "{ token: JSON.stringify([JSON.parse(process.env.KUBERNETES_EXEC_INFO), process.env.FROM_KUBECONFIG, !!process.env.PATH]) }",
      ),
    );
    const { authorization } = await credentialsOf({ kind: "exec", plugin: exec }, virtualClock()).current(never);
    expect(JSON.parse((authorization ?? "").slice("Bearer ".length))).toEqual([
      {
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        spec: { interactive: false, cluster: { server: "https://api" } },
      },
      "yes",
      true,
    ]);
  });

  it("runs again a minute before its token expires, and after ten minutes in any case", async () => {
    const clock = virtualClock();
    const at = (ms: number) => JSON.stringify(new Date(clock.now() + ms).toISOString());
    const short = plugin("short", credential(`{ token: 'n' + n, expirationTimestamp: ${at(5 * 60_000)} }`));
    const long = plugin("long", credential(`{ token: 'n' + n, expirationTimestamp: ${at(14 * 60_000)} }`));
    const [shorts, longs] = [short, long].map((exec) => credentialsOf({ kind: "exec", plugin: exec }, clock));
    const runs = async () => {
      await shorts?.current(never);
      await longs?.current(never);
      return [short.runs(), long.runs()];
    };
    expect(await runs()).toEqual([1, 1]);
    await clock.advance(4 * 60_000 - 1);
    expect(await runs()).toEqual([1, 1]);
    await clock.advance(1);
    expect(await runs()).toEqual([2, 1]);
    await clock.advance(6 * 60_000);
    expect((await runs())[1]).toBe(2);
  });

  it("runs once more for a token that the server refuses, then the refusal stands", async () => {
    const exec = plugin("refused", credential("{ token: 'n' + n }"));
    await using server = await startFaultServer((request, reply) => {
      const isGood = request.headers["authorization"] === "Bearer n2";
      reply.send(isGood ? 200 : 401, { metadata: { name: "a" }, apiVersion: "v1", kind: "ConfigMap" });
    });
    const user = { exec: { apiVersion: exec.apiVersion, command: exec.command, args: exec.args } };
    await using client = await connect({ kubeconfig: { text: server.kubeconfig(user) }, env: {} });
    const ref = { apiVersion: "v1", kind: "ConfigMap", name: "a" };
    const found = await Promise.all([client.get(ref), client.get(ref)]);
    expect(found.map((object) => object?.metadata.name)).toEqual(["a", "a"]);
    expect(exec.runs()).toBe(2);
    const hopeless = plugin("hopeless", credential("{ token: 'bad' }"));
    const other = { exec: { apiVersion: exec.apiVersion, command: exec.command, args: hopeless.args } };
    await using refused = await connect({ kubeconfig: { text: server.kubeconfig(other) }, env: {} });
    await expect(refused.get(ref)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(hopeless.runs()).toBe(2);
  });

  it("may give a client certificate instead of a token", async () => {
    const ca = { ...createCertificate({ commonName: "clients" }), commonName: "clients" };
    const own = createCertificate({ commonName: "from-plugin", issuer: ca });
    const pair = JSON.stringify({ clientCertificateData: own.cert, clientKeyData: own.key });
    const exec = plugin("certificate", credential(pair));
    await using server = await startFaultServer(
      (_request, reply) => reply.send(200, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
      { clientCa: ca.cert },
    );
    const user = { exec: { apiVersion: exec.apiVersion, command: exec.command, args: exec.args } };
    await using client = await connect({ kubeconfig: { text: server.kubeconfig(user) }, env: {} });
    await client.get({ apiVersion: "v1", kind: "ConfigMap", name: "a" });
    expect(server.requests.map(({ client: name, headers }) => [name, headers["authorization"]])).toEqual([
      ["from-plugin", undefined],
    ]);
  });

  it.each([
    [
      "fails",
      "console.error('Unable to locate credentials'); process.exit(255)",
      /ended with 255: Unable to locate credentials$/,
    ],
    ["prints no JSON", "console.log('hello')", /printed no JSON$/],
    ["prints something else", "console.log('{}')", /printed no ExecCredential with a status$/],
    ["prints no token", credential("{}"), /neither a token nor a certificate$/],
  ])("that %s is UNAUTHENTICATED with its own words", async (name, print, message) => {
    const exec = plugin(name.replaceAll(" ", "-"), print);
    await expect(credentialsOf({ kind: "exec", plugin: exec }, virtualClock()).current(never)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringMatching(message),
    });
  });

  it("that is not installed says so, with the kubeconfig's install hint", async () => {
    const exec = { ...plugin("absent", ""), command: "no-such-plugin", installHint: "brew install it" };
    await expect(credentialsOf({ kind: "exec", plugin: exec }, virtualClock()).current(never)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: "the kubeconfig's credential plugin `no-such-plugin` is not installed",
      hint: "brew install it",
    });
  });
});

describe("a token file", () => {
  it("is read again every minute", async () => {
    const file = join(folder, "token");
    const clock = virtualClock();
    const credentials = credentialsOf({ kind: "file", tokenFile: file }, clock);
    writeFileSync(file, "one\n");
    expect(await credentials.current(never)).toEqual({ authorization: "Bearer one" });
    writeFileSync(file, "two\n");
    expect(await credentials.current(never)).toEqual({ authorization: "Bearer one" });
    await clock.advance(60_000);
    expect(await credentials.current(never)).toEqual({ authorization: "Bearer two" });
  });
});
