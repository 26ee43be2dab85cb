import { describe, expect, it } from "vitest";
import { startGitHub } from "../../fakes/github/index.ts";
import { createScene, deployment, released } from "./scene.ts";

describe("a rollout seen from GitHub", () => {
  it("is a deployment with its states, address and log", async () => {
    await using github = await startGitHub({
      repo: "acme/shop",
      permissions: { contents: "read", deployments: "write" },
    });
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/ingress.yaml", ingress);
    const result = await scene.rollout({ environment: "prod" }, { env: github.env, github: github.context });
    expect(result.outputs, result.log).toMatchObject({ result: "applied", "environment-url": "https://shop.example" });
    const [made] = github.repo.deployments;
    expect(result.outputs["deployment-id"]).toBe(String(made?.id));
    expect(github.repo.deploymentStatuses.map((one) => one.state)).toEqual(["in_progress", "success"]);
    expect(JSON.stringify(github.repo.deploymentStatuses)).toContain("https://shop.example");
  });

  it("reuses the deployment that the job's environment has made, and marks a bad release as failed", async () => {
    await using github = await startGitHub({
      repo: "acme/shop",
      environment: "prod",
      permissions: { contents: "read", deployments: "write" },
    });
    await using scene = await released();
    const before = github.repo.deployments.length;
    const inputs = { environment: "prod", images: "web=registry.example/web:missing", "image-missing-grace": "0s" };
    const result = await scene.rollout(inputs, { env: github.env, github: github.context });
    expect(result.outputs, result.log).toMatchObject({ result: "reverted" });
    expect(github.repo.deployments).toHaveLength(before);
    expect(JSON.stringify(github.repo.deploymentStatuses)).toContain("IMAGE_NOT_FOUND, reverted");
  });

  it("goes on with a warning when the token may not write deployments", async () => {
    await using github = await startGitHub({ repo: "acme/shop", permissions: { contents: "read" } });
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    const result = await scene.rollout({ environment: "prod" }, { env: github.env, github: github.context });
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    expect(result.annotations).toMatchObject([{ level: "warning", title: "GITHUB_API" }]);
  });

  it("keeps one comment with the plan on the pull request", async () => {
    await using github = await startGitHub({
      repo: "acme/shop",
      event: "pull_request",
      permissions: { contents: "read", "pull-requests": "write" },
      prepare: (repository) => {
        repository.commit({ branch: "feature", message: "More", files: { "a.txt": "b" } });
        repository.pull({ branch: "feature" });
      },
    });
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const options = { env: github.env, github: github.context };
    const first = await scene.rollout({ mode: "plan", environment: "prod" }, options);
    expect(first.outputs, first.log).toMatchObject({ result: "planned", updated: "1" });
    expect(github.repo.comments).toHaveLength(1);
    expect(github.repo.comments[0]?.body).toContain("registry.example/web&#58;2");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:3" }));
    await scene.rollout({ mode: "plan", environment: "prod" }, options);
    expect(github.repo.comments).toHaveLength(1);
    expect(github.repo.comments[0]?.body).toContain("registry.example/web&#58;3");
    expect(scene.writes()).toEqual([]);
  });

  it("from a fork stays in the summary", async () => {
    await using github = await startGitHub({
      repo: "acme/shop",
      event: "pull_request",
      fork: true,
      prepare: (repository) => {
        repository.commit({ branch: "feature", message: "More", files: { "a.txt": "b" } });
        repository.pull({ branch: "feature", fork: "someone/shop" });
      },
    });
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const result = await scene.rollout({ mode: "plan" }, { env: github.env, github: github.context });
    expect(result.outcome, result.log).toBe("success");
    expect(result.summary).toContain("registry.example/web&#58;2");
    expect(github.repo.comments).toHaveLength(0);
  });
});

const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{hosts: [shop.example]}]
  rules:
    - host: shop.example
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;
