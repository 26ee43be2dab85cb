import { words } from "@eks-actions/bootstrap-action/src/plan/consent.ts";
import { expect } from "vitest";
import type { Lab, LabConfig } from "./in-process.ts";

const CONSENT = { allow: words.join(","), unmanaged: "delete" };

/** What a run that must end well sent: writes but tags, and that a second run has nothing to do. */
export async function settle(
  lab: Lab,
  config: LabConfig,
  inputs: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const ran = await lab.run(config, { ...CONSENT, ...inputs });
  expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
  expect(ran.code).toBe(0);
  const left = await lab.look(config, { ...CONSENT, ...inputs });
  expect(left.actions.map((action) => [action.id, action.changes])).toEqual([]);
  return ran.writes.filter((write) => !/TagResource|UntagResource|TagRole/.test(write));
}

export const HEAD = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
`;
