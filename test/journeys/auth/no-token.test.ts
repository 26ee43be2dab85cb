import { describe, expect, it } from "vitest";
import { createWorld, errorCodes, tokenRequests } from "./world.ts";

describe("a job without OIDC token", () => {
  it("on push says which permission is missing, and that a caller must grant it", async () => {
    await using world = await createWorld({ permissions: { contents: "read" } });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_PERMISSION_MISSING"]);
    const message = result.annotations.map((note) => note.message).join();
    expect(message).toContain("id-token: write");
    expect(message).toContain("calling job");
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
    expect(result.env).toEqual({});
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
