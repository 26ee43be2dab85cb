import { describe, expect, it } from "vitest";
import { type GitHub, startGitHub } from "../../fakes/github/index.ts";
import { createScene, errorsOf, type Scene } from "./scene.ts";

const CLUSTER =
  "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: shop, region: eu-west-1}\nmanagedNodeGroups: [{name: web}]\n";

/** A job without AWS keys: the action takes its role by OIDC. */
async function plan(scene: Scene, github: GitHub, role: string) {
  return scene.bootstrap(
    { mode: "plan", "role-to-assume": role },
    {
      env: { ...github.env, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SESSION_TOKEN: "" },
      github: { ...github.context, token: github.token },
    },
  );
}

function roleFor(scene: Scene, github: GitHub): string {
  const provider = scene.aws.trustIssuer(github.issuer.url, github.issuer.jwksUrl);
  const host = github.issuer.url.replace(/^https?:\/\//, "");
  const sub = String(github.issuer.claims("sts.amazonaws.com")["sub"]);
  return scene.aws.addRole({
    name: "eks-plan",
    managed: ["AdministratorAccess"],
    trust: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: provider },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: { StringEquals: { [`${host}:aud`]: "sts.amazonaws.com", [`${host}:sub`]: sub } },
        },
      ],
    },
  });
}

describe("a pull request", () => {
  it("gets one comment with the plan, updated in place, by a role that the action takes itself", async () => {
    await using github = await startGitHub({
      repo: "acme/infra",
      event: "pull_request",
      permissions: { "pull-requests": "write", "id-token": "write", contents: "read" },
    });
    await using scene = await createScene();
    scene.write("cluster.yaml", CLUSTER);
    const role = roleFor(scene, github);
    const first = await plan(scene, github, role);
    expect(errorsOf(first)).toEqual([]);
    expect(github.repo.comments).toHaveLength(1);
    expect(github.repo.comments[0]?.body).toMatch(
      /^<!-- eks-actions:bootstrap:[0-9a-f]{8} -->\n## ➕ `shop` → `eu-west-1`: \d+ to create/,
    );
    scene.write("cluster.yaml", CLUSTER.replace("name: web", "name: web, spot: true"));
    await plan(scene, github, role);
    expect(github.repo.comments).toHaveLength(1);
    expect(scene.writes()).toEqual([]);
    expect(scene.aws.requests.map((request) => request.operation)).toContain("AssumeRoleWithWebIdentity");
  }, 60_000);

  it("from a fork gets the plan in the summary, and no failure", async () => {
    await using github = await startGitHub({ repo: "acme/infra", event: "pull_request", fork: true });
    await using scene = await createScene();
    scene.write("cluster.yaml", CLUSTER);
    const result = await scene.bootstrap(
      { mode: "plan" },
      { env: github.env, github: { ...github.context, token: github.token } },
    );
    expect(result.exitCode).toBe(0);
    expect(github.repo.comments).toEqual([]);
    expect(result.summary).toContain("to create");
    expect(result.log).toContain("no comment:");
  }, 60_000);
});

describe("drift", () => {
  it("keeps one issue open until the cluster is as its file says", async () => {
    await using github = await startGitHub({ repo: "acme/infra", permissions: { issues: "write", contents: "read" } });
    await using scene = await createScene();
    const options = { env: github.env, github: { ...github.context, token: github.token } };
    scene.write("cluster.yaml", CLUSTER);
    expect((await scene.bootstrap({}, options)).exitCode).toBe(0);
    scene.write("cluster.yaml", CLUSTER.replace("name: web", "name: web, maxSize: 5"));
    for (let run = 0; run < 2; run++) {
      expect((await scene.bootstrap({ mode: "drift" }, options)).exitCode).toBe(2);
    }
    const ours = () => github.repo.issues.filter((issue) => issue.title.includes("has drifted"));
    expect(ours().map((issue) => issue.state)).toEqual(["open"]);
    scene.write("cluster.yaml", CLUSTER);
    expect((await scene.bootstrap({ mode: "drift" }, options)).exitCode).toBe(0);
    expect(ours().map((issue) => issue.state)).toEqual(["closed"]);
  }, 120_000);
});
