import type { WellKnownPolicy } from "@eks-actions/cluster-config";

/** Permissions behind one of eksctl's switches: managed policies by name, and a document where AWS has none. */
export interface Grant {
  /** Under `arn:<partition>:iam::aws:policy/`. */
  readonly managed: readonly string[];
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const none: Grant = { managed: [], statements: [] };
const managed = (...names: readonly string[]): Grant => ({ managed: names, statements: [] });

function allow(actions: readonly string[], resource: string | readonly string[] = "*"): Statement {
  return { Effect: "Allow", Action: actions, Resource: resource };
}

const autoScaler: Grant = {
  managed: [],
  statements: [
    allow([
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeTags",
      "autoscaling:SetDesiredCapacity",
      "autoscaling:TerminateInstanceInAutoScalingGroup",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
      "eks:DescribeNodegroup",
    ]),
  ],
};

const route53 = (partition: string): readonly Statement[] => [
  allow(["route53:ChangeResourceRecordSets"], `arn:${partition}:route53:::hostedzone/*`),
];

function externalDns(partition: string): Grant {
  return {
    managed: [],
    statements: [
      ...route53(partition),
      allow(["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResources"]),
    ],
  };
}

function certManager(partition: string): Grant {
  return {
    managed: [],
    statements: [
      allow(["route53:GetChange"], `arn:${partition}:route53:::change/*`),
      ...route53(partition),
      allow(["route53:ListResourceRecordSets"], `arn:${partition}:route53:::hostedzone/*`),
      allow(["route53:ListHostedZonesByName"]),
    ],
  };
}

// What the controller calls, from its own API use; resources that it made are told by its cluster tag.
function loadBalancerController(partition: string): Grant {
  const ec2 = (kind: string) => `arn:${partition}:ec2:*:*:${kind}/*`;
  const elb = (kind: string) => `arn:${partition}:elasticloadbalancing:*:*:${kind}`;
  const owned = { Null: { "aws:ResourceTag/elbv2.k8s.aws/cluster": "false" } };
  return {
    managed: [],
    statements: [
      allow([
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "cognito-idp:DescribeUserPoolClient",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeCoipPools",
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeIpamPools",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
        "ec2:GetCoipPoolUsage",
        "ec2:GetSecurityGroupsForVpc",
        "elasticloadbalancing:Describe*",
        "iam:GetServerCertificate",
        "iam:ListServerCertificates",
        "shield:DescribeProtection",
        "shield:GetSubscriptionState",
        "waf-regional:GetWebACL*",
        "wafv2:GetWebACL*",
      ]),
      {
        Effect: "Allow",
        Action: ["iam:CreateServiceLinkedRole"],
        Resource: "*",
        Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
      },
      allow([
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateSecurityGroup",
        "ec2:RevokeSecurityGroupIngress",
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:SetRulePriorities",
        "elasticloadbalancing:SetWebAcl",
        "shield:CreateProtection",
        "shield:DeleteProtection",
        "waf-regional:AssociateWebACL",
        "waf-regional:DisassociateWebACL",
        "wafv2:AssociateWebACL",
        "wafv2:DisassociateWebACL",
      ]),
      allow(["ec2:CreateTags", "ec2:DeleteTags"], ec2("security-group")),
      { ...allow(["ec2:DeleteSecurityGroup"]), Condition: owned },
      allow(
        ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
        [elb("targetgroup/*/*"), elb("loadbalancer/*/*/*"), elb("listener/*/*/*"), elb("listener-rule/*/*/*")],
      ),
      {
        ...allow([
          "elasticloadbalancing:DeleteLoadBalancer",
          "elasticloadbalancing:DeleteTargetGroup",
          "elasticloadbalancing:ModifyCapacityReservation",
          "elasticloadbalancing:ModifyListenerAttributes",
          "elasticloadbalancing:ModifyLoadBalancerAttributes",
          "elasticloadbalancing:ModifyTargetGroup",
          "elasticloadbalancing:ModifyTargetGroupAttributes",
          "elasticloadbalancing:SetIpAddressType",
          "elasticloadbalancing:SetSecurityGroups",
          "elasticloadbalancing:SetSubnets",
        ]),
        Condition: owned,
      },
      allow(["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"], elb("targetgroup/*/*")),
    ],
  };
}

/** `wellKnownPolicies` of pod identities, service accounts and add-ons. */
export function wellKnownGrant(name: WellKnownPolicy, partition: string): Grant {
  switch (name) {
    case "imageBuilder":
      return managed("AmazonEC2ContainerRegistryPowerUser");
    case "autoScaler":
      return autoScaler;
    case "awsLoadBalancerController":
      return loadBalancerController(partition);
    case "externalDNS":
      return externalDns(partition);
    case "certManager":
      return certManager(partition);
    case "ebsCSIController":
      return managed("service-role/AmazonEBSCSIDriverPolicy");
    case "efsCSIController":
      return managed("service-role/AmazonEFSCSIDriverPolicy");
    default:
      return name satisfies never;
  }
}

/** `iam.withAddonPolicies` of a node group, by eksctl's name; the schema has checked the names. */
export function nodeGrant(name: string, partition: string): Grant {
  switch (name) {
    case "imageBuilder":
      return managed("AmazonEC2ContainerRegistryPowerUser");
    case "autoScaler":
      return autoScaler;
    case "externalDNS":
      return externalDns(partition);
    case "certManager":
      return certManager(partition);
    case "awsLoadBalancerController":
    case "albIngress":
      return loadBalancerController(partition);
    case "ebs":
      return managed("service-role/AmazonEBSCSIDriverPolicy");
    case "efs":
      return managed("service-role/AmazonEFSCSIDriverPolicy");
    case "fsx":
      return managed("AmazonFSxFullAccess");
    case "cloudWatch":
      return managed("CloudWatchAgentServerPolicy");
    case "xRay":
      return managed("AWSXRayDaemonWriteAccess");
    case "appMesh":
      return managed("AWSAppMeshFullAccess");
    case "appMeshPreview":
      return { managed: [], statements: [allow(["appmesh-preview:*"])] };
    default:
      return none;
  }
}

export function document(statements: readonly unknown[]): unknown {
  return { Version: "2012-10-17", Statement: statements };
}
