import { describe, expect, it } from "vitest";
import { createWorld, errorCodes, tokenRequests } from "./world.ts";

describe("a job without OIDC token", () => {
  it("on push says which permission is missing, and speaks of no caller", async () => {
    await using world = await createWorld({ permissions: { contents: "read" } });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_PERMISSION_MISSING"]);
    const message = result.annotations.map((note) => note.message).join();
    expect(message).toContain("id-token: write");
    expect(message).not.toContain("calling job");
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
    expect(result.env).toEqual({});
  });

  it("in a called workflow names the workflow whose job must grant the permission", async () => {
    const jobWorkflowRef = "acme/flows/.github/workflows/deploy.yml@v1";
    await using world = await createWorld({ permissions: { contents: "read" }, github: { jobWorkflowRef } });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_CALLER_PERMISSION_MISSING"]);
    const [message = ""] = result.annotations.map((note) => note.message);
    expect(message).toContain(`the job that calls ${jobWorkflowRef}`);
    expect(message).toContain("add to the calling job in .github/workflows/ci.yml");
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
  });

  it("where GitHub does not tell the two apart, says what holds for both", async () => {
    await using world = await createWorld({ permissions: { contents: "read" } });
    const result = await world.login({ "job-workflow-ref": "" });
    expect(errorCodes(result)).toEqual(["ID_TOKEN_PERMISSION_MISSING"]);
    expect(result.annotations[0]?.message).toContain("only if the calling job grants it");
  });

  it("on a fork's pull request says that no permission helps", async () => {
    await using world = await createWorld({ github: { event: "pull_request", fork: true, repo: "acme/payments-api" } });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_FORK"]);
    expect(result.annotations[0]?.message).toContain("stranger/payments-api");
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
  });

  it("knows a fork that was deleted", async () => {
    await using world = await createWorld({ github: { event: "pull_request", fork: true, repo: "acme/payments-api" } });
    const { event } = world.github.context;
    const text = JSON.stringify(event, (key, value) =>
      key === "repo" && value?.full_name?.startsWith("stranger") ? null : value,
    );
    Object.assign(world.github.context, { event: JSON.parse(text) });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_FORK"]);
    expect(result.annotations[0]?.message).toContain("a deleted fork");
  });

  it("logs in on pull_request_target of a fork, with one warning", async () => {
    await using world = await createWorld({
      github: {
        event: "pull_request_target",
        fork: true,
        repo: "acme/payments-api",
        permissions: { "id-token": "write" },
      },
    });
    const result = await world.login();
    expect(result.outcome).toBe("success");
    const warnings = result.annotations.filter((note) => note.level === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toContain("stranger/payments-api");
  });
});
