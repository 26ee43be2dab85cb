import type { Case } from "../case.ts";
import { applyCases } from "./apply.ts";
import { discoveryCases } from "./discovery.ts";
import { errorCases } from "./errors.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { listCases } from "./lists.ts";
import { workloadCases } from "./workloads.ts";

export const cases: readonly Case[] = [
  ...discoveryCases,
  ...applyCases,
  ...listCases,
  ...lifecycleCases,
  ...errorCases,
  ...workloadCases,
];
