import type { Aws } from "../../fakes/aws/index.ts";

/** Most kinds of parts of tier 1 in one cluster. */
export const FULL = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1, version: "1.33", tags: {team: platform}}
iam:
  withOIDC: true
  podIdentityAssociations:
    - {namespace: dns, serviceAccountName: external-dns, wellKnownPolicies: {externalDNS: true}}
accessConfig:
  authenticationMode: API
  accessEntries:
    - principalARN: arn:aws:iam::111122223333:role/dev
      accessPolicies:
        - policyARN: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
          accessScope: {type: namespace, namespaces: [shop]}
addons:
  - {name: vpc-cni, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}
  - {name: aws-ebs-csi-driver, wellKnownPolicies: {ebsCSIController: true}}
cloudWatch:
  clusterLogging: {enableTypes: [audit], logRetentionInDays: 30}
managedNodeGroups:
  - {name: web, labels: {role: web}}
  - {name: jobs, spot: true, instanceTypes: [m5.large, m5a.large], minSize: 0, maxSize: 4}
`;

/** What the account must hold for {@link FULL}. */
export function fullAccount(aws: Aws): void {
  aws.addRole({ name: "dev" });
}
