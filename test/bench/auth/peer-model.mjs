// What configure-aws-credentials does on the happy path with OIDC, by its own means: `getIDToken` of @actions/core, the
// STS client of the AWS SDK with its default chain, AssumeRoleWithWebIdentity, GetCallerIdentity with the new keys. The
// bench packs it with ncc alone, as that action is packed. Inputs, retries and messages are left out.
import * as core from "@actions/core";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const region = core.getInput("aws-region");
const roleArn = core.getInput("role-to-assume");
core.exportVariable("AWS_REGION", region);
core.exportVariable("AWS_DEFAULT_REGION", region);
const token = await core.getIDToken("sts.amazonaws.com");
const client = () => new STSClient({ region });
const { Credentials: keys } = await client().send(
  new AssumeRoleWithWebIdentityCommand({
    RoleArn: roleArn,
    RoleSessionName: "GitHubActions",
    DurationSeconds: 3600,
    WebIdentityToken: token,
  }),
);
for (const [name, value] of [
  ["AWS_ACCESS_KEY_ID", keys.AccessKeyId],
  ["AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey],
  ["AWS_SESSION_TOKEN", keys.SessionToken],
]) {
  core.setSecret(value);
  core.exportVariable(name, value);
}
const identity = await client().send(new GetCallerIdentityCommand({}));
core.setOutput("aws-account-id", identity.Account);
core.setOutput("authenticated-arn", identity.Arn);
