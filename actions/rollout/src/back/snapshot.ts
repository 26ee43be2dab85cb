import { gunzipSync, gzipSync } from "node:zlib";
import { ActionError } from "@eks-actions/action";
import { at, isRecord, type KubeObject, type ObjectRef } from "@eks-actions/manifest";
import { sha256 } from "../live/canonical.ts";
import type { SnapshotPointer } from "../lock/record.ts";
import { labels } from "../model.ts";
import { parentName } from "../set/set.ts";

export const SNAPSHOT_TYPE = "eks-actions.dev/snapshot";
// A Secret holds 1 MiB, and base64 takes a third more than the bytes.
const CHUNK_BYTES = 768 * 1024;
const LIMIT_BYTES = 64 * 1024 * 1024;

/** The state before a rollout: what to apply to get it back, and what the rollout will have created. */
export interface Snapshot {
  readonly schemaVersion: 1;
  readonly healthy: boolean;
  readonly restore: readonly KubeObject[];
  readonly created: readonly ObjectRef[];
}

export interface PackedSnapshot {
  readonly pointer: SnapshotPointer;
  readonly secrets: readonly KubeObject[];
}

export function packSnapshot(snapshot: Snapshot, app: string, namespace: string, revision: number): PackedSnapshot {
  const bytes = gzipSync(JSON.stringify(snapshot));
  const chunks = Array.from({ length: Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES)) }, (_, i) =>
    bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
  return {
    pointer: { revision, chunks: chunks.length, sha256: sha256(bytes), healthy: snapshot.healthy },
    secrets: chunks.map((chunk, index) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: chunkName(app, revision, index), namespace, labels: { [labels.app]: app } },
      type: SNAPSHOT_TYPE,
      immutable: true,
      data: { chunk: chunk.toString("base64") },
    })),
  };
}

export function chunkName(app: string, revision: number, index: number): string {
  return `${parentName(app)}-r${revision}-${index}`;
}

/**
 * The snapshot out of its Secrets, in order.
 * @throws ActionError `SNAPSHOT_INVALID` when one is missing, edited, of another type, or of a newer version
 */
export function unpackSnapshot(
  secrets: readonly (KubeObject | undefined)[],
  pointer: SnapshotPointer,
  app: string,
): Snapshot {
  const refuse = (reason: string, cause?: unknown) =>
    new ActionError("SNAPSHOT_INVALID", {
      message: `snapshot ${pointer.revision} of ${app}: ${reason}; nothing was changed`,
      hint: "roll out the wanted version with `mode: apply`",
      cause,
    });
  const parts = secrets.map((secret, index) => {
    const data = at(secret, ["data", "chunk"]);
    if (secret === undefined) throw refuse(`Secret ${chunkName(app, pointer.revision, index)} is missing`);
    if (secret["type"] !== SNAPSHOT_TYPE || secret.metadata.labels?.[labels.app] !== app || typeof data !== "string") {
      throw refuse(`Secret ${secret.metadata.name} is no snapshot of this app`);
    }
    return Buffer.from(data, "base64");
  });
  const bytes = Buffer.concat(parts);
  if (sha256(bytes) !== pointer.sha256) throw refuse("its checksum does not fit");
  let value: unknown;
  try {
    value = JSON.parse(gunzipSync(bytes, { maxOutputLength: LIMIT_BYTES }).toString("utf8"));
  } catch (cause) {
    throw refuse("it cannot be unpacked", cause);
  }
  if (!isRecord(value) || value["schemaVersion"] !== 1) throw refuse("it was written by a newer version of the action");
  return value as unknown as Snapshot; // its checksum stands in the Lease, so it is what packSnapshot wrote
}
