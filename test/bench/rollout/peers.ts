import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../process.ts";
import { type Contender, type Job, layOut, type Run } from "./contender.ts";

const EVERY_PHASE = ["cold", "unchanged", "changed", "crashing"] as const;

/** `kubectl apply --server-side`, then `kubectl rollout status` of all Deployments, as workflows do. */
export function kubectl(program: string): Contender {
  return {
    name: "kubectl apply + rollout status",
    phases: EVERY_PHASE,
    async run(job) {
      const file = layOut(job, "all.yaml");
      const settings = { env: freshHome(job), timeoutMs: 900_000 };
      const common = ["--kubeconfig", join(job.folder, "kubeconfig"), "--namespace", job.namespace];
      const applied = await measure(program, [...common, "apply", "--server-side", "-f", file], settings);
      if (applied.code !== 0) throw new Error(`kubectl apply: ${applied.output.slice(-2000)}`);
      const wait = ["rollout", "status", "deployment", "-l", "app.kubernetes.io/part-of=bench"];
      const waited = await measure(program, [...common, ...wait, `--timeout=${job.timeoutSeconds}s`], settings);
      return {
        ms: applied.ms + waited.ms,
        exitedAt: waited.exitedAt,
        peakMb: Math.max(applied.peakMb, waited.peakMb),
        cpuMs: applied.cpuMs + waited.cpuMs,
        green: waited.code === 0,
        output: waited.output,
      };
    },
  };
}

/** `helm upgrade --install --wait` of a chart that holds the very same text. */
export function helm(program: string): Contender {
  return {
    name: "helm upgrade --install --wait",
    phases: EVERY_PHASE,
    async run(job): Promise<Run> {
      layOut(job, "chart/templates/all.yaml");
      writeFileSync(join(job.folder, "chart", "Chart.yaml"), "apiVersion: v2\nname: bench\nversion: 0.1.0\n");
      const where = ["--kubeconfig", join(job.folder, "kubeconfig"), "--namespace", job.namespace];
      const what = ["upgrade", "--install", "bench", join(job.folder, "chart"), "--wait"];
      const ran = await measure(program, [...what, `--timeout=${job.timeoutSeconds}s`, ...where], {
        env: freshHome(job),
        timeoutMs: 900_000,
      });
      return { ...ran, green: ran.code === 0 };
    },
  };
}

// A hosted runner starts without anybody's discovery cache.
function freshHome(job: Job): Readonly<Record<string, string>> {
  mkdirSync(job.folder, { recursive: true });
  return { PATH: process.env["PATH"] ?? "", HOME: mkdtempSync(join(job.folder, "home-")) };
}
