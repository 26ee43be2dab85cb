import type { Case } from "../case.ts";
import { applyCases } from "./apply.ts";
import { applyListCases } from "./apply-lists.ts";
import { deploymentCases } from "./deployments.ts";
import { discoveryCases } from "./discovery.ts";
import { errorCases } from "./errors.ts";
import { kindCases } from "./kinds.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { listCases } from "./lists.ts";
import { podCases } from "./pods.ts";
import { refusalCases } from "./refusals.ts";
import { workloadCases } from "./workloads.ts";

export const cases: readonly Case[] = [
  // First, because a namespace of the real server takes its time to go.
  ...lifecycleCases,
  ...discoveryCases,
  ...applyCases,
  ...applyListCases,
  ...kindCases,
  ...listCases,
  ...errorCases,
  ...refusalCases,
  ...deploymentCases,
  ...podCases,
  ...workloadCases,
];
