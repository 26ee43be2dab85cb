/**
 * What a change of the field means for a live cluster: K identity · S used at creation only · C in place, one update of
 * the cluster at a time · P in place · R roll of the nodes · G replacement by a second node group · D delete, then
 * create · X fixed · `-` steers the plan only.
 */
export type Mutability = "K" | "S" | "C" | "P" | "R" | "G" | "D" | "X" | "-";

export interface Refusal {
  readonly why: string;
  /** What to write in its place. */
  readonly alternative: string;
}

export type Shape =
  | { readonly kind: "object"; readonly fields: Fields; readonly required: readonly string[] }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly value: Shape }
  | { readonly kind: "text"; readonly pattern?: RegExp; readonly accepted: string; readonly words?: readonly string[] }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "flag" }
  /** Any YAML: policy documents and the like. */
  | { readonly kind: "any" };

export interface Field {
  readonly shape: Shape;
  /** 1 is done first; both are part of the product. */
  readonly tier: 1 | 2;
  readonly mutability: Mutability;
  /** The change cannot be taken back and needs consent on a live cluster. */
  readonly oneWay: boolean;
  readonly refused?: Refusal;
  /** Server-set members that people leave in; skipped with a notice. */
  readonly skipped?: true;
}

export type Fields = Readonly<Record<string, Field>>;

/** A tier 1 field. A trailing `!` marks a change that needs the word `one-way`. */
export const t1 = (mutability: Mutability | "C!", shape: Shape): Field => field(1, mutability, shape);
export const t2 = (mutability: Mutability | "C!", shape: Shape): Field => field(2, mutability, shape);
/** A field that eksctl knows and this product refuses. */
export const refuse = (why: string, alternative: string): Field => ({
  ...field(1, "-", any),
  refused: { why, alternative },
});
export const skip: Field = { shape: { kind: "any" }, tier: 1, mutability: "-", oneWay: false, skipped: true };

function field(tier: 1 | 2, mutability: Mutability | "C!", shape: Shape): Field {
  return { shape, tier, mutability: mutability === "C!" ? "C" : mutability, oneWay: mutability === "C!" };
}

export const any: Shape = { kind: "any" };
export const flag: Shape = { kind: "flag" };
export const text: Shape = { kind: "text", accepted: "a text" };
export const texts: Shape = { kind: "list", item: text };
export const textMap: Shape = { kind: "map", value: text };

export function matching(pattern: RegExp, accepted: string): Shape {
  return { kind: "text", pattern, accepted };
}

export function word(...words: readonly string[]): Shape {
  return { kind: "text", words, accepted: `one of ${words.join(", ")}` };
}

export function integer(min = 0, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return { kind: "integer", min, max };
}

export function list(item: Shape): Shape {
  return { kind: "list", item };
}

export function map(value: Shape): Shape {
  return { kind: "map", value };
}

export function object(fields: Fields, required: readonly string[] = []): Shape {
  return { kind: "object", fields, required };
}

/** Ids are checked by prefix only: whether they exist is for AWS to say. */
export function id(prefix: string): Shape {
  return matching(new RegExp(`^${prefix}-[0-9A-Za-z-]+$`), `an id that begins with \`${prefix}-\``);
}

export const arn: Shape = matching(/^arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:\S+$/, "an ARN");
export const roleArn: Shape = matching(
  /^arn:[a-z0-9-]+:iam::\d*:role\/\S+$/,
  "a role's ARN, like `arn:aws:iam::111122223333:role/name`",
);
export const policyArn: Shape = matching(
  /^arn:[a-z0-9-]+:iam::(aws|\d*):policy\/\S+$/,
  "a policy's ARN, like `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`",
);
export const cidr: Shape = matching(
  /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)\/(3[0-2]|[12]?\d)$/,
  "an IPv4 range like `192.168.0.0/16`",
);
export const anyCidr: Shape = matching(
  /^(((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)\/(3[0-2]|[12]?\d)|[0-9a-fA-F:]+\/\d{1,3})$/,
  "an address range like `203.0.113.0/24`",
);
export const zone: Shape = matching(/^[a-z]{2,}(-[a-z]+)+-\d[a-z]$/, "a zone like `eu-west-1a`");
