import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchObject } from "./manifests.ts";

export type Phase = "cold" | "unchanged" | "changed" | "crashing";

/** What a contender is given: a namespace, a folder of its own, and what shall be live. */
export interface Job {
  readonly phase: Phase;
  readonly namespace: string;
  readonly folder: string;
  /** Text of the kubeconfig. */
  readonly kubeconfig: string;
  readonly objects: readonly BenchObject[];
  /** The same as YAML text. */
  readonly text: string;
  readonly timeoutSeconds: number;
}

export interface Run {
  /** From the start of the first process to the end of the last. */
  readonly ms: number;
  readonly exitedAt: number;
  readonly peakMb: number;
  readonly cpuMs: number;
  readonly green: boolean;
  /** Requests by its own account. */
  readonly told?: number | undefined;
  /** Where it is no success that was wanted: what it said. */
  readonly output: string;
}

export interface Contender {
  readonly name: string;
  /** Phases it has an answer for. */
  readonly phases: readonly Phase[];
  run(job: Job): Promise<Run>;
}

/** Writes the set anew below the job's folder. */
export function layOut(job: Job, path: string): string {
  const target = join(job.folder, path);
  rmSync(target, { force: true });
  mkdirSync(join(target, ".."), { recursive: true });
  writeFileSync(target, job.text);
  writeFileSync(join(job.folder, "kubeconfig"), job.kubeconfig);
  return target;
}
