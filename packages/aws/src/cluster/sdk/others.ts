// Loaded by `import()` only, and naming exactly what is used, so that the bundle holds no other command.
export {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
export { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
export { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
export { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
