// Loaded by `import()` only, and naming exactly what is used, so that the bundle holds no other command.
export { DescribeClusterCommand, EKSClient } from "@aws-sdk/client-eks";
