// The pure part of the AWS package: how AWS writes names and where its endpoints are. Inputs and plan take these from
// here, so that a value import of the package itself stays a sign of IO.
export {
  CLUSTER_NAME_PATTERN,
  checkEndpoint,
  ISSUER_PATTERN,
  parsePolicyArn,
  parseRoleArn,
  partitionOf,
  REGION_PATTERN,
  type RoleArn,
  shellWord,
  stsHost,
} from "@eks-actions/aws";
