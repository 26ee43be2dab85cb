import { ActionError } from "@eks-actions/action";

/** STS counts characters of the minified policy. */
const MAX_CHARACTERS = 2048;

/**
 * An inline session policy, minified.
 * @throws ActionError `SESSION_POLICY_INVALID`
 */
export function parseSessionPolicy(text: string): string {
  const refuse = (why: string) =>
    new ActionError("SESSION_POLICY_INVALID", {
      message: `input \`inline-session-policy\` ${why}`,
      hint: 'write a JSON policy: {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:DescribeCluster","Resource":"*"}]}',
    });
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch (error) {
    throw refuse(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) throw refuse("is not a JSON object");
  const minified = JSON.stringify(policy);
  if (minified.length > MAX_CHARACTERS) {
    throw refuse(`has ${minified.length} characters when minified, at most ${MAX_CHARACTERS} are allowed`);
  }
  const bad = /[^\t\n\r\u0020-\u00ff]/.exec(minified);
  if (bad !== null) {
    const sign = `U+${(bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
    throw refuse(`holds ${sign} at position ${bad.index + 1}; STS takes U+0020–U+00FF`);
  }
  return minified;
}

/** All that kubectl needs of IAM: looking up where these clusters are. */
export function kubectlPolicy(clusterArns: readonly string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "eks:DescribeCluster", Resource: clusterArns }],
  });
}
