import type { Story } from "@eks-actions/action";
import type { Outcome } from "./apply.ts";
import type { Inputs } from "./inputs/rules.ts";
import type { Facts } from "./observe.ts";
import type { Plan } from "./plan.ts";
import { shownClaims } from "./token/claims.ts";
import { evaluateTrust, type TrustVerdict } from "./trust/evaluate.ts";
import { isoSeconds } from "./utc.ts";

export type AuthStory = Story<Inputs, Facts, Plan, Outcome>;

interface Verdict {
  readonly verdict: string;
  readonly code?: string;
}

/** The machine's report. No secret is in it. */
export function machineReport(story: AuthStory, { verdict, code }: Verdict): string {
  const { inputs, facts, plan, outcome } = story;
  const granted = outcome?.granted ?? [];
  const clusters = outcome?.kind === "granted" ? outcome.clusters : [];
  const trust = plan?.kind === "verify" ? plan.verdict : trustOfDenial(story);
  return JSON.stringify({
    schemaVersion: 1,
    mode: inputs?.mode ?? "login",
    verdict,
    ...(code === undefined ? {} : { code }),
    region: inputs?.region,
    claims: facts?.claims === undefined ? {} : Object.fromEntries(shownClaims(facts.claims)),
    sessions: granted.map(({ plan: { profile }, session }) => ({
      profile,
      roleArn: session.role.arn,
      authenticatedArn: session.principal.arn,
      accountId: session.principal.accountId,
      expiration: isoSeconds(session.expiresAt),
    })),
    clusters: clusters.map(({ access, context, tokenLength }) => ({
      name: access.name,
      arn: access.arn,
      context,
      tokenLength,
    })),
    requests: facts?.effort.requests ?? { oidc: 0, sts: 0, eks: 0 },
    retries: facts?.effort.retries ?? [],
    clockSkewSeconds: Math.round((facts?.effort.skewMs ?? 0) / 1000),
    ...(trust === undefined
      ? {}
      : { trust: { verdict: trust.verdict, failing: trust.failing, warnings: trust.warnings } }),
  });
}

/** What the given trust policy says about the first refused role. */
function trustOfDenial({ facts, outcome }: AuthStory): TrustVerdict | undefined {
  const refused = outcome?.kind === "refused" ? outcome.refused[0] : undefined;
  if (refused === undefined || facts?.claims === undefined || facts.trust === undefined) return undefined;
  return evaluateTrust(facts.trust.document, facts.claims, refused.request.role.accountId);
}
