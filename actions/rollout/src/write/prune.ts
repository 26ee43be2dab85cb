import { KubeApiError } from "@eks-actions/kube";
import { nameOf } from "@eks-actions/manifest";
import { explain } from "../faults.ts";
import type { PlannedObject } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { inParallel } from "./parallel.ts";

/** What is deleted: the object as it was read, and where. */
export type Prunable = Pick<PlannedObject, "ref" | "live" | "wave">;

export interface PruneResult {
  readonly deleted: readonly Prunable[];
  readonly warnings: readonly string[];
}

/** What pruning needs. */
export interface PrunePorts extends Pick<Ports, "clock"> {
  readonly kube: Pick<Ports["kube"], "delete" | "get">;
}

const WAIT_MS = 60_000;

/**
 * Deletes what left the set, in reverse waves. An object that somebody else made anew since it was read is spared by
 * the UID; finalizers that hold one up are named, never stripped.
 */
export async function pruneObjects(
  pruned: readonly Prunable[],
  width: number,
  ports: PrunePorts,
  signal: AbortSignal,
): Promise<PruneResult> {
  const warnings: string[] = [];
  const deleted: Prunable[] = [];
  const waves = [...new Set(pruned.map((one) => one.wave))].sort((a, b) => b - a);
  for (const wave of waves) {
    const group = pruned.filter((one) => one.wave === wave);
    await inParallel(group, width, async (one) => {
      try {
        await ports.kube.delete(one.ref, { uid: one.live?.metadata.uid, propagation: "Background", signal });
        deleted.push(one);
      } catch (error) {
        if (!(error instanceof KubeApiError)) throw error;
        if (error.status === 409) warnings.push(`${nameOf(one.ref)} was made anew by somebody else and is not deleted`);
        else {
          const fault = explain(error, { ref: one.ref, phase: "write" });
          warnings.push(`${nameOf(one.ref)} is not deleted: ${fault instanceof Error ? fault.message : String(fault)}`);
        }
      }
    });
  }
  const held = deleted.filter((one) => (one.live?.metadata.finalizers ?? []).length > 0);
  warnings.push(...(await remaining(held, ports, signal)));
  return { deleted, warnings };
}

async function remaining(
  held: readonly Prunable[],
  { kube, clock }: PrunePorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const end = clock.now() + WAIT_MS;
  let open = held;
  for (let pause = 100; open.length > 0 && clock.now() < end; pause = Math.min(2000, pause * 2)) {
    await clock.sleep(pause, signal);
    const found = await Promise.all(open.map(async (one) => ({ one, live: await kube.get(one.ref, signal) })));
    open = found
      .filter(({ one, live }) => live !== undefined && live.metadata.uid === one.live?.metadata.uid)
      .map(({ one }) => one);
  }
  return open.map(
    (one) =>
      `${nameOf(one.ref)} is being deleted, but held by the finalizers ${(one.live?.metadata.finalizers ?? []).join(", ")}`,
  );
}
