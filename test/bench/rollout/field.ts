import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../cluster/cluster.ts";
import { startLink } from "../../cluster/link.ts";
import { now } from "../process.ts";
import { type AuditLog, auditLog } from "./audit.ts";
import type { Contender, Phase } from "./contender.ts";
import { benchObjects, manifestText, type Variant } from "./manifests.ts";
import { watchPods } from "./pod-watch.ts";

/** What one run of one contender showed. */
export interface Sample {
  readonly size: number;
  readonly rttMs: number;
  readonly phase: Phase;
  readonly round: number;
  readonly contender: string;
  readonly ms: number;
  /** By the API server's audit log. */
  readonly requests: number;
  /** By the action's own report. */
  readonly told?: number | undefined;
  readonly peakMb: number;
  readonly cpuMs: number;
  readonly green: boolean;
  /** From the last pod's Ready, as an onlooker saw it, to the exit. */
  readonly afterReadyMs?: number | undefined;
  /** From the first CrashLoopBackOff that an onlooker saw to the exit. */
  readonly afterCrashMs?: number | undefined;
  /** From the third restart, the default budget, to the exit. */
  readonly afterBudgetMs?: number | undefined;
  readonly output: string;
}

export interface FieldOptions {
  readonly size: number;
  readonly rtts: readonly number[];
  readonly rounds: number;
  readonly contenders: (cluster: Awaited<ReturnType<typeof startCluster>>) => readonly Contender[];
  readonly print: (line: string) => void;
}

const PHASES: readonly Phase[] = ["cold", "unchanged", "changed", "crashing"];
const VARIANTS: Readonly<Record<Phase, Variant>> = {
  cold: "first",
  unchanged: "first",
  changed: "changed",
  crashing: "crashing",
};
/** Whoever took longer once is not asked again at this size. */
const TOO_LONG_MS = 60_000;
const CRASH_TIMEOUT_SECONDS = 30;
const RESTART_BUDGET = 3;

/** One control plane, all contenders in turn, each in a fresh namespace each round. */
export async function play(options: FieldOptions): Promise<readonly Sample[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-rollout-"));
  const audit = auditLog(folder, "ci");
  const cluster = await startCluster({
    nodes: nodesFor(options),
    apiserverArgs: audit.apiserverArgs,
    print: options.print,
  });
  try {
    const contenders = options.contenders(cluster);
    const samples: Sample[] = [];
    for (const rttMs of options.rtts) {
      const quick = contenders.filter(({ name }) => !samples.some((one) => one.contender === name && isTooLong(one)));
      samples.push(...(await playAt(rttMs, { ...options, cluster, audit, folder, contenders: quick })));
    }
    return samples;
  } finally {
    await cluster[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

// Namespaces stay until the end, so that no deletion disturbs the next run; a node takes 110 pods.
function nodesFor({ size, rtts, rounds }: FieldOptions): number {
  return 2 + Math.ceil((rtts.length * rounds * 4 * 1.2 * size) / 10 / 110);
}

interface Field extends Omit<FieldOptions, "contenders"> {
  readonly cluster: Awaited<ReturnType<typeof startCluster>>;
  readonly audit: AuditLog;
  readonly folder: string;
  readonly contenders: readonly Contender[];
}

async function playAt(rttMs: number, field: Field): Promise<readonly Sample[]> {
  const { cluster, contenders, rounds, size } = field;
  await using link = rttMs === 0 ? undefined : await startLink(cluster);
  await link?.spoil({ type: "latency", latency: rttMs });
  const samples: Sample[] = [];
  const isSlow = ({ name }: Contender) => samples.some((one) => one.contender === name && isTooLong(one));
  for (let round = 0; round < rounds; round++) {
    // Nobody is always first after the namespaces of the round before.
    const order = contenders.map((_, place) => contenders[(place + round) % contenders.length] ?? contenders[0]);
    const places = new Map<Contender, Place>();
    for (const phase of PHASES) {
      if (phase === "crashing" && rttMs > 0) continue;
      for (const contender of order) {
        if (contender?.phases.includes(phase) !== true || isSlow(contender)) continue;
        if (phase === "crashing" && round > 0) continue;
        const place = places.get(contender) ?? (await placeFor(field));
        places.set(contender, place);
        const kubeconfig = (link ?? cluster).kubeconfig("ci", place.namespace);
        const sample = { size, rttMs, round, ...(await runOne(contender, phase, { ...field, ...place, kubeconfig })) };
        field.print(
          `rollout N = ${size}, RTT ${rttMs} ms, round ${round + 1}: ${contender.name} ${phase} ${sample.ms.toFixed(0)} ms`,
        );
        samples.push(sample);
      }
    }
  }
  return samples;
}

function isTooLong({ ms }: Sample): boolean {
  return ms > TOO_LONG_MS;
}

interface Place {
  readonly namespace: string;
  readonly ownFolder: string;
}

async function placeFor({ cluster, folder }: Field): Promise<Place> {
  const { name } = await cluster.namespace("bench");
  return { namespace: name, ownFolder: mkdtempSync(join(folder, "job-")) };
}

async function runOne(contender: Contender, phase: Phase, field: Field & Place & { readonly kubeconfig: string }) {
  const { cluster, audit, namespace } = field;
  const objects = benchObjects(field.size, VARIANTS[phase]);
  using pods = watchPods(cluster, namespace);
  await audit.requests();
  pods.reset();
  const startedAt = now();
  const run = await contender.run({
    phase,
    namespace,
    folder: field.ownFolder,
    kubeconfig: field.kubeconfig,
    objects,
    text: manifestText(objects),
    timeoutSeconds: phase === "crashing" ? CRASH_TIMEOUT_SECONDS : 600,
  });
  if (run.green === (phase === "crashing")) throw new Error(`${contender.name}, ${phase}: ${run.output.slice(-3000)}`);
  const requests = await audit.requests();
  if (phase === "crashing") await calm(field, namespace);
  const since = (at: number | undefined) => (at === undefined || at < startedAt ? undefined : run.exitedAt - at);
  return {
    phase,
    contender: contender.name,
    ms: run.ms,
    requests,
    told: run.told,
    peakMb: run.peakMb,
    cpuMs: run.cpuMs,
    green: run.green,
    afterReadyMs: phase === "cold" || phase === "changed" ? since(pods.lastReadyAt()) : undefined,
    afterCrashMs: phase === "crashing" ? since(pods.firstCrashAt()) : undefined,
    afterBudgetMs: phase === "crashing" ? since(pods.restartsAt(RESTART_BUDGET)) : undefined,
    output: phase === "crashing" ? run.output.slice(-500) : "",
  };
}

// A pod that goes on crashing would write status through everybody else's runs.
async function calm({ cluster }: Field, namespace: string): Promise<void> {
  await cluster.api.request("DELETE", `/apis/apps/v1/namespaces/${namespace}/deployments/web-0001`);
}
