import { ActionError } from "@eks-actions/action";
import { groupOf, quantityUnits } from "@eks-actions/manifest";
import type { PriceBook } from "@eks-actions/pricing";
import type { Assumptions, Item, Manifest, RootVolume, Warning } from "../model.ts";
import { dig, digList, digText, objectId, sourceOf } from "../sides/place.ts";
import { volumeItems } from "./offers.ts";
import type { Workload } from "./workloads.ts";

export interface Storage {
  readonly items: readonly Item[];
  readonly warnings: readonly Warning[];
  /** GiB of gp2, for the tip. */
  readonly gp2Gib: number;
}

interface StorageClass {
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly isDefault: boolean;
}

const GIB = 2 ** 30;
const EBS = new Set(["ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs"]);
const USAGE_ONLY = /^(efs\.csi\.aws\.com|fsx\.csi\.aws\.com|s3\.csi\.aws\.com)$/;

/** EBS volumes that claims, claim templates and generic ephemeral volumes make. */
export function storage(
  manifests: readonly Manifest[],
  workloads: readonly Workload[],
  assume: Assumptions,
  book: PriceBook,
): Storage {
  const classes = new Map(
    manifests
      .filter(({ object }) => object.kind === "StorageClass")
      .map((manifest) => [manifest.object.metadata.name, readClass(manifest)]),
  );
  const warnings: Warning[] = [];
  const items: Item[] = [];
  let gp2Gib = 0;
  const bound = staticClaims(manifests);
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
    if (object.kind === "PersistentVolume") addStatic(manifest, book, items);
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

function readClass({ object }: Manifest): StorageClass {
  const parameters = dig(object, "parameters");
  return {
    provisioner: digText(object, "provisioner") ?? "",
    parameters: typeof parameters === "object" && parameters !== null ? (parameters as Record<string, unknown>) : {},
    isDefault: object.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
  };
}

interface Context {
  readonly classes: ReadonlyMap<string, StorageClass>;
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
  const stated = dig(claim, "storageClassName");
  if (stated === "") return undefined;
  const name = typeof stated === "string" ? stated : [...classes].find(([, { isDefault }]) => isDefault)?.[0];
  const known = name === undefined ? undefined : classes.get(name);
  const warn = (code: Warning["code"]) =>
    warnings.push({
      code,
      args: { object: objectId(manifest), class: name ?? "(default)" },
      file: manifest.file,
      line: manifest.line,
    });
  if (known === undefined) {
    const assumed =
      assume.storageClasses.get(name ?? "") ??
      (name !== undefined && /^(gp2|gp3|io1|io2|st1|sc1)$/.test(name) ? name : undefined);
    if (assumed === undefined) warn("STORAGE_CLASS_ASSUMED");
    return { type: assumed ?? "gp3", gib };
  }
  if (!EBS.has(known.provisioner)) {
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

/** Claims that name their volume are not provisioned anew. */
function staticClaims(manifests: readonly Manifest[]): ReadonlySet<string> {
  const volumes = new Set(
    manifests.filter(({ object }) => object.kind === "PersistentVolume").map(({ object }) => object.metadata.name),
  );
  return new Set(
    manifests
      .filter(
        ({ object }) =>
          object.kind === "PersistentVolumeClaim" && volumes.has(digText(object, "spec", "volumeName") ?? ""),
      )
      .map(objectId),
  );
}

function addStatic(manifest: Manifest, book: PriceBook, items: Item[]): void {
  const driver = digText(manifest.object, "spec", "csi", "driver") ?? "";
  const isEbs = driver === "ebs.csi.aws.com" || dig(manifest.object, "spec", "awsElasticBlockStore") !== undefined;
  const bytes = quantityUnits(dig(manifest.object, "spec", "capacity", "storage"));
  if (!isEbs || bytes === undefined) return;
  items.push(...volumeItems({ type: "gp3", gib: Math.ceil(bytes / GIB) }, book));
}
