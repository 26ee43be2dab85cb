import type { Offer, PackInput, PodGroup } from "./model.ts";

/** Groups and offers that share neither pods nor bounds with the rest can be packed by themselves. */
export function independentParts(input: PackInput): readonly PackInput[] {
  const parent = new Map<string, string>();
  const find = (key: string): string => {
    let root = key;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    parent.set(key, root);
    return root;
  };
  const join = (a: string, b: string) => {
    parent.set(find(a), find(b));
  };
  const kinds = [...new Set(input.offers.map((offer) => offer.kind))].sort();
  for (const offer of input.offers) {
    for (const bound of offer.bounds ?? []) join(`kind ${offer.kind}`, `bound ${bound.name}`);
  }
  const groupKey = (group: PodGroup): string | undefined => {
    const admitted = (group.kinds ?? kinds).filter((kind) => kinds.includes(kind));
    for (const kind of admitted) join(`kind ${admitted[0]}`, `kind ${kind}`);
    return admitted[0] === undefined ? undefined : `kind ${admitted[0]}`;
  };
  const keyed = input.groups.map((group) => ({ group, key: groupKey(group) }));
  const roots = [...new Set(keyed.map(({ key }) => (key === undefined ? "" : find(key))))].sort();
  return roots.map((root) => ({
    ...input,
    groups: keyed.filter(({ key }) => (key === undefined ? "" : find(key)) === root).map(({ group }) => group),
    offers: root === "" ? [] : input.offers.filter((offer: Offer) => find(`kind ${offer.kind}`) === root),
  }));
}
