/** Access policies that EKS offers, `arn:aws:eks::aws:cluster-access-policy/<name>`. */
export const accessPolicyNames = [
  "AmazonEKSAdminPolicy",
  "AmazonEKSClusterAdminPolicy",
  "AmazonEKSAdminViewPolicy",
  "AmazonEKSEditPolicy",
  "AmazonEKSViewPolicy",
  "AmazonEKSSecretReaderPolicy",
  "AmazonEKSAutoNodePolicy",
  "AmazonEKSBlockStoragePolicy",
  "AmazonEKSComputePolicy",
  "AmazonEKSLoadBalancingPolicy",
  "AmazonEKSNetworkingPolicy",
  "AmazonEKSHybridPolicy",
] as const;

export function accessPolicyArn(partition: string, name: string): string {
  return `arn:${partition}:eks::aws:cluster-access-policy/${name}`;
}

/** Name of an access policy ARN that exists, else `undefined`. */
export function accessPolicyName(arn: string | undefined): string | undefined {
  const name = /^arn:aws[a-z-]*:eks::aws:cluster-access-policy\/(\w+)$/.exec(arn ?? "")?.[1];
  return accessPolicyNames.find((known) => known === name);
}
