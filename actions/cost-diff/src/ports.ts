import type { BasePorts } from "@eks-actions/action";
import { createGitHub, type GitHubPort } from "@eks-actions/github";
import type { Inputs } from "./inputs.ts";
import { createLivePrices } from "./prices/live-prices.ts";
import type { LivePrices } from "./prices/prices.ts";
import { type Program, runProgram } from "./sides/program.ts";

/** What the action reads and writes through; tests give their own. */
export interface Ports extends BasePorts {
  readonly program: Program;
  readonly github: GitHubPort;
  readonly livePrices: LivePrices;
}

export function realPorts(base: BasePorts, inputs: Inputs): Ports {
  return {
    ...base,
    program: runProgram,
    livePrices: createLivePrices(base),
    github: createGitHub({
      token: inputs.githubToken ?? "",
      apiUrl: base.run.apiUrl,
      repository: base.run.repository,
      clock: base.clock,
      log: base.log,
    }),
  };
}
