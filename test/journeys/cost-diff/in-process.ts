import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readContext } from "@eks-actions/action";
import { inputs, readInputs } from "@eks-actions/cost-diff-action/src/inputs.ts";
import { observe } from "@eks-actions/cost-diff-action/src/observe.ts";
import { type Plan, plan } from "@eks-actions/cost-diff-action/src/plan.ts";
import type { LivePrices } from "@eks-actions/cost-diff-action/src/prices/prices.ts";
import type { ClusterReport, CostReport } from "@eks-actions/cost-diff-action/src/report-file/report-model.ts";
import { type Program, runProgram } from "@eks-actions/cost-diff-action/src/sides/program.ts";
import { createGitHub } from "@eks-actions/github";
import { virtualClock } from "../../fakes/clock.ts";
import { silentLog } from "../../fakes/log.ts";

export interface PriceCase {
  readonly base?: Readonly<Record<string, string>>;
  readonly head: Readonly<Record<string, string>>;
  /** By default all of `deploy`, on the 23rd of November 2026 in us-east-1. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: Program;
  readonly livePrices?: LivePrices;
}

export interface Priced {
  readonly plan: Plan;
  readonly report: CostReport;
  /** The first cluster. */
  readonly cluster: ClusterReport;
  /** A line of the first cluster at head. */
  line(id: string): number;
}

/** Observes and plans two folders as the action does, without git, GitHub and AWS. */
export async function price(given: PriceCase): Promise<Priced> {
  const root = mkdtempSync(join(tmpdir(), "price-"));
  try {
    const head = { ...given.head };
    for (const [side, files] of [
      ["base", given.base ?? head],
      ["head", head],
    ] as const) {
      mkdirSync(join(root, side, "deploy"), { recursive: true });
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, side, path)), { recursive: true });
        writeFileSync(join(root, side, path), text);
      }
    }
    mkdirSync(join(root, "temp"));
    const hasManifests = Object.keys({ ...given.base, ...head }).some((path) => path.startsWith("deploy/"));
    const read = readInputs({
      ...(hasManifests ? { manifests: "deploy" } : {}),
      "as-of": "2026-11-23",
      "aws-region": "us-east-1",
      "base-path": "base",
      "head-path": "head",
      mode: "compute",
      ...given.inputs,
    });
    const run = readContext({
      GITHUB_WORKSPACE: root,
      RUNNER_TEMP: join(root, "temp"),
      GITHUB_RUN_ID: "7",
      ...given.env,
    });
    const clock = virtualClock();
    const ports = {
      clock,
      log: silentLog(clock),
      run,
      saveState: () => undefined,
      program: given.program ?? runProgram,
      github: createGitHub({ token: "", apiUrl: "http://127.0.0.1:1", repository: "o/r", clock }),
      livePrices: given.livePrices ?? (async () => Promise.reject(new Error("no live prices in this test"))),
    };
    const facts = await observe(read, ports, new AbortController().signal);
    const made = plan(read, facts);
    const { report } = made.file;
    const [cluster] = report.clusters;
    if (cluster === undefined) throw new Error("no cluster was priced");
    return { plan: made, report, cluster, line: (id) => cluster.lines.find((line) => line.id === id)?.head ?? 0 };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export const inputNames: readonly string[] = Object.keys(inputs.specs);
