import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createMachine, runStep } from "../../runner/index.ts";
import { exitNote } from "../process.ts";
import { type Contender, layOut } from "./contender.ts";

/** The built action in the runner harness; its few milliseconds count against the action. */
export function ours(tree: string): Contender {
  return {
    name: "actions/rollout",
    phases: ["cold", "unchanged", "changed", "crashing"],
    async run(job) {
      layOut(job, "k8s/all.yaml");
      using machine = createMachine(job.folder);
      const note = exitNote(machine.toolCache);
      const result = await runStep({
        action: join(tree, "actions/rollout"),
        machine,
        machineEnv: note.env,
        with: {
          app: "bench",
          namespace: job.namespace,
          manifests: "k8s",
          kubeconfig: "kubeconfig",
          timeout: `${job.timeoutSeconds}s`,
          "github-token": "",
          ...(job.phase === "crashing" ? { "on-failure": "hold" } : {}),
        },
      });
      const wanted = { cold: "applied", unchanged: "unchanged", changed: "applied", crashing: "held" }[job.phase];
      if (result.outputs["result"] !== wanted) throw new Error(`rollout, ${job.phase}: ${result.log.slice(-4000)}`);
      return {
        ms: result.durationMs,
        ...note.read(),
        green: result.outcome === "success",
        told: requestsOf(result.outputs["report-json"]),
        output: result.outputs["cause"] ?? "",
      };
    },
  };
}

function requestsOf(report: string | undefined): number | undefined {
  if (report === undefined) return undefined;
  const { requests } = JSON.parse(readFileSync(report, "utf8"));
  return requests?.requests;
}
