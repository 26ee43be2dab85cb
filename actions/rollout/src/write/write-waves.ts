import { ActionError } from "@eks-actions/action";
import { identityOf, nameOf } from "@eks-actions/manifest";
import { packSnapshot } from "../back/snapshot.ts";
import { storeSnapshot } from "../back/snapshot-store.ts";
import { type GateResult, gate } from "../gate/gate.ts";
import { awaitHealthy } from "../gate/gating.ts";
import { isCovered, parentSecret } from "../live/inventory.ts";
import { slimObject } from "../live/slim.ts";
import { FIELD_MANAGER } from "../model.ts";
import type { PlannedObject } from "../plan.ts";
import { objectsOf } from "../report/describe.ts";
import { dependedOn, dependencyName, WAVE_NAMES, WAVES_PER_SYNC } from "../set/waves.ts";
import { inParallel } from "./parallel.ts";
import type { Rollout } from "./rollout.ts";
import { writeObject } from "./write.ts";

const CRD_WAIT_MS = 60_000;

/** Snapshot, inventory, then the objects wave by wave. */
export async function writeAll(rollout: Rollout): Promise<void> {
  const { plan, ports, lock, signal, state } = rollout;
  const { app, namespace, inventory } = plan.state;
  const { restore, created } = plan.snapshot;
  if (restore.length + created.length > 0 && inventory !== undefined) {
    const packed = packSnapshot(plan.snapshot, app, namespace, lock.record.revision);
    await storeSnapshot(packed.secrets, ports, signal);
    const { snapshot: older, history } = lock.record;
    await lock.write(
      { phase: "applying", snapshot: packed.pointer, history: older === undefined ? history : [...history, older] },
      signal,
    );
  }
  const members = [...plan.objects, ...plan.pruned];
  if (!isCovered(inventory, members, namespace)) {
    const parent = parentSecret(
      app,
      namespace,
      members,
      { groupKinds: inventory?.groupKinds ?? [], namespaces: inventory?.namespaces ?? [] },
      ports.version,
    );
    await ports.kube.apply(parent, { fieldManager: FIELD_MANAGER, force: true }, signal);
  }
  const waited = dependedOn(plan.objects.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted.object])));
  const changing = plan.objects.filter((one) => one.action !== "unchanged");
  const waves = [...new Set(changing.map((one) => one.wave))].sort((a, b) => a - b);
  let written: readonly PlannedObject[] = [];
  for (const [index, wave] of waves.entries()) {
    const group = changing.filter((one) => one.wave === wave);
    await writeWave(rollout, wave, group);
    const next = waves[index + 1];
    if (next === undefined) break;
    // Between two values of a sync-wave all of the first must be healthy, whichever of our own waves it was in.
    const crossesSync = Math.floor(next / WAVES_PER_SYNC) !== Math.floor(wave / WAVES_PER_SYNC);
    const named = group.filter(({ wanted }) => wanted !== undefined && waited.has(dependencyName(wanted.object)));
    written = [...written, ...group];
    const needed = crossesSync ? written : named;
    if (needed.length > 0) await awaitHealthy(rollout, needed);
    if (crossesSync) written = [];
  }
  state.happened(`${objectsOf(changing.length)} written`);
}

async function writeWave(rollout: Rollout, wave: number, group: readonly PlannedObject[]): Promise<void> {
  const { plan, ports, signal, view, state } = rollout;
  const written = await inParallel(group, plan.inputs.concurrency, async (one) => {
    const { object, warnings } = await writeObject(one, plan.inputs, ports, signal);
    const known = slimObject(object);
    if (one.live === undefined) rollout.created.set(one.identity, known);
    if (object.metadata.generation !== undefined) rollout.written.set(one.identity, object.metadata.generation);
    for (const warning of warnings) state.warnings.push(`${nameOf(one.ref)}: ${warning}`);
    return known;
  });
  const kind = WAVE_NAMES[((wave % WAVES_PER_SYNC) + WAVES_PER_SYNC) % WAVES_PER_SYNC] ?? "objects";
  ports.log.info(`${kind}: ${written.length} written`);
  const definitions = group.filter(({ ref }) => ref.kind === "CustomResourceDefinition");
  // Watching begins with the workloads, so that the first fatal sign is seen while the rest is still being written.
  await view.track(written);
  if (definitions.length > 0) {
    const result = await gate(
      definitions.map(({ ref }) => ref),
      view,
      {
        budgets: plan.inputs.budgets,
        timeoutMs: CRD_WAIT_MS,
        noProgressMs: CRD_WAIT_MS,
        stableForMs: 0,
        app: plan.state.app,
      },
      { clock: ports.clock, log: ports.log, serverTime: () => ports.kube.serverTime() },
      signal,
    );
    ports.kube.forgetDiscovery();
    if (result.failure !== undefined) throw notEstablished(definitions, result);
  }
}

function notEstablished(definitions: readonly PlannedObject[], result: GateResult): ActionError {
  const bad = definitions.find(({ identity }) =>
    result.verdicts.some((verdict) => identityOf(verdict.ref) === identity && verdict.status !== "healthy"),
  );
  return new ActionError("CRD_NOT_READY", {
    message: `CRD ${bad?.ref.name ?? ""} is not established after 60 s: ${result.failure?.message ?? ""}`,
    hint: "look at the conditions of the CRD: names may clash with another one",
    file: bad?.source?.file,
    line: bad?.source?.line,
  });
}
