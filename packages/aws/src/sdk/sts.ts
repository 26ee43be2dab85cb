// Loaded by `import()` only, and naming exactly what is used, so that the bundle holds no other command.
export { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
