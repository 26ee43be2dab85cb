import type { Action } from "@eks-actions/action";
import { type Inputs, inputs, readInputs } from "./inputs.ts";
import { type Facts, observe } from "./observe.ts";
import type { Outcome } from "./outcome.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { realPorts } from "./real-ports.ts";
import { describe } from "./report/describe.ts";
import { applyWithPlanFile, reportWithFile } from "./report/files.ts";

/** inputs → observe → plan → apply → report. */
export const rollout: Action<Inputs, Facts, Plan, Outcome, Ports> = {
  name: "rollout",
  inputs,
  readInputs,
  ports: realPorts,
  observe,
  plan,
  describe,
  isPlanOnly: () => false,
  apply: applyWithPlanFile,
  report: reportWithFile,
};
