import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { headlineRows } from "../bench/headlines.ts";

const headers = ["contender", "wall ms", "to the best peer"];

it("the bench's report has a line for what was measured, and none for what was not", () => {
  const cold = {
    title: "cold: nothing there yet",
    headers,
    rows: [
      ["actions/rollout, N = 100, RTT 0 ms", "700 (690–720)", "0.20 ×"],
      ["actions/rollout, N = 100, RTT 20 ms", "900 (880–950)", "0.25 ×"],
      ["kubectl apply + rollout status, N = 100, RTT 20 ms", "3600 (3500–3900)", "1.00 ×"],
    ],
  };
  expect(headlineRows(new Map([["rollout", [cold]]]))).toEqual([
    {
      what: "100 objects applied and healthy, nothing there before",
      korean: "오브젝트 100개를 처음 적용해 정상이 될 때까지",
      ours: "900 (880–950) ms",
      against: "kubectl apply + rollout status: 3600 (3500–3900) ms",
      ratio: "0.25 ×",
    },
  ]);
  const withoutPeer = { ...cold, rows: cold.rows.slice(0, 2) };
  expect(headlineRows(new Map([["rollout", [withoutPeer]]]))).toEqual([]);
});

it.runIf(existsSync("test/bench/report.json"))("the report that the README quotes says when and on what", () => {
  const report: unknown = JSON.parse(readFileSync("test/bench/report.json", "utf8"));
  expect(report).toMatchObject({
    schemaVersion: 1,
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    rows: expect.any(Array),
  });
});
