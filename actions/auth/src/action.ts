import type { Action } from "@eks-actions/action";
import { apply, type Outcome, undo } from "./apply.ts";
import { type Inputs, inputs, readInputs } from "./inputs.ts";
import { type Facts, observe } from "./observe.ts";
import { describe, isPlanOnly, type Plan, plan } from "./plan.ts";
import { type Ports, realPorts } from "./ports.ts";
import { report } from "./report.ts";

/** inputs → observe → plan → apply → report. */
export const auth: Action<Inputs, Facts, Plan, Outcome, Ports> = {
  name: "auth",
  inputs,
  readInputs,
  ports: realPorts,
  observe,
  plan,
  describe,
  isPlanOnly,
  apply,
  report,
  undo,
};
