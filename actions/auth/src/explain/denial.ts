import { formatDuration } from "@eks-actions/action";
import type { RoleArn } from "@eks-actions/aws";
import { details } from "@eks-actions/markdown";
import { type Claims, DEFAULT_ISSUER, providerName } from "../token/claims.ts";
import { otherForm, parseSubject } from "../token/subject.ts";
import type { TrustVerdict } from "../trust/evaluate.ts";
import { sentenceOf } from "../trust/failing-key.ts";
import { providerArn, trustPolicyFor } from "../trust/policy.ts";
import { claimsTable, fence, mark } from "./marks.ts";
import { cloudFormation, terraform } from "./snippets.ts";

/** A denial as it was seen. */
export interface Denial {
  readonly role: RoleArn;
  readonly region: string;
  readonly claims: Claims;
  readonly calls: number;
  readonly elapsedMs: number;
  readonly requestId: string | undefined;
  /** Offline evaluation of `trust-policy-file`, if given. */
  readonly trust: TrustVerdict | undefined;
}

/** A reason why AWS may have refused, and one sentence with the two values side by side. Markdown. */
export interface Cause {
  readonly title: string;
  readonly sentence: string;
}

const MOST = 5;

/** Likely causes, the likeliest first. STS itself never says which it was. */
export function causesOf(denial: Denial): readonly Cause[] {
  return [...ranked(denial)].slice(0, MOST);
}

function* ranked({ claims, role, trust }: Denial): Generator<Cause> {
  const { sub, aud, iss } = claims;
  const provider = providerName(iss);
  const subject = parseSubject(sub);
  if (trust?.verdict === "deny") yield* givenPolicy(trust);
  if (aud !== "sts.amazonaws.com") {
    yield {
      title: "Audience.",
      sentence: `The token has \`aud\` ${mark(aud)}: the provider's client ids and the policy's ${mark(`${provider}:aud`)} must hold it, usual is \`sts.amazonaws.com\`.`,
    };
  }
  if (subject.form === "customised") {
    yield {
      title: "Customised subject.",
      sentence: `A subject template of the organisation or repository is set: presented is ${mark(sub)}, a policy for \`repo:OWNER/REPO:…\` does not fit.`,
    };
  }
  if (subject.form === "immutable") {
    yield {
      title: "Immutable subject.",
      sentence: `Presented is ${mark(sub)}, the policy likely holds ${mark(otherForm(claims)?.sub ?? "")}: repositories made, renamed or transferred after 2026-07-15 carry their ids.`,
    };
  }
  const environment = claims.values["environment"];
  if (environment !== undefined && environment !== "") {
    yield {
      title: "Environment form.",
      sentence: `The job names an environment, so \`sub\` ends in ${mark(`:environment:${environment}`)}; policies often hold ${mark(`:ref:${claims.values["ref"] ?? "refs/heads/main"}`)}.`,
    };
  }
  if (sub.endsWith(":pull_request")) {
    yield {
      title: "Pull request form.",
      sentence: `For a pull request \`sub\` is ${mark(sub)} and holds no ref; policies often hold \`:ref:refs/heads/…\`.`,
    };
  }
  if (/%3a/i.test(sub)) {
    yield {
      title: "Encoded colon.",
      sentence: `GitHub writes \`:\` inside a value as \`%3A\`: presented is ${mark(sub)}, and so must the policy.`,
    };
  }
  if (iss !== DEFAULT_ISSUER) {
    yield {
      title: "Issuer.",
      sentence: `The issuer is ${mark(iss)}: the policy needs the provider ${mark(providerArn(iss, role))} and keys that begin with ${mark(`${provider}:`)}.`,
    };
  }
  const cased = [claims.values["repository"], environment].find((value) => value !== undefined && /[A-Z]/.test(value));
  if (cased !== undefined) {
    yield {
      title: "Letter case.",
      sentence: `StringEquals and StringLike see case: presented is ${mark(cased)}, ${mark(cased.toLowerCase())} does not fit.`,
    };
  }
  yield {
    title: "Role or path.",
    sentence: `AWS gives the same answer when the role does not exist: check name, path and account of ${mark(role.arn)}.`,
  };
  yield {
    title: "Provider elsewhere.",
    sentence: `The provider must be in the role's own account: ${mark(providerArn(iss, role))}.`,
  };
  yield {
    title: "Organisation policy.",
    sentence: "A service or resource control policy of the AWS organisation may deny the call whatever the role says.",
  };
}

function* givenPolicy(trust: TrustVerdict): Generator<Cause> {
  for (const key of trust.failing) yield { title: "The given policy.", sentence: `${sentenceOf(key, mark)}.` };
}

/** The denial for the job summary. */
export function diagnosis(denial: Denial): string {
  const { role, region, claims, calls, elapsedMs, requestId } = denial;
  const policy = trustPolicyFor(claims, role);
  const other = otherForm(claims);
  const id = requestId === undefined ? "" : `, request id ${mark(requestId)}`;
  const target = { role, partition: role.partition };
  const causes = causesOf(denial).map((cause, i) => `${i + 1}. **${cause.title}** ${cause.sentence}`);
  const parts = [
    "### AWS refused this job (`TRUST_DENIED`)",
    `STS in ${mark(region)} answered AccessDenied for ${mark(role.arn)}: ${calls} ${calls === 1 ? "call" : "calls"} in ${formatDuration(elapsedMs)}${id}.`,
    "#### What this job presented",
    claimsTable(claims),
    "#### Trust policy that admits exactly this job",
    fence("json", JSON.stringify(policy, undefined, 2)),
    "#### Likely causes",
    causes.join("\n"),
    details(
      "Terraform and CloudFormation",
      `${fence("hcl", terraform(policy, target))}\n\n${fence("yaml", cloudFormation(policy, target))}`,
    ),
  ];
  if (other !== undefined) {
    const form = other.form === "classic" ? "Classic form of the subject" : "Immutable form of the subject";
    parts.push(
      details(
        form,
        `${other.form === "classic" ? "Before a rename or transfer" : "After a rename or transfer"} the same job presents ${mark(other.sub)}:\n\n${fence("json", JSON.stringify(trustPolicyFor(claims, role, other.sub), undefined, 2))}`,
      ),
    );
  }
  return parts.join("\n\n");
}

/** One line of plain text for the annotation: the likeliest cause without Markdown. */
export function firstCause(denial: Denial): string {
  const [cause] = causesOf(denial);
  if (cause === undefined) return "";
  return `${cause.title.toLowerCase()} ${cause.sentence
    .replace(/<\/?code>/g, "")
    .replace(/&#(\d+);/g, (_, n: string) => String.fromCodePoint(Number(n)))
    .replaceAll("`", "")}`;
}
