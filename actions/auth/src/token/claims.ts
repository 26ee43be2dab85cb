import type { IdClaims } from "@eks-actions/aws";
import { ISSUER_PATTERN } from "../aws-names.ts";
import { duplicate, lines } from "../inputs/targets.ts";

/** What the job's OIDC token says, every claim as text. */
export interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly values: Readonly<Record<string, string>>;
}

export const DEFAULT_ISSUER = "https://token.actions.githubusercontent.com";

/** The claims that a person needs to compare with a trust policy, in the order of the report. */
const SHOWN_CLAIMS = [
  "iss",
  "aud",
  "sub",
  "environment",
  "ref",
  "event_name",
  "repository_id",
  "job_workflow_ref",
  "runner_environment",
] as const;

/** Condition keys that STS offers for GitHub's own issuer; elsewhere it offers `aud` and `sub`. */
const GITHUB_KEYS: readonly string[] = [
  "aud",
  "sub",
  "actor",
  "actor_id",
  "job_workflow_ref",
  "repository",
  "repository_id",
  "workflow",
  "ref",
  "environment",
  "enterprise_id",
];

export function claimsOf(token: IdClaims): Claims {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(token.all)) {
    // `jti` identifies the token itself and has no place in a report.
    if (name !== "jti" && ["string", "number", "boolean"].includes(typeof value)) values[name] = String(value);
  }
  return { iss: token.iss, aud: token.aud, sub: token.sub, values: { ...values, aud: token.aud } };
}

/** Lines `claim=value`. @throws Error with the exact reason, for the input table */
export function parseClaims(text: string): Readonly<Record<string, string>> {
  const pairs = lines(text).map((line) => {
    const split = line.indexOf("=");
    const name = line.slice(0, Math.max(split, 0)).trim();
    const value = line.slice(split + 1).trim();
    if (!/^[A-Za-z0-9_.:/-]{1,128}$/.test(name)) throw new Error(`line \`${line}\`: no \`claim=\` before the value`);
    if (value === "") throw new Error(`line \`${line}\`: no value`);
    if (name === "iss" && !ISSUER_PATTERN.test(value))
      throw new Error(`\`iss\` is an https URL like \`${DEFAULT_ISSUER}\``);
    return [name, value] as const;
  });
  const twice = duplicate(pairs.map(([name]) => name));
  if (twice !== undefined) throw new Error(`claim \`${twice}\` occurs twice`);
  return Object.fromEntries(pairs);
}

/** Claims of another job, given as input over those of this one. */
export function overrideClaims(base: Claims | undefined, given: Readonly<Record<string, string>>): Claims {
  const values = { ...base?.values, ...given };
  return { iss: values["iss"] ?? "", aud: values["aud"] ?? "", sub: values["sub"] ?? "", values };
}

/** True when these claims need no token: everything that a trust policy always looks at is there. */
export function isComplete(given: Readonly<Record<string, string>>): boolean {
  return ["iss", "sub", "aud"].every((name) => given[name] !== undefined);
}

/** The provider's name in IAM and the prefix of its condition keys: the issuer without its scheme. */
export function providerName(iss: string): string {
  return iss.replace(/^https:\/\//, "");
}

/** Condition keys that STS sets for tokens of this issuer. */
export function exposedKeys(iss: string): readonly string[] {
  return iss === DEFAULT_ISSUER || iss.startsWith(`${DEFAULT_ISSUER}/`) ? GITHUB_KEYS : ["aud", "sub"];
}

/** Claims of the job for the report, absent ones left out. */
export function shownClaims(claims: Claims): readonly (readonly [string, string])[] {
  return SHOWN_CLAIMS.flatMap((name) => {
    const value = claims.values[name] ?? "";
    return value === "" ? [] : [[name, value] as const];
  });
}
