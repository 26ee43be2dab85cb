import type { ClusterConfig } from "@eks-actions/cluster-config";
import { placeOf } from "@eks-actions/cluster-config";
import type { Change } from "./action.ts";
import { canonical, shortHash } from "./value.ts";

/** One comparable field of an object, both sides in the same normal form. */
export interface FieldPair {
  /** As people write it: `nodegroup[web].maxSize`. */
  readonly path: string;
  /** Where it stands in the file, for the line number. */
  readonly source: string;
  /** Letter of the mutability table. */
  readonly class: string;
  readonly desired: unknown;
  readonly live: unknown;
}

export interface Comparison {
  readonly changed: readonly FieldPair[];
  readonly changes: readonly Change[];
  /** What the `applied` tag hashes: path → desired value. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Three-way comparison. One hash cannot tell fields apart: when neither side equals what was applied last, both moved.
 * `applied` is the tag of the live object, absent when it was stripped.
 */
export function compare(config: ClusterConfig, pairs: readonly FieldPair[], applied: string | undefined): Comparison {
  const fields = Object.fromEntries(pairs.map((pair) => [pair.path, pair.desired ?? null]));
  const live = Object.fromEntries(pairs.map((pair) => [pair.path, pair.live ?? null]));
  const changed = pairs.filter((pair) => canonical(pair.desired ?? null) !== canonical(pair.live ?? null));
  const origin: Change["origin"] =
    applied === shortHash(live) ? "config" : applied === shortHash(fields) ? "drift" : "both";
  const changes = changed.map((pair): Change => {
    const place = placeOf(config, pair.source);
    return {
      path: pair.path,
      from: pair.live ?? null,
      to: pair.desired ?? null,
      origin: applied === undefined ? "config" : origin,
      source: place === undefined ? undefined : { file: place.file, line: place.line },
    };
  });
  return { changed, changes, fields };
}

export function byClass(changed: readonly FieldPair[], letter: string): readonly FieldPair[] {
  return changed.filter((pair) => pair.class === letter);
}

export function sorted(values: readonly string[] | undefined): readonly string[] {
  return [...new Set(values ?? [])].sort();
}
