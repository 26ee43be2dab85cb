import { CLUSTER_NAME_PATTERN, parseRoleArn, REGION_PATTERN, type RoleArn } from "../aws-names.ts";

/** A role to take, and the profile its credentials go to. */
export interface RoleTarget {
  readonly profile: string;
  readonly role: RoleArn;
  /** Undefined: `aws-region`. */
  readonly region: string | undefined;
}

/** A cluster for the kubeconfig. */
export interface ClusterTarget {
  /** Which role's credentials; undefined: the first. */
  readonly profile: string | undefined;
  readonly name: string;
  /** Undefined: the role's. */
  readonly region: string | undefined;
}

export const PROFILE_PATTERN: RegExp = /^[A-Za-z0-9_.-]{1,64}$/;

/** `profile=arn[@region]`. Role names may hold `=` and `@`: the first `=` splits, and the last `@` only before a region. */
export function parseRoleLine(line: string): RoleTarget {
  const split = line.indexOf("=");
  const profile = line.slice(0, split).trim();
  if (split < 1 || !PROFILE_PATTERN.test(profile)) throw new Error(`line \`${line}\`: no \`profile=\` before the ARN`);
  const { rest, region } = splitRegion(line.slice(split + 1).trim());
  const role = parseRoleArn(rest);
  if (role === undefined) throw new Error(`line \`${line}\`: \`${rest}\` is no role ARN`);
  return { profile, role, region };
}

/** `[profile=]name[@region]` */
export function parseClusterLine(line: string): ClusterTarget {
  const split = line.indexOf("=");
  const profile = split < 0 ? undefined : line.slice(0, split).trim();
  if (profile !== undefined && !PROFILE_PATTERN.test(profile))
    throw new Error(`line \`${line}\`: no profile before \`=\``);
  const text = line.slice(split + 1).trim();
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const region = at < 0 ? undefined : text.slice(at + 1);
  if (!CLUSTER_NAME_PATTERN.test(name)) throw new Error(`line \`${line}\`: \`${name}\` is no cluster name`);
  if (region !== undefined && !REGION_PATTERN.test(region))
    throw new Error(`line \`${line}\`: \`${region}\` is no region`);
  return { profile, name, region };
}

function splitRegion(text: string): { readonly rest: string; readonly region: string | undefined } {
  const at = text.lastIndexOf("@");
  const region = text.slice(at + 1);
  if (at < 0 || !REGION_PATTERN.test(region)) return { rest: text, region: undefined };
  return { rest: text.slice(0, at), region };
}

/** Non-empty lines, trimmed. */
export function lines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The first value that occurs twice. */
export function duplicate(values: readonly string[]): string | undefined {
  return values.find((value, i) => values.indexOf(value) !== i);
}
