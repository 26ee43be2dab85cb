import { secretTexts } from "@eks-actions/manifest";
import type { Ports } from "./ports.ts";
import type { SnapshotPointer } from "./record.ts";
import { chunkName, type Snapshot, unpackSnapshot } from "./snapshot.ts";

/** Reads a snapshot from its Secrets. @throws ActionError `SNAPSHOT_INVALID` */
export async function loadSnapshot(
  app: string,
  namespace: string,
  pointer: SnapshotPointer,
  { kube, log }: Pick<Ports, "kube" | "log">,
  signal: AbortSignal,
): Promise<Snapshot> {
  const names = Array.from({ length: pointer.chunks }, (_, index) => chunkName(app, pointer.revision, index));
  const secrets = await Promise.all(
    names.map((name) => kube.get({ apiVersion: "v1", kind: "Secret", namespace, name }, signal)),
  );
  const snapshot = unpackSnapshot(secrets, pointer, app);
  for (const object of snapshot.restore) for (const secret of secretTexts(object)) log.mask(secret);
  return snapshot;
}

/** Deletes the Secrets of snapshots; those that are gone already are no fault. */
export async function dropSnapshots(
  app: string,
  namespace: string,
  pointers: readonly SnapshotPointer[],
  { kube }: Pick<Ports, "kube">,
): Promise<void> {
  for (const pointer of pointers) {
    for (let index = 0; index < pointer.chunks; index++) {
      await kube.delete({ apiVersion: "v1", kind: "Secret", namespace, name: chunkName(app, pointer.revision, index) });
    }
  }
}
