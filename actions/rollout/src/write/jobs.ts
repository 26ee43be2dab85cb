import type { KubeObject } from "@eks-actions/manifest";
import type { Wanted } from "../model.ts";
import { annotations } from "../model.ts";
import { rehashed } from "../set/set.ts";

/**
 * Jobs are immutable: with `recreate-jobs: on-change` a changed one becomes a new Job `<name>-<8 hex of its hash>`, and
 * the old one is pruned with the rest. The name follows from the content, so a repeated run finds its Job again.
 */
export function renamedJobs(wanted: readonly Wanted[], live: readonly KubeObject[]): readonly Wanted[] {
  const jobs = live.filter((object) => object.kind === "Job");
  return wanted.map((one) => {
    if (one.ref.kind !== "Job" || !one.ref.apiVersion.startsWith("batch/")) return one;
    const { name, namespace } = one.ref;
    const own = jobs.filter((job) => job.metadata.namespace === namespace);
    const plain = own.find((job) => job.metadata.name === name);
    if (plain?.metadata.annotations?.[annotations.specHash] === one.hash) return one;
    const hadAnother = plain !== undefined || own.some((job) => isRenamed(job.metadata.name, name));
    if (!hadAnother) return one;
    const { metadata } = one.object;
    return rehashed(one, {
      ...one.object,
      metadata: { ...metadata, name: `${name.slice(0, 54)}-${one.hash.slice(0, 8)}` },
    });
  });
}

function isRenamed(candidate: string, name: string): boolean {
  const base = name.slice(0, 54);
  return candidate.startsWith(`${base}-`) && /^[0-9a-f]{8}$/.test(candidate.slice(base.length + 1));
}
