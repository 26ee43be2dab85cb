/** What is built from an empty account. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** An eksctl ClusterConfig. */
  readonly config: string;
  /** Names of node groups. */
  readonly nodegroups: readonly string[];
  /** Deployments among the add-ons that are ACTIVE only with nodes. */
  readonly deployments: readonly string[];
  /** Add-ons in eksctl's order after the node groups, with whether they bring a role. */
  readonly later: readonly { readonly addon: string; readonly hasRole: boolean }[];
  readonly ownVpc: boolean;
}

const head = (more: string) =>
  `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: shop, region: eu-west-1 }\n${more}`;
const CORE = `addonsConfig: { disableDefaultAddons: true }
addons:
  - { name: vpc-cni }
  - { name: kube-proxy }
  - { name: coredns }
`;
const group = (name: string) =>
  `  - { name: ${name}, instanceType: m5.large, desiredCapacity: 2, minSize: 2, maxSize: 4 }\n`;
const association = (name: string) =>
  `    - { namespace: ${name}, serviceAccountName: ${name}, wellKnownPolicies: { externalDNS: true } }\n`;

export const scenarios: readonly Scenario[] = [
  {
    name: "S1",
    about: "own VPC, one NAT, one node group, vpc-cni, kube-proxy, coredns",
    config: head(`${CORE}managedNodeGroups:\n${group("general")}`),
    nodegroups: ["general"],
    deployments: ["coredns"],
    later: [],
    ownVpc: true,
  },
  {
    name: "S2",
    about: "S1 and two more node groups, pod identity agent, ebs-csi with a role, 4 associations",
    config: head(
      `${CORE}  - { name: eks-pod-identity-agent }\n  - { name: aws-ebs-csi-driver }\n` +
        `iam:\n  podIdentityAssociations:\n${["dns", "mail", "shop", "pay"].map(association).join("")}` +
        `managedNodeGroups:\n${["general", "batch", "web"].map(group).join("")}`,
    ),
    nodegroups: ["general", "batch", "web"],
    deployments: ["coredns", "aws-ebs-csi-driver"],
    later: [{ addon: "aws-ebs-csi-driver", hasRole: true }],
    ownVpc: true,
  },
  {
    name: "S3",
    about: "Auto Mode, no node group, metrics-server as eksctl adds it",
    config: head("autoModeConfig: { enabled: true }\n"),
    nodegroups: [],
    deployments: ["metrics-server"],
    later: [{ addon: "metrics-server", hasRole: false }],
    ownVpc: true,
  },
  {
    name: "S4",
    about: "the cluster alone",
    config: head("addonsConfig: { disableDefaultAddons: true }\n"),
    nodegroups: [],
    deployments: [],
    later: [],
    ownVpc: true,
  },
];

/** A cluster of so many node groups, for the time of a plan. */
export function wideConfig(groups: number): string {
  const names = Array.from({ length: groups }, (_, index) => `group-${String(index + 1).padStart(2, "0")}`);
  return head(`${CORE}managedNodeGroups:\n${names.map(group).join("")}`);
}
