import type { Ports } from "./ports.ts";
import type { SnapshotPointer } from "./record.ts";
import { chunkName, type Snapshot, unpackSnapshot } from "./snapshot.ts";

/** Reads a snapshot from its Secrets. @throws ActionError `SNAPSHOT_INVALID` */
export async function loadSnapshot(
  app: string,
  namespace: string,
  pointer: SnapshotPointer,
  { kube }: Pick<Ports, "kube">,
  signal: AbortSignal,
): Promise<Snapshot> {
  const names = Array.from({ length: pointer.chunks }, (_, index) => chunkName(app, pointer.revision, index));
  const secrets = await Promise.all(
    names.map((name) => kube.get({ apiVersion: "v1", kind: "Secret", namespace, name }, signal)),
  );
  return unpackSnapshot(secrets, pointer, app);
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
