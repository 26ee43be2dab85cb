import { awsManagedPolicies } from "./policy/managed.ts";
import { offeredVersions } from "./services/eks/versions.ts";
import type { Account, Network } from "./state.ts";

/** An account with nothing in it but what AWS itself provides. */
export function emptyAccount(id: string, region: string): Account {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return {
    id,
    region,
    partition,
    roles: new Map(),
    managedPolicies: awsManagedPolicies(partition),
    oidcProviders: new Map(),
    sessions: new Map(),
    clusters: new Map(),
    network: emptyNetwork(),
    logGroups: new Map(),
    quotas: new Map(),
    kubernetesVersions: [...offeredVersions],
  };
}

/** A region in which nobody has made anything. */
export function emptyNetwork(): Network {
  return {
    vpcs: new Map(),
    subnets: new Map(),
    internetGateways: new Map(),
    egressOnlyInternetGateways: new Map(),
    routeTables: new Map(),
    natGateways: new Map(),
    natTokens: new Map(),
    addresses: new Map(),
    securityGroups: new Map(),
    securityGroupRules: new Map(),
    networkInterfaces: new Map(),
    launchTemplates: new Map(),
    keyPairs: new Map(),
    images: new Map(),
    volumes: new Map(),
    vpcEndpoints: new Map(),
    visibleAt: new Map(),
  };
}
