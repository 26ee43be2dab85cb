import type { KubeObject } from "@eks-actions/manifest";
import type { Manifest } from "../model.ts";
import { dig, digList, digText, objectId } from "../sides/place.ts";

/** The volumes of the manifests, by the claim that is bound to each: by its `volumeName`, or the volume's `claimRef`. */
export function staticVolumes(manifests: readonly Manifest[]): ReadonlyMap<string, KubeObject> {
  const volumes = new Map(
    manifests
      .filter(({ object }) => object.kind === "PersistentVolume")
      .map(({ object }) => [object.metadata.name, object] as const),
  );
  const bound = new Map<string, KubeObject>();
  for (const volume of volumes.values()) {
    const name = digText(volume, "spec", "claimRef", "name");
    const namespace = digText(volume, "spec", "claimRef", "namespace") ?? "default";
    if (name !== undefined) bound.set(`${namespace}/PersistentVolumeClaim/${name}`, volume);
  }
  for (const manifest of manifests) {
    if (manifest.object.kind !== "PersistentVolumeClaim") continue;
    const volume = volumes.get(digText(manifest.object, "spec", "volumeName") ?? "");
    if (volume !== undefined) bound.set(objectId(manifest), volume);
  }
  return bound;
}

export function isEbsVolume(volume: unknown): boolean {
  return (
    digText(volume, "spec", "csi", "driver") === "ebs.csi.aws.com" ||
    dig(volume, "spec", "awsElasticBlockStore") !== undefined
  );
}

/**
 * Zones in which a volume can be attached; `undefined`: it does not say.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity
 */
export function zonesOfVolume(volume: unknown): readonly string[] | undefined {
  const stated = digList(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms")
    .flatMap((term) => digList(term, "matchExpressions"))
    .filter((one) => (digText(one, "key") ?? "").endsWith("/zone") && digText(one, "operator") === "In")
    .flatMap((one) => digList(one, "values").map(String));
  const label = digText(volume, "metadata", "labels", "topology.kubernetes.io/zone");
  const zones = stated.length > 0 || label === undefined ? stated : [label];
  return zones.length === 0 ? undefined : zones;
}
