import type { Action } from "@eks-actions/action";
import { apply, type Outcome } from "./apply.ts";
import type { Facts } from "./facts.ts";
import { type Inputs, inputs, readInputs } from "./inputs.ts";
import { observe } from "./observe.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { realPorts } from "./real-ports.ts";
import { describe } from "./report/describe.ts";
import { withReportFile } from "./report/report-file.ts";
import { report } from "./report.ts";

/** The action as the seam runs it. Every mode ends in `apply`, which publishes a plan that is not to be carried out. */
export const bootstrap: Action<Inputs, Facts, Plan, Outcome, Ports> = {
  name: "bootstrap",
  inputs,
  readInputs,
  ports: realPorts,
  observe,
  plan,
  describe,
  isPlanOnly: () => false,
  apply: async (plan, ports, signal) => withReportFile(await apply(plan, ports, signal), ports),
  report,
};
