import { type ActionError, type Annotation, errorAnnotations, formatDuration, type Report } from "@eks-actions/action";
import type { RoleArn } from "@eks-actions/aws";
import { footer as suiteFooter, symbols } from "@eks-actions/markdown";
import type { Outcome, Refused } from "./apply.ts";
import { type Denial, diagnosis, firstCause } from "./explain/denial.ts";
import { fence, mark, prose } from "./explain/marks.ts";
import { provisionOutputs, provisionSummary, verifyFailure, verifySummary } from "./explain/policy-report.ts";
import { type AuthStory, machineReport } from "./machine-report.ts";
import type { LoginPlan } from "./plan.ts";
import { evaluateTrust } from "./trust/evaluate.ts";
import { trustPolicyFor } from "./trust/policy.ts";
import { clockTime, isoSeconds } from "./utc.ts";

/** What the run leaves behind: outputs, variables, state, summary, annotations. */
export function report(story: AuthStory): Report {
  const { outcome, plan } = story;
  const before = notes(story);
  const error = story.error ?? (outcome?.kind === "failed" ? outcome.error : undefined);
  if (error !== undefined) return failedReport(story, error, before);
  if (plan?.kind === "provision") return provisionReport(story, before);
  if (plan?.kind === "verify") return verifyReport(story, before);
  if (plan?.kind === "login" && outcome?.kind === "granted") return grantedReport(story, plan, outcome, before);
  if (plan?.kind === "login" && outcome?.kind === "refused") return refusedReport(story, plan, outcome, before);
  throw new Error("a run without an error has a plan, and a login an outcome");
}

function failedReport(story: AuthStory, error: ActionError, before: readonly Annotation[]): Report {
  return {
    exitCode: 1,
    lastLine: failureLine(story, error.all()),
    summary: [failureTitle(story, story.inputs?.roles ?? []), faults(error), footer(story)].join("\n\n"),
    annotations: [...before, ...errorAnnotations(error)],
    outputs: { report: machineReport(story, { verdict: "failed", code: error.code }) },
  };
}

/** The outcome alone: the annotations right above it in the log hold the reason and the fix. */
function failureLine({ inputs, startedAt, endedAt }: AuthStory, errors: readonly ActionError[]): string {
  const codes = [...new Set(errors.map((error) => error.code))].join(", ");
  const said = (inputs?.mode ?? "login") === "login" ? " · nothing was exported" : "";
  return `${symbols.failed} ${codes}${said} · after ${formatDuration(endedAt - startedAt)}`;
}

function footer({ run, endedAt }: AuthStory): string {
  return suiteFooter({ action: "auth", commits: [run.sha], runUrl: run.runUrl, endedAt });
}

function failureTitle(story: AuthStory, roles: readonly { readonly role: RoleArn }[]): string {
  const where = roles.map(({ role }) => mark(role.name)).join(", ");
  const after = formatDuration(story.endedAt - story.startedAt);
  const what = {
    login: `Login to AWS${where === "" ? "" : ` → ${where}`}: nothing was exported`,
    plan: "What AWS needs for this job: not known",
    "verify-trust": "Trust policy: not checked",
  }[story.inputs?.mode ?? "login"];
  return `## ${symbols.failed} ${what}, after ${after}`;
}

function faults(error: ActionError): string {
  return error
    .all()
    .map((fault) => {
      const hint = fault.hint === undefined ? "" : `\n\n${fence("text", fault.hint)}`;
      return `**${mark(fault.code)}** ${prose(fault.message)}${hint}`;
    })
    .join("\n\n");
}

function notes({ inputs, facts }: AuthStory): readonly Annotation[] {
  const warnings = [...(facts?.warnings ?? []), ...skewWarning(facts?.effort.skewMs ?? 0)];
  return [
    ...(inputs?.notices ?? []).map((message) => ({ level: "notice" as const, title: "INPUT", message })),
    ...warnings.map((message) => ({ level: "warning" as const, title: "AUTH", message })),
  ];
}

// Below two minutes no service minds.
function skewWarning(ms: number): readonly string[] {
  if (Math.abs(ms) <= 120_000) return [];
  const off = `${formatDuration(Math.abs(ms))} ${ms > 0 ? "slow" : "fast"}`;
  return [`this runner's clock is ${off}; tokens were dated by the server's clock`];
}

