import { ActionError } from "@eks-actions/action";
import { groupOf, quantityUnits } from "@eks-actions/manifest";
import type { PriceBook } from "@eks-actions/pricing";
import type { Assumptions, Item, Manifest, RootVolume, Warning } from "../model.ts";
import { dig, digList, digText, objectId, sourceOf } from "../sides/place.ts";
import { volumeItems } from "./offers.ts";
import { isEbsVolume, staticVolumes } from "./static-volumes.ts";
import { classOf, isEbs, readClasses, type StorageClasses, typeByName } from "./storage-class.ts";
import type { Workload } from "./workloads.ts";

export interface Storage {
  readonly items: readonly Item[];
  readonly warnings: readonly Warning[];
  /** GiB of gp2, for the tip. */
  readonly gp2Gib: number;
}

const GIB = 2 ** 30;
const USAGE_ONLY = /^(efs\.csi\.aws\.com|fsx\.csi\.aws\.com|s3\.csi\.aws\.com)$/;

/** EBS volumes that claims, claim templates and generic ephemeral volumes make. */
export function storage(
  manifests: readonly Manifest[],
  workloads: readonly Workload[],
  assume: Assumptions,
  book: PriceBook,
): Storage {
  const classes = readClasses(manifests);
  const warnings: Warning[] = [];
  const items: Item[] = [];
  let gp2Gib = 0;
  const bound = staticVolumes(manifests);
  const byId = new Map(workloads.map((one) => [one.id, one]));
  const add = (manifest: Manifest, claim: unknown, path: readonly (string | number)[], count: number) => {
    if (count === 0) return;
    const volume = volumeOf(manifest, claim, path, { classes, assume, warnings });
    if (volume === undefined) return;
    if (volume.type === "gp2") gp2Gib += volume.gib * count;
    for (const item of volumeItems(volume, book)) items.push({ ...item, quantity: item.quantity * count });
  };
  for (const manifest of manifests) {
    const { object } = manifest;
    if (object.kind === "PersistentVolumeClaim" && !bound.has(objectId(manifest))) {
      add(manifest, dig(object, "spec"), ["spec"], 1);
    }
    if (object.kind === "PersistentVolume") items.push(...existing(manifest, book, { classes, assume, warnings }));
    const workload = byId.get(objectId(manifest));
    if (workload === undefined) continue;
    if (object.kind === "StatefulSet" && groupOf(object.apiVersion) === "apps") {
      for (const [i, claim] of digList(object, "spec", "volumeClaimTemplates").entries()) {
        add(manifest, dig(claim, "spec"), ["spec", "volumeClaimTemplates", i, "spec"], workload.replicas);
      }
    }
    const pods = workload.job === undefined ? workload.replicas : 0;
    for (const volume of digList(workload.podSpec, "volumes")) {
      const claim = dig(volume, "ephemeral", "volumeClaimTemplate", "spec");
      if (claim !== undefined) add(manifest, claim, ["spec"], pods);
    }
  }
  return { items, warnings, gp2Gib };
}

interface Context {
  readonly classes: StorageClasses;
  readonly assume: Assumptions;
  readonly warnings: Warning[];
}

function volumeOf(
  manifest: Manifest,
  claim: unknown,
  path: readonly (string | number)[],
  { classes, assume, warnings }: Context,
): RootVolume | undefined {
  const gib = requestedGib(manifest, claim, path);
  const used = classOf(claim, classes);
  if (used === undefined) return undefined;
  const { name, found: known } = used;
  const warn = (code: Warning["code"]) => warnings.push(classWarning(code, manifest, name));
  if (known === undefined) {
    const assumed = assume.storageClasses.get(name ?? "") ?? typeByName(name);
    if (assumed === undefined) warn("STORAGE_CLASS_ASSUMED");
    return { type: assumed ?? "gp3", gib };
  }
  if (!isEbs(known)) {
    if (!USAGE_ONLY.test(known.provisioner)) warn("PROVISIONER_UNPRICED");
    return undefined;
  }
  const parameter = (field: string) => {
    const value = known.parameters[field];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  };
  const iops = Number(parameter("iops") ?? 0);
  const perGib = Number(parameter("iopsPerGB") ?? 0) * gib;
  return {
    type: parameter("type") ?? (known.provisioner === "kubernetes.io/aws-ebs" ? "gp2" : "gp3"),
    gib,
    iops: Math.max(iops, perGib) || undefined,
    throughput: Number(parameter("throughput") ?? 0) || undefined,
  };
}

function requestedGib(manifest: Manifest, claim: unknown, path: readonly (string | number)[]): number {
  const text = dig(claim, "resources", "requests", "storage");
  const bytes = quantityUnits(text);
  if (bytes !== undefined && bytes > 0) return Math.ceil(bytes / GIB);
  const at = [...path, "resources", "requests", "storage"];
  throw new ActionError("MANIFEST_INVALID", {
    message: `${objectId(manifest)}: ${at.join(".")} is ${JSON.stringify(text) ?? "missing"}, not a size`,
    hint: "write for example `storage: 20Gi`",
    ...sourceOf(manifest).place?.(at),
  });
}

/** A volume that exists is paid by its class's type; the class says nothing of a volume made by hand but that. */
function existing(manifest: Manifest, book: PriceBook, { classes, assume, warnings }: Context): readonly Item[] {
  const { object } = manifest;
  const bytes = quantityUnits(dig(object, "spec", "capacity", "storage"));
  if (!isEbsVolume(object) || bytes === undefined) return [];
  const name = digText(object, "spec", "storageClassName");
  const stated = name === undefined ? undefined : classes.get(name)?.parameters["type"];
  const type = typeof stated === "string" ? stated : (assume.storageClasses.get(name ?? "") ?? typeByName(name));
  if (type === undefined) warnings.push(classWarning("STORAGE_CLASS_ASSUMED", manifest, name));
  return volumeItems({ type: type ?? "gp3", gib: Math.ceil(bytes / GIB) }, book);
}

function classWarning(code: Warning["code"], manifest: Manifest, name: string | undefined): Warning {
  const { file, line } = manifest;
  return { code, args: { object: objectId(manifest), class: name ?? "(default)" }, file, line };
}
