// Loaded by `import()` only, and naming exactly what is used, so that the bundle holds no other command.
export {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
export { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
