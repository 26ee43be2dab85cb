import type { Manifest } from "../model.ts";
import { dig, digText } from "../sides/place.ts";

export interface StorageClass {
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly isDefault: boolean;
}

/** By name. */
export type StorageClasses = ReadonlyMap<string, StorageClass>;

const EBS = new Set(["ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs"]);

/** https://kubernetes.io/docs/concepts/storage/storage-classes/ */
export function readClasses(manifests: readonly Manifest[]): StorageClasses {
  return new Map(
    manifests
      .filter(({ object }) => object.kind === "StorageClass")
      .map(({ object }) => {
        const parameters = dig(object, "parameters");
        return [
          object.metadata.name,
          {
            provisioner: digText(object, "provisioner") ?? "",
            parameters:
              typeof parameters === "object" && parameters !== null ? (parameters as Record<string, unknown>) : {},
            isDefault: object.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
          },
        ];
      }),
  );
}

/** The class a claim names, or the default one. `undefined`: it asks for no class, so nothing is provisioned. */
export function classOf(
  claim: unknown,
  classes: StorageClasses,
): { readonly name: string | undefined; readonly found: StorageClass | undefined } | undefined {
  const stated = dig(claim, "storageClassName");
  if (stated === "") return undefined;
  const name = typeof stated === "string" ? stated : [...classes].find(([, { isDefault }]) => isDefault)?.[0];
  return { name, found: name === undefined ? undefined : classes.get(name) };
}

export function isEbs({ provisioner }: StorageClass): boolean {
  return EBS.has(provisioner);
}

/** EBS volume types are often the names of their classes. */
export function typeByName(name: string | undefined): string | undefined {
  return name !== undefined && /^(gp2|gp3|io1|io2|st1|sc1)$/.test(name) ? name : undefined;
}

/** True when the claim makes an EBS volume; an unknown class is taken for one, as the bill does. */
export function isEbsClaim(claim: unknown, classes: StorageClasses): boolean {
  const used = classOf(claim, classes);
  return used !== undefined && (used.found === undefined || isEbs(used.found));
}