function grantedReport(
  story: AuthStory,
  plan: LoginPlan,
  outcome: Extract<Outcome, { kind: "granted" }>,
  before: readonly Annotation[],
): Report {
  const [first] = outcome.granted;
  if (first === undefined) throw new Error("a login has at least one role");
  const { session } = first;
  const claims = plan.facts.claims;
  const keys = plan.inputs.outputCredentials
    ? {
        "aws-access-key-id": session.accessKeyId,
        "aws-secret-access-key": session.secretAccessKey,
        "aws-session-token": session.sessionToken,
      }
    : {};
  const kubeconfig = outcome.files.kubeconfig?.path;
  const who = outcome.granted.map(({ session: s }) => `${s.role.name} in ${s.role.accountId}`).join(", ");
  const ends = Math.min(...outcome.granted.map(({ session: s }) => s.expiresAt));
  const renewed = plan.inputs.refresh ? ", renewed on demand" : "";
  const { requests } = plan.facts.effort;
  const count = requests.oidc + requests.sts + requests.eks;
  const tail = `${count} ${count === 1 ? "request" : "requests"} in ${formatDuration(story.endedAt - story.startedAt)}`;
  const until = `until ${clockTime(ends)}${renewed}`;
  return {
    exitCode: 0,
    lastLine: `${symbols.done} ${who} ${until} · ${tail}`,
    summary: `${symbols.done} ${outcome.granted
      .map(({ session: s }) => `${mark(s.role.name)} in ${mark(s.role.accountId)} as ${mark(s.principal.sessionName)}`)
      .join(", ")} ${until}${outcome.clusters.map((c) => ` · context ${mark(c.context)}`).join("")} · ${tail}`,
    annotations: before,
    outputs: {
      "aws-account-id": session.principal.accountId,
      "role-arn": session.role.arn,
      "authenticated-arn": session.principal.arn,
      "aws-expiration": isoSeconds(session.expiresAt),
      ...(claims === undefined ? {} : { "oidc-subject": claims.sub, "oidc-issuer": claims.iss }),
      ...(kubeconfig === undefined ? {} : { "kubeconfig-path": kubeconfig }),
      ...(outcome.clusters[0] === undefined ? {} : { context: outcome.clusters[0].context }),
      ...keys,
      report: machineReport(story, { verdict: "granted" }),
    },
    env: outcome.variables,
    state: { restore: JSON.stringify(outcome.restore) },
  };
}

function refusedReport(
  story: AuthStory,
  plan: LoginPlan,
  outcome: Extract<Outcome, { kind: "refused" }>,
  before: readonly Annotation[],
): Report {
  const parts = outcome.refused.map((refused) => explain(story, plan, refused));
  const granted = outcome.granted.map(({ session }) => mark(session.role.arn));
  const others = granted.length === 0 ? "" : `Not exported, because the step is all or nothing: ${granted.join(", ")}.`;
  const [first] = outcome.refused;
  const claims = plan.facts.claims;
  return {
    exitCode: 1,
    lastLine: failureLine(
      story,
      outcome.refused.map(({ error }) => error),
    ),
    summary: [...parts.map((part) => part.summary), others, footer(story)].filter((part) => part !== "").join("\n\n"),
    annotations: [...before, ...parts.flatMap((part) => part.annotations)],
    outputs: {
      ...(claims === undefined ? {} : { "oidc-subject": claims.sub, "oidc-issuer": claims.iss }),
      report: machineReport(story, { verdict: "refused", code: first?.error.code ?? "" }),
    },
  };
}

function explain(
  story: AuthStory,
  plan: LoginPlan,
  refused: Refused,
): { summary: string; annotations: readonly Annotation[] } {
  const denial = refused.error.code === "TRUST_DENIED" ? denialOf(plan, refused) : undefined;
  if (denial === undefined) {
    const { error } = refused;
    const summary = `${failureTitle(story, [refused.request])}\n\n${faults(error)}`;
    return { summary, annotations: errorAnnotations(error) };
  }
  const { role, claims } = denial;
  const message = `AWS refused ${role.arn}: its trust policy does not admit sub=${claims.sub} aud=${claims.aud}. Most likely: ${firstCause(denial)} The step summary holds the policy that admits this job.`;
  return { summary: diagnosis(denial), annotations: [{ level: "error", title: "TRUST_DENIED", message }] };
}

function denialOf({ facts }: LoginPlan, refused: Refused): Denial | undefined {
  const { claims, trust } = facts;
  if (claims === undefined) return undefined;
  const { role } = refused.request;
  return {
    role,
    region: refused.plan.region,
    claims,
    calls: refused.calls,
    elapsedMs: refused.elapsedMs,
    requestId: refused.requestId,
    trust: trust === undefined ? undefined : evaluateTrust(trust.document, claims, role.accountId),
  };
}

function provisionReport(story: AuthStory, before: readonly Annotation[]): Report {
  if (story.plan?.kind !== "provision") throw new Error("mode plan has its own plan");
  const { plan } = story;
  return {
    exitCode: 0,
    lastLine: `${symbols.done} trust policy for ${plan.claims.sub}: see the job summary and output trust-policy`,
    summary: `${provisionSummary(plan)}\n\n${footer(story)}`,
    annotations: before,
    outputs: { ...provisionOutputs(plan), report: machineReport(story, { verdict: "planned" }) },
  };
}

function verifyReport(story: AuthStory, before: readonly Annotation[]): Report {
  if (story.plan?.kind !== "verify") throw new Error("mode verify-trust has its own plan");
  const { plan } = story;
  const failure = verifyFailure(plan);
  const { verdict } = plan.verdict;
  return {
    exitCode: failure === undefined ? 0 : 1,
    lastLine:
      failure === undefined
        ? `${symbols.done} ${plan.file} admits sub ${plan.claims.sub}`
        : failureLine(story, [failure]),
    summary: `${verifySummary(plan)}\n\n${footer(story)}`,
    annotations: [
      ...before,
      ...plan.verdict.warnings.map((message) => ({
        level: "warning" as const,
        title: "TRUST_POLICY",
        message,
        file: plan.file,
      })),
      ...(failure === undefined ? [] : errorAnnotations(failure)),
    ],
    outputs: {
      "trust-policy": JSON.stringify(trustPolicyFor(plan.claims, plan.where)),
      "oidc-subject": plan.claims.sub,
      "oidc-issuer": plan.claims.iss,
      "trust-verdict": verdict,
      report: machineReport(story, { verdict, ...(failure === undefined ? {} : { code: failure.code }) }),
    },
  };
}
