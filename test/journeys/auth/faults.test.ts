import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../fakes/github/faults.ts";
import { loginHere } from "./in-process.ts";
import { otherSts, stsAnswer } from "./other-sts.ts";
import { addCluster, createWorld, errorCodes, reportOf, tokenRequests } from "./world.ts";

describe("GitHub's OIDC endpoint", () => {
  it.each<[string, FaultKind]>([
    ["429", { type: "status", status: 429 }],
    ["500", { type: "status", status: 500 }],
    ["a broken connection", { type: "reset" }],
    ["HTML in place of JSON", { type: "html", status: 200 }],
  ])("is asked again after %s", async (_, kind) => {
    await using world = await createWorld({ github: { faults: [{ operation: "oidc/token", kind }] } });
    const result = await loginHere(world);
    expect(result.exitCode).toBe(0);
    expect(tokenRequests(world)).toBe(2);
    expect(reportOf(result).retries).toHaveLength(1);
  });

  it("is asked three times when it refuses", async () => {
    await using world = await createWorld({
      github: { faults: [{ operation: "oidc/token", times: 3, kind: { type: "status", status: 403 } }] },
    });
    const result = await loginHere(world);
    expect(errorCodes(result)).toEqual(["ID_TOKEN_REFUSED"]);
    expect(tokenRequests(world)).toBe(3);
    expect(world.aws.requests).toEqual([]);
  });

  it("is not followed to another place", async () => {
    await using world = await createWorld({
      github: { faults: [{ operation: "oidc/token", kind: { type: "redirect", location: "http://127.0.0.1:1/" } }] },
    });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["ID_TOKEN_UNAVAILABLE"]);
    expect(result.annotations[0]?.message).toContain("redirect");
  });
});

describe("STS", () => {
  it("is asked again when it throttles, and the report lists each retry", async () => {
    const error = { code: "Throttling", message: "Rate exceeded", status: 400 };
    const op = "sts:AssumeRoleWithWebIdentity";
    await using world = await createWorld({
      aws: {
        faults: [
          { op, nth: 1, error },
          { op, nth: 2, error },
        ],
      },
    });
    const result = await loginHere(world);
    expect(result.exitCode).toBe(0);
    expect(reportOf(result).retries.map((retry) => retry.code)).toEqual(["Throttling", "Throttling"]);
  });

  it.each([
    [429, "STS_THROTTLED"],
    [503, "STS_UNAVAILABLE"],
  ])("that asks by HTTP %d for a longer wait than the budget ends the run at once with %s", async (status, code) => {
    let asked = 0;
    await using sts = await otherSts((_, response) => {
      asked++;
      response.writeHead(status, { "retry-after": "300" }).end("busy");
    });
    await using world = await createWorld();
    const result = await loginHere(world, { "sts-endpoint": sts.url });
    expect(errorCodes(result)).toEqual([code]);
    expect(asked).toBe(1);
    expect(result.clock.waited).toEqual([]);
  });

  it("that stays silent ends the run within its budget", async () => {
    await using sts = await otherSts(() => undefined);
    await using world = await createWorld();
    const result = await world.login({
      "sts-endpoint": sts.url,
      "max-wait-seconds": "3",
      "request-timeout-seconds": "1",
    });
    expect(errorCodes(result)).toEqual(["STS_UNAVAILABLE"]);
    expect(result.durationMs).toBeLessThan(4_500);
  });

  it("that calls the token expired gets one new token", async () => {
    const error = { code: "ExpiredTokenException", message: "Token expired", status: 400 };
    await using world = await createWorld({
      aws: { faults: [{ op: "sts:AssumeRoleWithWebIdentity", nth: 1, error }] },
    });
    const result = await world.login();
    expect(result.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(2);
    expect(reportOf(result).requests).toEqual({ oidc: 2, sts: 2, eks: 0 });
  });

  it("that answers for another account exports nothing", async () => {
    await using sts = await otherSts((_, response) => {
      response
        .writeHead(200, { "content-type": "text/xml" })
        .end(stsAnswer({ account: "999999999999", session: "fixed" }));
    });
    await using world = await createWorld();
    const result = await world.login({
      "sts-endpoint": sts.url,
      "role-session-name": "fixed",
      "allowed-account-ids": "111122223333",
    });
    expect(errorCodes(result)).toEqual(["ACCOUNT_NOT_ALLOWED"]);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });

  it("that smuggles a line break into a key sets no variable", async () => {
    await using sts = await otherSts((_, response) => {
      response.writeHead(200, { "content-type": "text/xml" }).end(stsAnswer({ key: "ASIA&#10;X=1", session: "fixed" }));
    });
    await using world = await createWorld();
    const result = await world.login({ "sts-endpoint": sts.url, "role-session-name": "fixed" });
    expect(errorCodes(result)).toEqual(["STS_RESPONSE_INVALID"]);
    expect(result.env).toEqual({});
  });

  it("that hands out a very long session token exports nothing, because no API server would read the EKS token", async () => {
    await using sts = await otherSts((_, response) => {
      const answer = stsAnswer({ token: "t".repeat(3_000), session: "fixed" });
      response.writeHead(200, { "content-type": "text/xml" }).end(answer);
    });
    await using world = await createWorld();
    addCluster(world, "payments");
    const keys = world.aws.issueSession(world.role);
    const result = await loginHere(
      world,
      { "sts-endpoint": sts.url, "role-session-name": "fixed", "eks-cluster": "payments", refresh: "true" },
      {
        ports: (real) => ({
          ...real,
          describeCluster: (aws, ...rest) => real.describeCluster({ ...aws, credentials: keys }, ...rest),
        }),
      },
    );
    expect(errorCodes(result)).toEqual(["EKS_TOKEN_TOO_LONG"]);
    expect(result.annotations[0]?.message).toContain("3000");
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });
});
