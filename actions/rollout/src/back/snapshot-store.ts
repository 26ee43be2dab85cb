import { KubeApiError, type ResourceType } from "@eks-actions/kube";
import { type KubeObject, refOf, secretTexts } from "@eks-actions/manifest";
import type { SnapshotPointer } from "../lock/record.ts";
import { labels } from "../model.ts";
import type { Ports } from "../ports.ts";
import { chunkName, SNAPSHOT_TYPE, type Snapshot, unpackSnapshot } from "./snapshot.ts";

const SECRET: ResourceType = { apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true };

/** Reads a snapshot from its Secrets. @throws ActionError `SNAPSHOT_INVALID` */
export async function loadSnapshot(
  app: string,
  namespace: string,
  pointer: SnapshotPointer,
  { kube, log }: Pick<Ports, "kube" | "log">,
  signal: AbortSignal,
): Promise<Snapshot> {
  const secrets = await Promise.all(
    chunkNames(app, pointer).map((name) => kube.get(secretRef(namespace, name), signal)),
  );
  const snapshot = unpackSnapshot(secrets, pointer, app);
  for (const object of snapshot.restore) for (const secret of secretTexts(object)) log.mask(secret);
  return snapshot;
}

/** Stores a snapshot. One of this number is there already when the answer to the first attempt was lost. */
export async function storeSnapshot(
  secrets: readonly KubeObject[],
  { kube }: Pick<Ports, "kube">,
  signal: AbortSignal,
): Promise<void> {
  for (const secret of secrets) {
    try {
      await kube.create(secret, { signal, isRepeatable: true });
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 409) throw error;
      await kube.delete(refOf(secret), { signal });
      await kube.create(secret, { signal });
    }
  }
}

/** Deletes the Secrets of snapshots; those that are gone already are no fault. */
export async function dropSnapshots(
  app: string,
  namespace: string,
  pointers: readonly SnapshotPointer[],
  { kube }: Pick<Ports, "kube">,
  signal: AbortSignal,
): Promise<void> {
  for (const name of pointers.flatMap((pointer) => chunkNames(app, pointer)))
    await kube.delete(secretRef(namespace, name), { signal });
}

/** Deletes what a run that was killed has left: snapshots of the app that are not among `kept`. */
export async function sweepSnapshots(
  app: string,
  namespace: string,
  kept: readonly SnapshotPointer[],
  { kube, log }: Pick<Ports, "kube" | "log">,
  signal: AbortSignal,
): Promise<void> {
  const names = new Set(kept.flatMap((pointer) => chunkNames(app, pointer)));
  const { items } = await kube.list(SECRET, {
    namespace,
    labelSelector: `${labels.app}=${app}`,
    fieldSelector: `type=${SNAPSHOT_TYPE}`,
    metadataOnly: true,
    signal,
  });
  for (const { metadata } of items.filter((item) => !names.has(item.metadata.name))) {
    await kube.delete(secretRef(namespace, metadata.name), { uid: metadata.uid, signal });
    log.info(`snapshot ${metadata.name} of a run that was killed is deleted`);
  }
}

function chunkNames(app: string, pointer: SnapshotPointer): readonly string[] {
  return Array.from({ length: pointer.chunks }, (_, index) => chunkName(app, pointer.revision, index));
}

function secretRef(namespace: string, name: string) {
  return { apiVersion: "v1", kind: "Secret", namespace, name };
}
