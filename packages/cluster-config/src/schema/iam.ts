import {
  any,
  arn,
  type Fields,
  flag,
  list,
  matching,
  object,
  policyArn,
  roleArn,
  type Shape,
  skip,
  t1,
  t2,
  text,
  textMap,
  texts,
  word,
} from "./field.ts";

const wellKnown = [
  "imageBuilder",
  "autoScaler",
  "awsLoadBalancerController",
  "externalDNS",
  "certManager",
  "ebsCSIController",
  "efsCSIController",
] as const;

export const wellKnownPolicies: Shape = object(Object.fromEntries(wellKnown.map((name) => [name, t1("P", flag)])));
const wellKnownPolicies2: Shape = object(Object.fromEntries(wellKnown.map((name) => [name, t2("P", flag)])));

const accountName = matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "a ServiceAccount's name");
const namespace = matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a namespace's name");
const roleName = matching(/^[\w+=,.@-]{1,64}$/, "a role's name");

export const podIdentity: Fields = {
  namespace: t1("K", namespace),
  serviceAccountName: t1("K", accountName),
  roleARN: t1("P", roleArn),
  createServiceAccount: t1("-", flag),
  roleName: t1("S", roleName),
  permissionsBoundaryARN: t1("P", policyArn),
  permissionPolicyARNs: t1("P", list(policyArn)),
  permissionPolicyName: t1("P", text),
  permissionPolicy: t1("P", any),
  wellKnownPolicies: t1("P", wellKnownPolicies),
  tags: t1("P", textMap),
  targetRoleARN: t1("P", roleArn),
  disableSessionTags: t1("P", flag),
  policy: t1("P", text),
};

const serviceAccount: Fields = {
  metadata: t2(
    "K",
    object(
      {
        name: t2("K", accountName),
        namespace: t2("K", namespace),
        labels: t2("-", textMap),
        annotations: t2("-", textMap),
      },
      ["name"],
    ),
  ),
  attachRoleARN: t2("S", roleArn),
  roleName: t2("S", roleName),
  roleOnly: t2("S", flag),
  attachPolicy: t2("P", any),
  attachPolicyARNs: t2("P", list(policyArn)),
  permissionsBoundary: t2("P", policyArn),
  subjectPattern: t2("P", text),
  tags: t2("P", textMap),
  wellKnownPolicies: t2("P", wellKnownPolicies2),
  status: skip,
};

export const clusterIam: Shape = object({
  serviceRoleARN: t1("X", roleArn),
  serviceRolePermissionsBoundary: t1("P", policyArn),
  vpcResourceControllerPolicy: t1("P", flag),
  withOIDC: t1("P", flag),
  podIdentityAssociations: t1("P", list(object(podIdentity, ["namespace", "serviceAccountName"]))),
  serviceAccounts: t2("P", list(object(serviceAccount, ["metadata"]))),
  fargatePodExecutionRoleARN: t2("D", roleArn),
  fargatePodExecutionRolePermissionsBoundary: t2("P", policyArn),
});

const accessScope = object({ type: t1("P", word("cluster", "namespace")), namespaces: t1("P", texts) }, ["type"]);
const accessPolicyArn = matching(
  /^arn:[a-z0-9-]+:eks::aws:cluster-access-policy\/\w+$/,
  "an access policy, like `arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy`",
);
export const accessPolicies: Shape = list(
  object({ policyARN: t1("P", accessPolicyArn), accessScope: t1("P", accessScope) }, ["policyARN", "accessScope"]),
);

export const accessConfig: Shape = object({
  authenticationMode: t1("C!", word("API", "API_AND_CONFIG_MAP", "CONFIG_MAP")),
  bootstrapClusterCreatorAdminPermissions: t1("S", flag),
  accessEntries: t1(
    "P",
    list(
      object(
        {
          principalARN: t1(
            "K",
            matching(
              /^arn:[a-z0-9-]+:(iam|sts)::\d*:(user|role|assumed-role|federated-user)\/\S+$|^arn:[a-z0-9-]+:iam::\d*:root$/,
              "the ARN of a role or user",
            ),
          ),
          type: t1(
            "D",
            word("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"),
          ),
          kubernetesGroups: t1("P", texts),
          kubernetesUsername: t1("P", text),
          accessPolicies: t1("P", accessPolicies),
        },
        ["principalARN"],
      ),
    ),
  ),
});

export const capability: Shape = object(
  {
    name: t2("D", text),
    type: t2("D", word("ACK", "KRO", "ARGOCD")),
    roleArn: t2("P", roleArn),
    deletePropagationPolicy: t2("P", word("RETAIN")),
    configuration: t2("D", object({ argocd: t2("D", argocd()) })),
    tags: t2("P", textMap),
    accessPolicies: t2("P", accessPolicies),
    attachPolicyARNs: t2("P", list(policyArn)),
    attachPolicy: t2("P", any),
    permissionsBoundary: t2("P", policyArn),
  },
  ["name", "type"],
);

function argocd(): Shape {
  const identity = object({ id: t2("P", text), type: t2("P", word("SSO_USER", "SSO_GROUP")) }, ["id", "type"]);
  return object({
    namespace: t2("D", namespace),
    awsIdc: t2("D", object({ idcInstanceArn: t2("D", arn), idcRegion: t2("D", text) }, ["idcInstanceArn"])),
    networkAccess: t2("P", object({ vpceIds: t2("P", texts) })),
    rbacRoleMappings: t2(
      "P",
      list(
        object({ role: t2("P", word("ADMIN", "EDITOR", "VIEWER")), identities: t2("P", list(identity)) }, [
          "role",
          "identities",
        ]),
      ),
    ),
  });
}
