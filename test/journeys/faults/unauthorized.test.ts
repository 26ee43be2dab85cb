import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codes, createScene, deployment, lock, type Scene } from "../rollout/scene.ts";

/** The same cluster and identity, with a credential plugin that counts how often it is asked. */
function withPlugin(scene: Scene): () => number {
  const path = (name: string) => join(scene.machine.workspace, name);
  const config = JSON.parse(scene.kube.kubeconfig("ci"));
  const token = tokenOf(scene);
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token },
  };
  writeFileSync(path("credential.json"), JSON.stringify(credential));
  writeFileSync(path("asked"), "");
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "/bin/sh",
    args: ["-c", `echo x >> '${path("asked")}'; cat '${path("credential.json")}'`],
    interactiveMode: "Never",
  };
  writeFileSync(path("kubeconfig"), JSON.stringify({ ...config, users: [{ name: "ci", user: { exec } }] }));
  return () => readFileSync(path("asked"), "utf8").split("\n").length - 1;
}

function tokenOf(scene: Scene): string {
  const { users } = JSON.parse(scene.kube.kubeconfig("ci"));
  return users.find((user: { name: string }) => user.name === "ci").user.token;
}

describe("a token that the API server refuses in mid-rollout", () => {
  const write = { match: /\/deployments\/web$/, method: "PATCH" };

  it("is renewed once, and the rollout goes on", async () => {
    await using scene = await createScene();
    const asked = withPlugin(scene);
    scene.write("k8s/web.yaml", deployment());
    // The first PATCH is the dry-run, the second the write.
    scene.kube.fault({ ...write, nth: 2, status: 401 });
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject({ result: "applied", cause: "" });
    expect(asked()).toBe(2);
  });

  it.each([["static"], ["plugin"]])("ends the run with one error when a new one is refused too (%s)", async (way) => {
    await using scene = await createScene();
    const asked = way === "plugin" ? withPlugin(scene) : () => 2;
    scene.write("k8s/web.yaml", deployment());
    scene.kube.fault({ ...write, nth: 2, times: 2, status: 401 });
    const result = await scene.rollout();
    expect(result.outcome).toBe("failure");
    expect(codes(result), result.log).toEqual(["UNAUTHENTICATED"]);
    expect(result.outputs).toMatchObject({ cause: "UNAUTHENTICATED" });
    expect(asked()).toBe(2);
    expect(result.env).toEqual({});
    expect(result.log + result.summary).not.toContain(tokenOf(scene));
    // The lock is let go as soon as the API server accepts the token again.
    expect(lock(scene)).toContain('"holderIdentity":""');
  });
});
