import type { Manifest } from "../model.ts";
import { dig, digList, digText, objectId } from "../sides/place.ts";
import { isEbsVolume, staticVolumes, zonesOfVolume } from "./static-volumes.ts";
import { isEbsClaim, readClasses } from "./storage-class.ts";

/** EBS volumes of one pod, and the zones of those that exist already. */
export interface Attachments {
  readonly volumes: number;
  /** Absent: every volume is made where the pod lands. */
  readonly zones: readonly string[] | undefined;
}

/** The resource that a node's attachments are counted as. */
export const ATTACHMENTS = "attachable-volumes-aws-ebs";

/** What each pod of a workload attaches: claims it mounts, claim templates, generic ephemeral volumes. */
export function readAttachments(manifests: readonly Manifest[]): (workload: Manifest, podSpec: unknown) => Attachments {
  const classes = readClasses(manifests);
  const bound = staticVolumes(manifests);
  const claims = new Map(
    manifests
      .filter(({ object }) => object.kind === "PersistentVolumeClaim")
      .map((claim) => [objectId(claim), claim.object] as const),
  );
  return ({ object }, podSpec) => {
    const templates = digList(object, "spec", "volumeClaimTemplates").map((claim) => dig(claim, "spec"));
    const mounted = digList(podSpec, "volumes");
    const made = [
      ...templates,
      ...mounted.flatMap((volume) => dig(volume, "ephemeral", "volumeClaimTemplate", "spec") ?? []),
    ];
    let volumes = made.filter((claim) => isEbsClaim(claim, classes)).length;
    let zones: readonly string[] | undefined;
    for (const volume of mounted) {
      const name = digText(volume, "persistentVolumeClaim", "claimName");
      const id = `${object.metadata.namespace ?? "default"}/PersistentVolumeClaim/${name}`;
      const claim = claims.get(id);
      if (claim === undefined) continue;
      const existing = bound.get(id);
      if (existing === undefined ? isEbsClaim(dig(claim, "spec"), classes) : isEbsVolume(existing)) volumes++;
      zones = inBoth(zones, existing === undefined ? undefined : zonesOfVolume(existing));
    }
    return { volumes, zones };
  };
}

function inBoth(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((zone) => b.includes(zone));
}
