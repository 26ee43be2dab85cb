import type { EksCluster } from "@eks-actions/aws";

/** What references to a live cluster resolve to: `cluster#arn`, `cluster#issuerHost` … */
export function clusterValues(cluster: EksCluster): ReadonlyMap<string, string> {
  const issuer = cluster.identity?.oidc?.issuer;
  const network = cluster.kubernetesNetworkConfig;
  const serviceCidr = network?.serviceIpv4Cidr ?? network?.serviceIpv6Cidr;
  const values: readonly (readonly [string, string | undefined])[] = [
    ["arn", cluster.arn],
    ["issuer", issuer],
    ["issuerHost", issuer?.replace(/^https:\/\//, "")],
    ["securityGroup", cluster.resourcesVpcConfig?.clusterSecurityGroupId],
    ["endpoint", cluster.endpoint],
    ["ca", cluster.certificateAuthority?.data],
    ["serviceCidr", serviceCidr],
    ["dns", serviceCidr === undefined ? undefined : dnsAddress(serviceCidr)],
  ];
  return new Map(values.flatMap(([name, value]) => (value === undefined ? [] : [[`cluster#${name}`, value] as const])));
}

/** Of the DNS Service: the tenth address of the range, in both families. */
function dnsAddress(serviceCidr: string): string {
  const [base = ""] = serviceCidr.split("/");
  return base.includes(":") ? `${base}a` : base.replace(/\d+$/, "10");
}
