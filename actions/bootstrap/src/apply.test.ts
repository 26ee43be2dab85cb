import { describe, expect, it } from "vitest";
import { startLab } from "../../../test/journeys/bootstrap/in-process.ts";

const SMALL = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
managedNodeGroups:
  - name: web
`;

describe("apply on an empty account", () => {
  it("builds everything, converges, and changes nothing the second time", async () => {
    await using lab = await startLab();
    const first = await lab.run(SMALL);
    expect(first.code).toBe(0);
    const second = await lab.run(SMALL);
    expect(second.writes).toEqual([]);
  }, 60_000);
});
